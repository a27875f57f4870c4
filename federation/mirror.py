"""The mirror: what this node holds of its peers' logs, and the only way into it.

Bytes come from a pull or from a hint; either way they pass `meet` (is this head a continuation of
what is held?) and `extend` (do these entries lie under it, and what do they change?), each one
transaction. Nothing that was applied is ever taken back.
Specification: docs/spec/mirroring.md#applying.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from federation.applying import Applied, apply_batch, ceiling_at
from federation.errors import MovedError, QuarantinedError, RollbackError, SplitViewError
from federation.heads import Head, open_head, root_at, split_evidence, stored_checkpoint
from federation.ports import Clock, Ledger, Position, Transaction
from federation.recovering import MAX_RECOVERED, Recovered, recover_batch
from protocol.errors import PeerError
from protocol.fold import Effect
from protocol.merkle import CompactRange
from protocol.payload import Piece
from protocol.roster import Roster

EffectsHook = Callable[[tuple[Effect, ...]], Awaitable[None]]
"""Called after each transaction that changed what stands, with what it changed."""


@dataclass(slots=True)
class Mirror:
    """Verifies peers' logs into the ledger.

    Attributes:
        roster: members, their keys, the network's parameters.
        ledger: where everything is kept.
        clock: for the age of heads and the ceiling of payloads.
        on_effects: told of every change.
    """

    roster: Roster
    ledger: Ledger
    clock: Clock
    on_effects: EffectsHook

    def open_head(self, origin: str, note: bytes) -> Head:
        """Verify a head as received. Raises as `federation.heads.open_head`."""
        return open_head(self.roster, origin, note, self.clock.now())

    async def meet(self, head: Head) -> Position:
        """Compare a verified head with what is held, and return what is held.

        A head of the size held renews its time, which is how a log that has nothing to say shows
        that it is not silent. Of a longer one only the size is recorded, so that lookups say at
        once what is not searched; the head itself counts once its entries prove that it continues
        this history (`extend`).

        Raises:
            QuarantinedError: the log was stopped before.
            SplitViewError: another history of the same log; it is now quarantined.
            RollbackError: a shorter head of the same history. Nothing changes: the author may
                have restored a backup, and its head here stops getting any younger.
        """
        contradiction = await self.ledger.write(lambda tx: self._meet(tx, head))
        if isinstance(contradiction, PeerError):
            raise contradiction
        return contradiction

    async def extend(
        self,
        head: Head,
        held: CompactRange,
        raws: Sequence[bytes],
        pieces: Sequence[Sequence[Piece]],
    ) -> Applied:
        """Apply entries that `verify_range` has placed after `held` and under `head`.

        Args:
            head: from `open_head`.
            held: what the caller saw of the log; the entries come right after it.
            raws: the entries.
            pieces: for each entry, what came of its payloads.

        Returns:
            What was applied; its `poison` says where and why the log was quarantined.

        Raises:
            PieceError: the payloads are not those of the entries; nothing was written.
            MovedError: someone else extended the log meanwhile; nothing was written.
            QuarantinedError: someone else quarantined it meanwhile.
        """
        applied = await self.ledger.write(lambda tx: self._extend(tx, head, held, raws, pieces))
        if applied.effects:
            await self.on_effects(applied.effects)
        return applied

    async def lost(self, origin: str, after: int) -> list[int]:
        """Return the next entries, from `after` on, whose payloads should be held and are not."""
        now = self.clock.now()
        return await self.ledger.read(lambda tx: tx.lost(origin, after, MAX_RECOVERED, now))

    async def recover(self, origin: str, start: int, pieces: Sequence[Sequence[Piece]]) -> None:
        """Take payloads that came late; see `federation.recovering`.

        Raises:
            PieceError: they are not those of the entries; nothing was written.
            QuarantinedError: the log was stopped meanwhile.
            PeerError: its author committed to what is no payload; its log is now quarantined.
        """

        def work(tx: Transaction) -> Recovered:
            _check_open(tx.position(origin), origin)
            ceiling = ceiling_at(self.clock.now(), self.roster.parameters.retention_months)
            return recover_batch(tx, origin, start, pieces, ceiling)

        recovered = await self.ledger.write(work)
        if recovered.effects:
            await self.on_effects(recovered.effects)
        if recovered.poison is not None:
            raise recovered.poison.error

    async def convict(self, head: Head, evidence: bytes) -> None:
        """Quarantine the author of `head`, which `federation.forks` has shown to part from here."""

        def work(tx: Transaction) -> None:
            size = tx.position(head.origin).applied.size
            tx.quarantine(head.origin, size, SplitViewError.code, evidence)

        await self.ledger.write(work)

    def _meet(self, tx: Transaction, head: Head) -> Position | PeerError:
        # Evidence must be on disk, and an exception rolls a transaction back: so it is returned.
        held = tx.position(head.origin)
        _check_open(held, head.origin)
        served = head.checkpoint
        if held.head is not None and served.size == held.head_size:
            contradicts = served.root != stored_checkpoint(held.head).root
        else:
            contradicts = (
                served.size <= held.applied.size
                and root_at(tx, head.origin, served.size) != served.root
            )
        if contradicts:
            return _quarantine_split(tx, head, held)
        if served.size < held.applied.size:
            raise RollbackError(
                f"{head.origin} serves a head of {served.size} entries,"
                f" of which {held.applied.size} were published.",
                head.note,
            )
        if served.size == held.applied.size:
            tx.set_head(head.origin, head.note, served.size, head.time)
        else:
            tx.set_seen(head.origin, served.size)
        return held

    def _extend(
        self,
        tx: Transaction,
        head: Head,
        held: CompactRange,
        raws: Sequence[bytes],
        pieces: Sequence[Sequence[Piece]],
    ) -> Applied:
        position = tx.position(head.origin)
        _check_open(position, head.origin)
        if position.applied != held:
            raise MovedError(f"The log of {head.origin} grew while it was being read.")
        ceiling = ceiling_at(self.clock.now(), self.roster.parameters.retention_months)
        applied = apply_batch(tx, head.origin, raws, pieces, held, ceiling)
        tx.set_head(head.origin, head.note, head.checkpoint.size, head.time)
        return applied


def _check_open(position: Position, origin: str) -> None:
    if position.quarantine is not None:
        raise QuarantinedError(f"The log of {origin} was stopped: {position.quarantine}.")


def _quarantine_split(tx: Transaction, head: Head, held: Position) -> SplitViewError:
    evidence = split_evidence(tx, held.head, head)
    tx.quarantine(head.origin, held.applied.size, SplitViewError.code, evidence)
    return SplitViewError(f"{head.origin} has signed two different histories.", evidence)
