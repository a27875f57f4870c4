"""Where two histories of one log part: evidence that its own key has signed.

An answer is nobody's word: whoever stands on the line may have altered it. So a peer is not
convicted for a proof that does not verify, only for entries that do: one under each of two signed
heads, at the same place after the same beginning, and not the same.
Specification: docs/spec/mirroring.md#heads.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from federation.client import PeerClient
from federation.heads import Head, range_at, subtrees
from federation.ports import Ledger, Transaction
from federation.ranges import ANSWER_LIMIT, entries_path, parse_entries, verify_range
from protocol.canonical import dumps
from protocol.merkle import CompactRange, ConsistencyError, Hash, consistency_proof


@dataclass(frozen=True, slots=True)
class Forks:
    """Looks for the place where a peer's head leaves the history that is held of it."""

    ledger: Ledger
    client: PeerClient

    async def evidence(self, head: Head, size: int) -> bytes | None:
        """Return what shows that `head` does not continue the `size` entries held, or None.

        None says that nothing of the kind was shown: answers were altered, or kept back.

        Raises:
            CanonicalError, RangeError: an answer is malformed.
            UnreachableError, StalledError, RefusedError, AnswerSizeError: none came.
        """
        if await self._continues(head, size):
            return None
        shared, parted = 0, size
        while parted - shared > 1:
            middle = (shared + parted) // 2
            if await self._continues(head, middle):
                shared = middle
            else:
                parted = middle
        raws, proof = await self._ask(head, shared, shared + 1)
        return await self.ledger.read(lambda tx: _evidence(tx, head, shared, raws[0], proof))

    async def _continues(self, head: Head, size: int) -> bool:
        """Return whether the first `size` entries held are shown to be `head`'s, too."""
        _, proof = await self._ask(head, size, size)
        held = await self.ledger.read(lambda tx: range_at(tx, head.origin, size))
        try:
            verify_range(held, (), proof, head.checkpoint)
        except ConsistencyError:
            return False
        return True

    async def _ask(
        self, head: Head, start: int, end: int
    ) -> tuple[tuple[bytes, ...], tuple[Hash, ...]]:
        path = entries_path(head.origin, start, end, head.checkpoint.size)
        return parse_entries(await self.client.get(path, ANSWER_LIMIT), end - start)


def _evidence(
    tx: Transaction, head: Head, index: int, served: bytes, proof: Sequence[Hash]
) -> bytes | None:
    position = tx.position(head.origin)
    before = range_at(tx, head.origin, index)
    (held,) = tx.entries(head.origin, index, index + 1)
    if held == served or not _lies_under(before, served, proof, head):
        return None
    evidence: dict[str, object] = {
        "index": index,
        "before": before.to_bytes().hex(),
        "served": base64.b64encode(head.note).decode(),
        "served_entry": base64.b64encode(served).decode(),
        "served_proof": [item.hex() for item in proof],
        "held": None if position.head is None else base64.b64encode(position.head).decode(),
        "held_entry": base64.b64encode(held).decode(),
    }
    if position.head_size == position.applied.size:
        path = consistency_proof(subtrees(tx, head.origin), index + 1, position.head_size)
        evidence["held_proof"] = [item.hex() for item in path]
    return dumps(evidence)


def _lies_under(before: CompactRange, entry: bytes, proof: Sequence[Hash], head: Head) -> bool:
    try:
        verify_range(before, [entry], proof, head.checkpoint)
    except ConsistencyError:
        return False
    return True
