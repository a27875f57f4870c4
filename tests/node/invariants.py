"""What must be true of the stored logs after any transaction, proved again from the raw bytes.

Called after every step of the storage tests.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from node.storage.log_tables import (
    AnnouncementRow,
    EntryRow,
    LogRow,
    PieceRow,
    TileRow,
)
from node.storage.pieces import piece_of
from protocol.entries import Announce, Revise, parse_entry
from protocol.fold import (
    Amended,
    Announced,
    Disputed,
    Item,
    Standing,
    Withdrawn,
    standing_after,
    step,
    within,
)
from protocol.merkle import CompactRange, leaf_hash
from protocol.payload import (
    AmendPayload,
    AnnouncePayload,
    Expired,
    Opening,
    Piece,
    Slot,
    open_payload,
    slots_of,
)
from protocol.tiles import FULL_WIDTH, Tile, hash_tile
from tests.node.log_entries import CEILING


@dataclass
class Expected:
    """One announcement, as the fold from scratch says."""

    standing: Standing
    tag: bytes | None
    generation: int | None
    notice_index: int | None
    expired: bool
    until: str | None = None
    bodies: list[int] = field(default_factory=list)


@dataclass
class Scratch:
    """The fold's view over one log, in memory."""

    found: dict[int, Expected] = field(default_factory=dict)
    ids: set[bytes] = field(default_factory=set)

    def standing(self, _origin: str, index: int) -> Standing | None:
        expected = self.found.get(index)
        return None if expected is None else expected.standing

    def has_entry_id(self, _origin: str, entry_id: bytes) -> bool:
        return entry_id in self.ids


def check_invariants(session: Session) -> None:
    """Assert all of them."""
    logs = {row.origin: row for row in session.exec(select(LogRow))}
    for table in (EntryRow, PieceRow, AnnouncementRow, TileRow):
        assert set(session.exec(select(table.origin))) <= set(logs), table
    for origin, log in logs.items():
        _check_log(session, origin, log)


def _check_log(session: Session, origin: str, log: LogRow) -> None:
    entries = session.exec(
        select(EntryRow).where(EntryRow.origin == origin).order_by(col(EntryRow.index))
    ).all()
    assert [row.index for row in entries] == list(range(len(entries)))
    raws = [row.raw for row in entries]
    applied = CompactRange.from_bytes(log.applied)
    assert applied == CompactRange().extend(map(leaf_hash, raws))
    _check_tiles(session, origin, raws)

    pieces: dict[int, dict[Slot, PieceRow]] = defaultdict(dict)
    for piece in session.exec(select(PieceRow).where(PieceRow.origin == origin)):
        pieces[piece.index][Slot(piece.slot)] = piece
    scratch = Scratch()
    for index, raw in enumerate(raws):
        _check_pieces(origin, raw, pieces[index])
        held = {slot: piece_of(row) for slot, row in pieces[index].items()}
        entry = parse_entry(raw)
        changed = step(scratch, Item(origin, index, entry, held))
        effect = None if changed is None else within(changed, CEILING)
        if isinstance(entry, Announce | Revise):
            assert entries[index].entry_id == entry.id
            scratch.ids.add(entry.id)
        _fold(scratch, effect, held)

    stored = {
        row.index: row
        for row in session.exec(select(AnnouncementRow).where(AnnouncementRow.origin == origin))
    }
    assert stored.keys() == scratch.found.keys()
    for index, expected in scratch.found.items():
        _check_announcement(stored[index], expected, pieces)


def _check_tiles(session: Session, origin: str, raws: list[bytes]) -> None:
    leaves = [leaf_hash(raw) for raw in raws]
    expected: dict[tuple[int, int], bytes] = {}
    level, complete = 0, len(leaves)
    while complete:
        for index in range(-(-complete // FULL_WIDTH)):
            tile = Tile(level, index, min(FULL_WIDTH, complete - index * FULL_WIDTH))
            expected[level, index] = hash_tile(tile, leaves[tile.start : tile.end])
        level, complete = level + 1, complete // FULL_WIDTH
    stored = session.exec(select(TileRow).where(TileRow.origin == origin))
    assert {(row.level, row.index): row.hashes for row in stored} == expected


def _check_pieces(origin: str, raw: bytes, rows: dict[Slot, PieceRow]) -> None:
    slots = slots_of(parse_entry(raw))
    assert rows.keys() == {slot for slot, _, _ in slots}
    for slot, entry_id, commitment in slots:
        row, piece = rows[slot], piece_of(rows[slot])
        if isinstance(piece, Opening):
            payload = open_payload(origin, entry_id, slot, commitment, piece)
            erasable = isinstance(payload, AnnouncePayload | AmendPayload)
            assert (row.until is not None) == erasable
        else:
            assert (row.salt, row.payload, row.until) == (None,) * 3


def _fold(scratch: Scratch, effect: object, held: dict[Slot, Piece]) -> None:
    match effect:
        case Announced(index=index, payload=None):
            expired = isinstance(held[Slot.MAIN], Expired)
            # What was searched until its time was up is not missing; see _check_announcement.
            standing = Standing.LIVE if expired else Standing.MISSING
            scratch.found[index] = Expected(standing, None, None, None, expired)
        case Announced(index=index, payload=payload):
            assert payload is not None
            scratch.found[index] = Expected(
                Standing.LIVE,
                payload.tag,
                payload.generation,
                index,
                expired=False,
                until=payload.until,
            )
        case Amended(index=index, ref=ref, payload=amended):
            expected = scratch.found[ref]
            expected.bodies.append(index)
            expected.notice_index = index
            expected.standing = standing_after(effect, expected.standing)
            if amended is not None:
                expected.until = max(expected.until or "", amended.until)
        case Disputed(ref=ref):
            expected = scratch.found[ref]
            expected.standing = standing_after(effect, expected.standing)
        case Withdrawn(ref=ref):
            bodies = scratch.found[ref].bodies
            scratch.found[ref] = Expected(
                Standing.WITHDRAWN, None, None, None, expired=False, bodies=bodies
            )


def _check_announcement(
    row: AnnouncementRow, expected: Expected, pieces: dict[int, dict[Slot, PieceRow]]
) -> None:
    assert (row.tag, row.generation) == (expected.tag, expected.generation)
    if expected.expired:
        # Here since before its time was up, or already empty when it came.
        assert row.standing in {expected.standing, Standing.MISSING}
        assert row.notice_index in {expected.notice_index, row.index, None}
    else:
        assert row.standing == expected.standing
        assert row.notice_index == expected.notice_index
        assert row.until == expected.until
        if row.tag is not None:
            # Expiry goes by the announcement, and takes all that a match shows with it.
            assert pieces[row.index][Slot.MAIN].until == row.until
            slot = Slot.MAIN if row.notice_index == row.index else Slot.BODY
            assert row.notice_index is not None
            notice = pieces[row.notice_index][slot]
            assert notice.payload is None or notice.until == row.until
    if row.standing == Standing.WITHDRAWN:
        beside = [
            pieces[row.index][Slot.MAIN],
            *(pieces[at][Slot.BODY] for at in expected.bodies),
        ]
        assert all(piece.payload is None and piece.gone_by is not None for piece in beside)
