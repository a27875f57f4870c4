import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from protocol.merkle import CompactRange, Hash, leaf_hash
from protocol.tiles import (
    ENTRIES,
    MAX_ENTRY_SIZE,
    Tile,
    TileError,
    decode_bundle,
    encode_bundle,
    hash_tile,
    parse_hash_tile,
)

LEAVES = [leaf_hash(b"%d" % index) for index in range(600)]

tiles = st.builds(
    Tile, st.sampled_from([ENTRIES, 0, 1, 2, 3]), st.integers(0, 10**9), st.integers(1, 256)
)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "0/000"),
        (Tile(0, 0, 1), "0/000.p/1"),
        (Tile(0, 1_234_067), "0/x001/x234/067"),  # C2SP tlog-tiles, "Merkle Tree"
        (Tile(0, 1_234_067, 8), "0/x001/x234/067.p/8"),
        (Tile(1, 999, 255), "1/999.p/255"),
        (Tile(2, 1000), "2/x001/000"),
        (Tile(ENTRIES, 67, 112), "entries/067.p/112"),
    ],
)
def test_path(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert Tile.parse(path) == tile


@given(tiles)
def test_a_path_leads_back_to_its_tile(tile: Tile) -> None:
    assert Tile.parse(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "0",
        "0/",
        "/000",
        "0/0",
        "0/00",
        "0/0000",
        "0/x000/001",  # leading zeroes
        "0/001/002",  # every group but the last has an x
        "0/x001",
        "0/x001/x002",
        "00/000",
        "01/000",
        "-1/000",
        "64/000",
        "99/000",
        "data/000",
        "Entries/000",
        "0/000.p/0",
        "0/000.p/01",
        "0/000.p/256",  # a full tile has no suffix
        "0/000.p/999",
        "0/000.p/",
        "0/000.p",
        "0/000/",
        "0/000\n",
        "0/../000",
        "0/\u0660\u0660\u0660",  # digits of another script
        "7/128",  # beyond any log of 2^63 entries
        "7/127",  # a full tile that would end at 2^63
        "0/x999/x999/x999/x999/x999/x999/999",
        "63/000.p/1",
    ],
)
def test_another_spelling_is_refused(path: str) -> None:
    with pytest.raises(TileError):
        Tile.parse(path)


@given(st.text(alphabet="entriesx0123456789/.p-", max_size=24))
@example("0/x001/x234/067.p/8")
def test_any_path_is_read_exactly_or_refused(path: str) -> None:
    try:
        tile = Tile.parse(path)
    except TileError:
        return
    assert tile.path == path


@pytest.mark.parametrize(
    ("level", "index", "width"),
    [(-2, 0, 1), (64, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257), (0, 2**55, 1), (8, 0, 1)],
)
def test_an_impossible_tile_is_refused(level: int, index: int, width: int) -> None:
    with pytest.raises(TileError):
        Tile(level, index, width)


def test_levels_end_at_63() -> None:
    for level in (ENTRIES - 1, 64, 10**6):
        with pytest.raises(TileError, match="level of 0 to 63"):
            Tile(level, 0, 1)


def test_what_lies_beneath_a_tile() -> None:
    assert (Tile(0, 2, 7).start, Tile(0, 2, 7).end) == (512, 519)
    assert (Tile(ENTRIES, 2, 7).start, Tile(ENTRIES, 2, 7).end) == (512, 519)
    assert (Tile(1, 1, 2).start, Tile(1, 1, 2).end) == (65_536, 66_048)


def test_a_partial_tile_is_the_beginning_of_the_full_one() -> None:
    full = hash_tile(Tile(0, 1), LEAVES[256:512])
    partial = hash_tile(Tile(0, 1, 44), LEAVES[256:300])
    assert full == b"".join(LEAVES[256:512])
    assert full.startswith(partial)
    assert len(partial) == 44 * 32


def test_a_tile_above_holds_the_roots_of_full_tiles() -> None:
    tile = Tile(1, 0, 2)
    data = hash_tile(tile, LEAVES[tile.start : tile.end])
    roots = [CompactRange().extend(LEAVES[at : at + 256]).root() for at in (0, 256)]
    assert parse_hash_tile(tile, data) == tuple(roots)


@pytest.mark.parametrize("count", [0, 43, 45, 256])
def test_a_tile_stands_on_exactly_its_leaves(count: int) -> None:
    with pytest.raises(TileError):
        hash_tile(Tile(0, 1, 44), LEAVES[:count])


def test_a_bundle_is_not_made_of_hashes() -> None:
    with pytest.raises(TileError):
        hash_tile(Tile(ENTRIES, 0, 1), LEAVES[:1])


@pytest.mark.parametrize("size", [0, 63, 65, 96])
def test_a_hash_tile_has_its_width(size: int) -> None:
    with pytest.raises(TileError):
        parse_hash_tile(Tile(0, 0, 2), bytes(size))


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=12))
def test_a_bundle_gives_its_entries_back(entries: list[bytes]) -> None:
    assert decode_bundle(encode_bundle(entries), len(entries)) == tuple(entries)


@given(st.binary(max_size=60), st.integers(0, 8))
@example(b"\x00", 1)
@example(b"\x00\x01", 1)
@example(b"\x00\x00\x00", 1)
@example(b"", 0)
def test_any_bundle_is_read_exactly_or_refused(data: bytes, width: int) -> None:
    try:
        entries = decode_bundle(data, width)
    except TileError as error:
        evidence = error.evidence
    else:
        assert len(entries) == width
        evidence = b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)
    assert evidence == data


def test_a_bundle_of_another_width_is_refused() -> None:
    data = encode_bundle([b"a", b"b"])
    for width in (1, 3):
        with pytest.raises(TileError):
            decode_bundle(data, width)


def test_a_bundle_has_bounds() -> None:
    longest = bytes(MAX_ENTRY_SIZE)
    assert decode_bundle(encode_bundle([longest]), 1) == (longest,)
    refused: list[list[bytes]] = [[], [b"x"] * 257, [longest + b"x"]]
    for entries in refused:
        with pytest.raises(TileError):
            encode_bundle(entries)


def test_leaves_are_hashed_in_order() -> None:
    swapped: list[Hash] = [LEAVES[1], LEAVES[0]]
    assert hash_tile(Tile(0, 0, 2), LEAVES[:2]) != hash_tile(Tile(0, 0, 2), swapped)
