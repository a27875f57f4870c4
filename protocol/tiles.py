"""Tiles: how a log's hashes and entries are cut into files that never change (C2SP tlog-tiles).

A tile of level 0 holds 256 leaf hashes, one of level 1 the roots over 256 full tiles of level 0
each, and so on; an entry bundle holds the entries themselves. The last tile of a level may be
partial: fewer than 256 wide, and replaced by the full one once the log has grown.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from protocol.errors import PeerError
from protocol.merkle import HASH_SIZE, MAX_SIZE, CompactRange, Hash

FULL_WIDTH: Final = 256
MAX_LEVEL: Final = 63
ENTRIES: Final = -1
"""The level of entry bundles, as in Go's tlog package; the path says `entries`."""

MAX_ENTRY_SIZE: Final = 2**16 - 1
"""Bytes: what a bundle's length prefix can say."""

_LENGTH_SIZE: Final = 2
_PATH: Final = re.compile(
    r"(?P<level>entries|0|[1-9][0-9]?)"
    r"/(?P<index>(?:x[0-9]{3}/){0,6}[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


class TileError(PeerError):
    """A tile's path or content is not one that the log can have."""

    code: ClassVar[str] = "tile"


@dataclass(frozen=True, slots=True)
class Tile:
    """Which tile.

    Attributes:
        level: 0 to 63, or `ENTRIES`.
        index: from 0, within the level.
        width: hashes or entries in it: 256 when full, 1 to 255 when partial.

    Raises:
        TileError: out of range, or beyond the largest possible log.
    """

    level: int
    index: int
    width: int = FULL_WIDTH

    def __post_init__(self) -> None:
        if not ENTRIES <= self.level <= MAX_LEVEL or not 1 <= self.width <= FULL_WIDTH:
            raise TileError("A tile has a level of 0 to 63 and a width of 1 to 256.")
        if self.index < 0 or self.end > MAX_SIZE:
            raise TileError("No log is long enough to have this tile.")

    @property
    def span(self) -> int:
        """Entries beneath each hash of the tile: 256^level."""
        return int(FULL_WIDTH ** max(self.level, 0))

    @property
    def start(self) -> int:
        """Index of the first entry beneath the tile."""
        return self.index * FULL_WIDTH * self.span

    @property
    def end(self) -> int:
        """Index after the last entry beneath the tile; the log must be at least this long."""
        return self.start + self.width * self.span

    @property
    def path(self) -> str:
        """The tile's name below `/tile/`: `0/x001/x234/067.p/8`, `entries/000`."""
        digits = str(self.index)
        digits = digits.zfill(len(digits) + -len(digits) % 3)
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        number = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
        level = "entries" if self.level == ENTRIES else str(self.level)
        return f"{level}/{number}" + ("" if self.width == FULL_WIDTH else f".p/{self.width}")

    @classmethod
    def parse(cls, path: str) -> "Tile":
        """Read the name of a tile, as `path` writes it and in no other spelling.

        Raises:
            TileError: another form, or no possible tile.

        Source: C2SP tlog-tiles, "Merkle Tree" and "Log entries".
        """
        found = _PATH.fullmatch(path)
        if found is None:
            raise TileError("A tile's path is level/index or level/index.p/width.")
        tile = cls(
            level=ENTRIES if found["level"] == "entries" else int(found["level"]),
            index=int(found["index"].replace("/", "").replace("x", "")),
            width=FULL_WIDTH if found["width"] is None else int(found["width"]),
        )
        if tile.path != path:
            raise TileError("A tile's path has no leading zeroes beyond three digits.")
        return tile


def hash_tile(tile: Tile, leaves: Sequence[Hash]) -> bytes:
    """Compute a hash tile.

    Args:
        tile: of level 0 or above.
        leaves: the leaf hashes `tile.start` to `tile.end` of the log, all of them.

    Returns:
        `tile.width` hashes of 32 bytes.

    Raises:
        TileError: an entry bundle, or another number of leaves than the tile stands on.
    """
    if tile.level == ENTRIES:
        raise TileError("An entry bundle is not made of hashes.")
    if len(leaves) != tile.end - tile.start:
        raise TileError(f"The tile {tile.path} stands on {tile.end - tile.start} entries.")
    roots = (
        CompactRange().extend(leaves[at : at + tile.span]).root()
        for at in range(0, len(leaves), tile.span)
    )
    return b"".join(roots)


def parse_hash_tile(tile: Tile, data: bytes) -> tuple[Hash, ...]:
    """Cut a hash tile's bytes into `tile.width` hashes.

    Raises:
        TileError: another length.
    """
    if len(data) != tile.width * HASH_SIZE:
        raise TileError(f"A tile of width {tile.width} has 32 bytes for each hash.", data)
    return tuple(Hash(data[at : at + HASH_SIZE]) for at in range(0, len(data), HASH_SIZE))


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Join the entries of a bundle, each after its length in 2 bytes, big-endian.

    Raises:
        TileError: no entry, more than 256, or one longer than `MAX_ENTRY_SIZE`.

    Source: C2SP tlog-tiles, "Log entries".
    """
    if not 1 <= len(entries) <= FULL_WIDTH:
        raise TileError("A bundle holds 1 to 256 entries.")
    if any(len(entry) > MAX_ENTRY_SIZE for entry in entries):
        raise TileError(f"An entry is longer than {MAX_ENTRY_SIZE} bytes.")
    return b"".join(len(entry).to_bytes(_LENGTH_SIZE, "big") + entry for entry in entries)


def decode_bundle(data: bytes, width: int) -> tuple[bytes, ...]:
    """Split a bundle into its entries.

    Args:
        data: the bundle.
        width: entries that it must hold.

    Raises:
        TileError: truncated, or another number of entries.

    Source: C2SP tlog-tiles, "Log entries".
    """
    entries: list[bytes] = []
    at = 0
    for _ in range(width):
        begin = at + _LENGTH_SIZE
        at = begin + int.from_bytes(data[at:begin], "big")
        entries.append(data[begin:at])
    if at != len(data):  # cut short, `at` is beyond the end
        raise TileError(f"The bundle does not hold exactly {width} entries.", data)
    return tuple(entries)
