"""The Merkle tree of a stored log, as C2SP hash tiles: kept on append, read for proofs."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from federation.errors import NotFoundError
from node.storage.log_tables import TileRow
from protocol.merkle import HASH_SIZE, CompactRange, Hash
from protocol.tiles import FULL_WIDTH

_TILE_BITS = FULL_WIDTH.bit_length() - 1


def append_leaves(session: Session, origin: str, size: int, leaves: Sequence[Hash]) -> None:
    """Add `leaves` after the first `size` leaf hashes of `origin`'s tiles, on every level."""
    level, start, hashes = 0, size, list(leaves)
    while hashes:
        index = start // FULL_WIDTH
        full: list[Hash] = []
        held = _bytes(session, origin, level, index) if start % FULL_WIDTH else b""
        for tile in _cut(held, hashes):
            _put(session, origin, level, index, tile)
            if len(tile) == FULL_WIDTH * HASH_SIZE:
                full.append(_root(tile))
            index += 1
        level, start, hashes = level + 1, start // FULL_WIDTH, full


def node(session: Session, origin: str, level: int, index: int) -> Hash:
    """Return the root of the complete subtree `(level, index)`; level 0 is leaf hashes.

    Raises:
        NotFoundError: the log does not reach that far.
    """
    tile_level, within = divmod(level, _TILE_BITS)
    first = index << within
    tile = _bytes(session, origin, tile_level, first // FULL_WIDTH)
    start = first % FULL_WIDTH * HASH_SIZE
    hashes = tile[start : start + (HASH_SIZE << within)]
    if len(hashes) != HASH_SIZE << within:
        raise NotFoundError("The log does not reach that far.")
    return _root(hashes)


def tile_bytes(session: Session, origin: str, level: int, index: int, width: int) -> bytes | None:
    """Return the first `width` hashes of a tile; None if the log does not reach that far."""
    found = _bytes(session, origin, level, index)[: width * HASH_SIZE]
    return found if len(found) == width * HASH_SIZE else None


def _cut(held: bytes, hashes: Sequence[Hash]) -> list[bytes]:
    whole = held + b"".join(hashes)
    size = FULL_WIDTH * HASH_SIZE
    return [whole[at : at + size] for at in range(0, len(whole), size)]


def _root(hashes: bytes) -> Hash:
    leaves = (Hash(hashes[at : at + HASH_SIZE]) for at in range(0, len(hashes), HASH_SIZE))
    return CompactRange().extend(leaves).root()


def _bytes(session: Session, origin: str, level: int, index: int) -> bytes:
    found = session.exec(
        select(TileRow.hashes).where(
            TileRow.origin == origin, TileRow.level == level, col(TileRow.index) == index
        )
    ).one_or_none()
    return found or b""


def _put(session: Session, origin: str, level: int, index: int, hashes: bytes) -> None:
    row = session.get(TileRow, (origin, level, index))
    if row is None:
        session.add(TileRow(origin=origin, level=level, index=index, hashes=hashes))
    else:
        row.hashes = hashes
