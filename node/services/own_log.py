"""This association's own log: appending to it and signing its head, in one transaction."""

from federation.applying import append_own, ceiling_at
from federation.ports import Stored, Transaction
from node.errors import StorageError
from node.services.association import Association
from protocol.checkpoint import Checkpoint, sign_checkpoint
from protocol.fold import Effect
from protocol.merkle import CompactRange, leaf_hash


class OwnLog:
    """The single writer of one log. Needs the vault open: it holds the log's key."""

    def __init__(self, home: Association) -> None:
        self._roster = home.roster
        self._me = home.id
        self._vault = home.vault
        self._clock = home.clock

    def append(self, tx: Transaction, rows: list[Stored]) -> tuple[Effect, ...]:
        """Append entries and sign the head that covers them.

        What is hashed for the head is read back from storage: a bit that was flipped on the way
        there would be signed for good otherwise (pitfall 18).

        Raises:
            StorageError: what is stored is not what was appended; nothing is signed or kept.
            PeerError: an entry that peers would refuse; nothing is kept.
        """
        before = tx.position(self._me).applied
        ceiling = ceiling_at(self._clock.now(), self._roster.parameters.retention_months)
        applied = append_own(tx, self._me, rows, ceiling)
        stored = tx.entries(self._me, before.size, applied.range.size)
        held = before.extend(leaf_hash(raw) for raw in stored)
        if held != applied.range:
            raise StorageError("The stored entries are not those that were appended: not signed.")
        self._sign(tx, held)
        return applied.effects

    def begin(self, tx: Transaction) -> None:
        """Sign the head of a log that has none yet: peers wait for one before they say NO_MATCH."""
        position = tx.position(self._me)
        if position.head is None:
            self._sign(tx, position.applied)

    def _sign(self, tx: Transaction, log: CompactRange) -> None:
        origin = self._roster.log_origin(self._me)
        head = Checkpoint(origin, log.size, log.root())
        note = sign_checkpoint(head, origin, self._vault.log_seed)
        tx.set_head(self._me, note, log.size, self._clock.now())
