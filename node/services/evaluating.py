"""From identifiers to Z, with the help of t custodians who learn nothing about them."""

import asyncio
from collections.abc import Mapping, Sequence

from crypto.values import Secret
from federation.gather import Gatherer
from protocol.identifiers import Identifier, oprf_input
from protocol.lookup import Fault
from protocol.roster import Roster
from protocol.tags import stretch


class Evaluator:
    """Asks the custodians and stretches what they answer. Keeps no identifier, output or Z."""

    def __init__(self, roster: Roster, gatherer: Gatherer) -> None:
        self._roster = roster
        self._gatherer = gatherer

    async def evaluate(self, identifiers: Sequence[Identifier]) -> list[Secret] | None:
        """Return Z of each identifier, 32 bytes, under the live generation; None without a quorum.

        Args:
            identifiers: one or two. Either way the same goes over the wire.
        """
        network = self._roster.network_id
        gathered = await self._gatherer.gather([oprf_input(one, network) for one in identifiers])
        if gathered.outputs is None:
            return None
        # Slow on purpose, so not in the event loop.
        return await asyncio.to_thread(self._stretch, gathered.outputs)

    @property
    def faults(self) -> Mapping[int, Fault]:
        """Why custodians did not answer, or answered wrongly, when they were last asked."""
        return self._gatherer.faults()

    def _stretch(self, outputs: Sequence[bytes]) -> list[Secret]:
        roster, cost = self._roster, self._roster.parameters.argon2id
        return [
            stretch(output, roster.network_id, roster.epoch.generation, cost) for output in outputs
        ]
