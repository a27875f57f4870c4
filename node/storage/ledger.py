"""`federation.ports` over SQLModel: the logs of all members, in one database."""

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import TypeVar

from sqlalchemy import insert
from sqlmodel import Session

from federation.ports import Position, Stored, Transaction
from node.errors import StorageError
from node.storage import announcements, logs, lost, pieces, requests, tiles
from node.storage.database import Database
from node.storage.log_tables import PieceRow
from protocol.answer import MirrorStatus
from protocol.entries import parse_entry
from protocol.fold import Amended, Announced, Effect, Standing
from protocol.merkle import CompactRange, leaf_hash
from protocol.months import month_of
from protocol.payload import Opening, Piece, Slot

T = TypeVar("T")


class SqlTransaction:
    """One database transaction as `federation.ports.Transaction`, and as `protocol.fold.View`.

    Services that also write tables of their own build one on their session: what they write and
    what they append then stand or fall together.

    Args:
        session: an open transaction.
        others: ids of the active members but this node; needed for `mirrors` only.
        generation: whose tags lookups compute; `mirrors` counts those of any other as missing.
    """

    def __init__(
        self,
        session: Session,
        others: AbstractSet[str] | None = None,
        generation: int | None = None,
    ) -> None:
        self._session = session
        self._others = others
        self._generation = generation

    def standing(self, origin: str, index: int) -> Standing | None:  # noqa: D102  (the port's)
        return announcements.standing_of(self._session, origin, index)

    def has_entry_id(self, origin: str, entry_id: bytes) -> bool:  # noqa: D102
        return logs.has_entry_id(self._session, origin, entry_id)

    def position(self, origin: str) -> Position:  # noqa: D102
        return logs.position_of(self._session, origin)

    def append(
        self,
        origin: str,
        rows: Sequence[Stored],
        effects: Iterable[Effect],
        applied: CompactRange,
    ) -> None:
        """Store `rows` and what they change; see `federation.ports.Transaction.append`.

        Raises:
            MovedError: the log held now, with `rows` added, is not what `applied` describes.
            StorageError: a row has another number of payloads than its entry commits to.
        """
        effects = list(effects)
        leaves = [leaf_hash(row.raw) for row in rows]
        entries = [parse_entry(row.raw) for row in rows]
        start = logs.advance(self._session, origin, leaves, applied)
        logs.insert_entries(self._session, origin, start, [row.raw for row in rows], entries)
        tiles.append_leaves(self._session, origin, start, leaves)
        ceilings = _ceilings(effects)
        values = [
            value
            for index, (row, entry) in enumerate(zip(rows, entries, strict=True), start)
            for value in pieces.rows_of(origin, index, entry, row.pieces, ceilings)
        ]
        if values:
            self._session.execute(insert(PieceRow), values)
        announcements.apply_effects(self._session, origin, effects)

    def set_head(self, origin: str, note: bytes, size: int, time: int) -> None:  # noqa: D102
        logs.set_head(self._session, origin, note, size, time)

    def set_seen(self, origin: str, size: int) -> None:  # noqa: D102
        logs.set_seen(self._session, origin, size)

    def quarantine(self, origin: str, index: int, code: str, evidence: bytes) -> None:  # noqa: D102
        logs.set_quarantine(self._session, origin, index, code, evidence)

    def entries(self, origin: str, start: int, end: int) -> list[bytes]:  # noqa: D102
        return logs.raw_entries(self._session, origin, start, end)

    def pieces(self, origin: str, start: int, end: int) -> list[tuple[Piece, ...]]:  # noqa: D102
        held = pieces.pieces_between(self._session, origin, start, end)
        end = min(end, self.position(origin).applied.size)
        return [held.get(index, ()) for index in range(start, end)]

    def node(self, origin: str, level: int, index: int) -> bytes:
        """Return the root of a complete subtree; see `federation.ports.Transaction.node`.

        Raises:
            NotFoundError: the log does not reach that far.
        """
        return tiles.node(self._session, origin, level, index)

    def tile(self, origin: str, level: int, index: int, width: int) -> bytes | None:  # noqa: D102
        return tiles.tile_bytes(self._session, origin, level, index, width)

    def lost(self, origin: str, after: int, most: int, now: int) -> list[int]:  # noqa: D102
        return lost.lost_among(self._session, origin, after, most, month_of(now))

    def restore(  # noqa: D102
        self, effect: Announced | Amended, opening: Opening, standing: Standing | None
    ) -> None:
        lost.restore(self._session, effect, opening, standing)

    def use_nonce(self, caller: str, nonce: bytes, expires: int) -> None:  # noqa: D102
        requests.use_nonce(self._session, caller, nonce, expires)

    def debit(  # noqa: D102
        self, member: str, request: bytes, body_hash: bytes, elements: int, day: int, limit: int
    ) -> bool:
        return requests.debit(self._session, member, request, body_hash, elements, day, limit)

    def mirrors(self, now: int) -> list[MirrorStatus]:
        """Return the status of every other member's log at `now` (Unix seconds).

        Raises:
            StorageError: built without the list of members. Leaving one out that was never seen
                would let a lookup say NO_MATCH without having searched it.
        """
        if self._others is None:
            raise StorageError("This transaction does not know who the members are.")
        return announcements.mirror_statuses(
            self._session, sorted(self._others), month_of(now), self._generation
        )


class SqlLedger:
    """`federation.ports.Ledger` over a database.

    Args:
        database: where the tables are.
        others: ids of the active members but this node; `Transaction.mirrors` reports on them.
        generation: see `SqlTransaction`.
    """

    def __init__(
        self,
        database: Database,
        others: AbstractSet[str] | None = None,
        generation: int | None = None,
    ) -> None:
        self._database = database
        self._others = others
        self._generation = generation

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` on a consistent snapshot; a write in it fails."""
        return await self._database.read(lambda session: work(self._transaction(session)))

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in one durable transaction; an exception rolls everything back."""
        return await self._database.write(lambda session: work(self._transaction(session)))

    def _transaction(self, session: Session) -> Transaction:
        return SqlTransaction(session, self._others, self._generation)


def _ceilings(effects: Iterable[Effect]) -> dict[tuple[int, Slot], str]:
    found: dict[tuple[int, Slot], str] = {}
    for effect in effects:
        if isinstance(effect, Announced | Amended) and effect.payload is not None:
            slot = Slot.MAIN if isinstance(effect, Announced) else Slot.BODY
            found[effect.index, slot] = effect.payload.until
    return found
