"""What a node answers to those who read its log and its mirrors, whatever carries the bytes.

The caller has been authenticated (`protocol.requests.verify_request`); here it is decided what it
may have. Specification: docs/spec/mirroring.md#reading.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from federation.errors import NotFoundError, NotMemberError
from federation.heads import subtrees
from federation.identity import Identity
from federation.ports import Clock, Ledger, Transaction
from federation.ranges import (
    MAX_ENTRIES,
    MAX_ENTRIES_SIZE,
    MAX_PAYLOADS_SIZE,
    as_auditor_sees,
    encode_entries,
)
from protocol.canonical import dumps
from protocol.checkpoint import cosign
from protocol.entries import parse_entry
from protocol.merkle import consistency_proof
from protocol.payload import Opening, Piece, encode_pieces
from protocol.requests import VERSION
from protocol.roster import Roster
from protocol.tiles import ENTRIES, Tile, encode_bundle

T = TypeVar("T")

_READ_AT_ONCE: Final = 64
"""Entries: at most 4 MiB, and a full answer of small ones is no more than 128 reads."""

_PIECE_OVERHEAD: Final = 64
"""Bytes that a piece costs in an answer beyond its payload."""


@dataclass(frozen=True, slots=True)
class Serving:
    """Answers to read requests. Each method returns a body, or raises an error of this tree."""

    roster: Roster
    ledger: Ledger
    identity: Identity
    clock: Clock

    def well_known(self) -> bytes:
        """Return what anybody may know: it never changes, so it says nothing about activity."""
        return dumps({"network": self.roster.facts.network, "versions": [VERSION]})

    async def checkpoint(self, caller: str) -> bytes:
        """Return this node's own head, freshly cosigned by its own witness key.

        The log key may be locked away for days; the cosignature says that the head is current.

        Raises:
            NotMemberError: a stranger.
            NotFoundError: nothing was ever published.
        """
        self._check_party(caller)
        me = self.identity.id
        position = await self.ledger.read(lambda tx: tx.position(me))
        if position.head is None:
            raise NotFoundError("This node has published nothing yet.")
        return own_head(self.roster, self.identity, position.head, self.clock.now())

    async def tile(self, caller: str, path: str) -> bytes:
        """Return a tile of this node's own log (C2SP tlog-tiles).

        Args:
            caller: a member's or auditor's id.
            path: below `/log/tile/`.

        Raises:
            NotMemberError: a stranger.
            TileError: not a tile's name.
            NotFoundError: the published log does not reach that far.
        """
        self._check_party(caller)
        tile = Tile.parse(path)
        data = await self.ledger.read(lambda tx: _tile(tx, self.identity.id, tile))
        if data is None:
            raise NotFoundError("The log does not reach as far as this tile.")
        return data

    async def entries(self, caller: str, origin: str, start: int, end: int, head: int) -> bytes:
        """Return entries of a log held here, with the proof from where they stop to `head`.

        Args:
            caller: a member's or auditor's id.
            origin: association id.
            start: first entry.
            end: after the last one wanted; fewer are returned when they are many or large. Equal
                to `start` for the proof alone.
            head: size of the head to which the proof leads.

        Raises:
            NotMemberError: a stranger.
            NotFoundError: no such log, or it is not held that far.
        """
        self._check_party(caller)
        return await self.ledger.read(lambda tx: _entries(tx, origin, start, end, head))

    async def payloads(self, caller: str, origin: str, start: int, end: int) -> bytes:
        """Return what is held of the payloads of entries `start` to at most `end`.

        An auditor gets codes, and of everything else whether it is held.

        Raises:
            NotMemberError: a stranger.
            NotFoundError: no such log, an empty range, or it is not held that far.
        """
        self._check_party(caller)
        full = self.roster.member(caller) is not None
        rows = await self.ledger.read(lambda tx: _payloads(tx, origin, start, end, full=full))
        return encode_pieces(rows)

    def _check_party(self, caller: str) -> None:
        if self.roster.caller_key(caller) is None:
            raise NotMemberError("Logs are for members and auditors of this network.")


def own_head(roster: Roster, identity: Identity, note: bytes, now: int) -> bytes:
    """Return this node's stored head with a cosignature of `now` by its witness key."""
    return cosign(note, roster.witness_name(identity.id), identity.witness, now)


def _tile(tx: Transaction, origin: str, tile: Tile) -> bytes | None:
    if tile.end > tx.position(origin).applied.size:
        return None
    if tile.level == ENTRIES:
        return encode_bundle(tx.entries(origin, tile.start, tile.end))
    return tx.tile(origin, tile.level, tile.index, tile.width)


def _entries(tx: Transaction, origin: str, start: int, end: int, head: int) -> bytes:
    if not 0 <= start <= end <= head <= tx.position(origin).applied.size:
        raise NotFoundError("This range of this log is not held here.")
    raws = _fitting(
        lambda a, b: tx.entries(origin, a, b),
        len,
        start,
        min(end, start + MAX_ENTRIES),
        MAX_ENTRIES_SIZE,
    )
    proof = consistency_proof(subtrees(tx, origin), start + len(raws), head)
    return encode_entries(raws, proof)


def _payloads(
    tx: Transaction, origin: str, start: int, end: int, *, full: bool
) -> list[tuple[Piece, ...]]:
    if not 0 <= start < end <= tx.position(origin).applied.size:
        raise NotFoundError("This range of this log is not held here.")
    rows = _fitting(
        lambda a, b: tx.pieces(origin, a, b),
        _size,
        start,
        min(end, start + MAX_ENTRIES),
        MAX_PAYLOADS_SIZE,
    )
    if full:
        return rows
    raws = tx.entries(origin, start, start + len(rows))
    return [as_auditor_sees(parse_entry(raw), row) for raw, row in zip(raws, rows, strict=True)]


def _fitting(
    read: Callable[[int, int], list[T]],
    size_of: Callable[[T], int],
    start: int,
    end: int,
    limit: int,
) -> list[T]:
    """Return the first items that fit into `limit` bytes: at least one, if there is one.

    Read a few at a time: a member may fill its log with entries of 64 KiB and ask everybody for
    thousands of them, and what an answer does not hold must not pass through memory either.
    """
    taken: list[T] = []
    total = 0
    for at in range(start, end, _READ_AT_ONCE):
        for item in read(at, min(end, at + _READ_AT_ONCE)):
            total += size_of(item)
            if taken and total > limit:
                return taken
            taken.append(item)
    return taken


def _size(row: tuple[Piece, ...]) -> int:
    return sum(
        _PIECE_OVERHEAD + (len(piece.payload) if isinstance(piece, Opening) else 0) for piece in row
    )
