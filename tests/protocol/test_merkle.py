import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.merkle import (
    EMPTY_ROOT,
    MAX_SIZE,
    CompactRange,
    ConsistencyError,
    Hash,
    InclusionError,
    MerkleError,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    subtrees_of,
    verify_consistency,
    verify_inclusion,
)

VECTORS = sorted((Path(__file__).parents[1] / "vectors" / "merkle").glob("*.json"))
LEAVES = [leaf_hash(b"entry %d" % index) for index in range(258)]
SUBTREES = subtrees_of(LEAVES)
SIZES = [1, 2, 3, 7, 8, 255, 256, 257]
sizes = st.integers(1, 66)


@cache
def reference_root(start: int, end: int) -> Hash:
    """RFC 6962 section 2.1, word for word: the slow definition that the fast code must equal."""
    if end - start == 0:
        return Hash(hashlib.sha256().digest())
    if end - start == 1:
        return LEAVES[start]
    split = 1
    while split * 2 < end - start:
        split *= 2
    left, right = reference_root(start, start + split), reference_root(start + split, end)
    return Hash(hashlib.sha256(b"\x01" + left + right).digest())


def root_of(size: int) -> Hash:
    return reference_root(0, size)


def flip(value: Hash, bit: int) -> Hash:
    return Hash((int.from_bytes(value, "big") ^ (1 << bit)).to_bytes(32, "big"))


def check(vector: dict[str, Any]) -> None:
    def hashes(name: str) -> list[Hash]:
        return [Hash(bytes.fromhex(item)) for item in vector[name]]

    def one(name: str) -> Hash:
        return Hash(bytes.fromhex(vector[name]))

    match vector["operation"]:
        case "roots":
            leaves = [leaf_hash(bytes.fromhex(entry)) for entry in vector["entries"]]
            grown = [CompactRange().extend(leaves[:size]) for size in range(len(leaves) + 1)]
            assert [item.root() for item in grown] == hashes("roots")
        case "inclusion":
            index, size = vector["index"], vector["size"]
            verify_inclusion(one("leaf"), index, size, hashes("path"), one("root"))
        case "consistency":
            old_size, new_size = vector["old_size"], vector["new_size"]
            old_root, new_root = one("old_root"), one("new_root")
            verify_consistency(old_size, old_root, new_size, new_root, hashes("path"))
        case "range":
            data = bytes.fromhex(vector["bytes"])
            assert CompactRange.from_bytes(data).to_bytes() == data


def test_there_are_vectors() -> None:
    assert len(VECTORS) > 50


@pytest.mark.parametrize("file", VECTORS, ids=lambda file: file.stem)
def test_vector(file: Path) -> None:
    vector = json.loads(file.read_text())
    try:
        check(vector)
    except MerkleError as error:
        outcome = error.code
    else:
        outcome = "ok"
    assert outcome == vector["expect"], vector["why"]


def test_leaf_and_node_are_hashed_apart() -> None:
    left, right = LEAVES[:2]
    assert leaf_hash(left + right) != node_hash(left, right)
    assert leaf_hash(b"x") == hashlib.sha256(b"\x00x").digest()
    assert CompactRange().root() == EMPTY_ROOT == hashlib.sha256(b"").digest()


@pytest.mark.parametrize("size", [0, *SIZES])
def test_a_range_has_the_reference_root(size: int) -> None:
    grown = CompactRange().extend(LEAVES[:size])
    assert grown.root() == root_of(size)
    assert CompactRange.from_bytes(grown.to_bytes()) == grown


def test_a_range_across_the_two_byte_boundary() -> None:
    """Sizes 65535 to 65537, where 256 full tiles of 256 entries end."""
    leaf = LEAVES[0]
    full = [leaf]
    for _ in range(16):
        full.append(node_hash(full[-1], full[-1]))
    before = CompactRange().extend([leaf] * 65_535)
    assert before.hashes == tuple(reversed(full[:16]))
    at = before.append(leaf)
    assert (at.size, at.hashes, at.root()) == (65_536, (full[16],), full[16])
    after = at.append(leaf)
    assert (after.size, after.root()) == (65_537, node_hash(full[16], leaf))


@given(st.lists(sizes, min_size=1, max_size=4))
def test_how_a_log_was_cut_into_batches_leaves_no_trace(batches: list[int]) -> None:
    grown, start = CompactRange(), 0
    for batch in (size % 60 for size in batches):
        grown = grown.extend(iter(LEAVES[start : start + batch]))
        start += batch
    one_by_one = CompactRange()
    for leaf in LEAVES[:start]:
        one_by_one = one_by_one.append(leaf)
    assert grown == one_by_one
    assert grown.root() == root_of(start)


@given(st.binary(max_size=140))
def test_any_bytes_are_a_range_or_refused(data: bytes) -> None:
    try:
        parsed = CompactRange.from_bytes(data)
    except MerkleError:
        return
    assert parsed.to_bytes() == data
    assert parsed.size.bit_count() == len(parsed.hashes)


@pytest.mark.parametrize(
    ("size", "hashes"),
    [
        (-1, ()),
        (0, (LEAVES[0],)),
        (1, ()),
        (3, (LEAVES[0],)),
        (1, (Hash(b"short"),)),
        (MAX_SIZE + 1, (LEAVES[0],)),
    ],
)
def test_an_impossible_range_is_refused(size: int, hashes: tuple[Hash, ...]) -> None:
    with pytest.raises(MerkleError):
        CompactRange(size, hashes)


def test_the_largest_log_does_not_grow() -> None:
    full = CompactRange(MAX_SIZE, tuple(LEAVES[:63]))
    with pytest.raises(MerkleError):
        full.append(LEAVES[0])


@pytest.mark.parametrize("size", SIZES)
def test_every_entry_of_a_log_has_a_proof(size: int) -> None:
    for index in range(size):
        path = inclusion_proof(SUBTREES, index, size)
        verify_inclusion(LEAVES[index], index, size, path, root_of(size))


@pytest.mark.parametrize("new_size", SIZES)
def test_every_head_of_a_log_extends_every_earlier_one(new_size: int) -> None:
    for old_size in range(new_size + 1):
        path = consistency_proof(SUBTREES, old_size, new_size)
        verify_consistency(old_size, root_of(old_size), new_size, root_of(new_size), path)


@given(sizes, st.data())
def test_an_inclusion_proof_proves_one_thing_only(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    path = list(inclusion_proof(SUBTREES, index, size))
    leaf, root = LEAVES[index], root_of(size)
    verify_inclusion(leaf, index, size, path, root)
    bit = data.draw(st.integers(0, 255))
    other_index = data.draw(st.integers(-1, size + 1).filter(lambda other: other != index))
    wrong = [
        (flip(leaf, bit), index, size, path, root),
        (leaf, other_index, size, path, root),
        (leaf, index, size, path, flip(root, bit)),
        (leaf, index, size, [*path, leaf], root),
    ]
    if path:
        place = data.draw(st.integers(0, len(path) - 1))
        flipped = [*path[:place], flip(path[place], bit), *path[place + 1 :]]
        wrong.append((leaf, index, size, flipped, root))
        wrong.append((leaf, index, size, path[:place] + path[place + 1 :], root))
    for arguments in wrong:
        with pytest.raises(InclusionError):
            verify_inclusion(*arguments)


@given(sizes, sizes, st.data())
def test_a_consistency_proof_proves_one_thing_only(
    one: int, other: int, data: st.DataObject
) -> None:
    old, new = min(one, other), max(one, other)
    path = list(consistency_proof(SUBTREES, old, new))
    verify_consistency(old, root_of(old), new, root_of(new), path)
    bit = data.draw(st.integers(0, 255))
    wrong = [
        (old, flip(root_of(old), bit), new, root_of(new), path),
        (old, root_of(old), new, flip(root_of(new), bit), path),
        (old, root_of(old), new, root_of(new), [*path, LEAVES[0]]),
        (new + 1, root_of(new + 1), new, root_of(new), path),
    ]
    if path:
        place = data.draw(st.integers(0, len(path) - 1))
        flipped = [*path[:place], flip(path[place], bit), *path[place + 1 :]]
        wrong.append((old, root_of(old), new, root_of(new), flipped))
        wrong.append((old, root_of(old), new, root_of(new), path[:-1]))
    for arguments in wrong:
        with pytest.raises(ConsistencyError):
            verify_consistency(*arguments)


@pytest.mark.parametrize("new_size", range(67))
def test_every_small_log_extends_every_smaller_one(new_size: int) -> None:
    for old_size in range(new_size + 1):
        path = consistency_proof(SUBTREES, old_size, new_size)
        verify_consistency(old_size, root_of(old_size), new_size, root_of(new_size), path)


def test_every_hash_of_a_proof_has_32_bytes() -> None:
    """However unlikely a collision: a proof whose hashes are cut otherwise is not read at all."""
    short = Hash(b"short")
    path = inclusion_proof(SUBTREES, 5, 8)
    for leaf, siblings in [(short, path), (LEAVES[5], (*path[:-1], short))]:
        with pytest.raises(InclusionError, match="32 bytes"):
            verify_inclusion(leaf, 5, 8, siblings, root_of(8))
    path = consistency_proof(SUBTREES, 6, 8)
    for old, new, hashes in [
        (short, root_of(8), path),
        (root_of(6), short, path),
        (root_of(6), root_of(8), (*path[:-1], short)),
    ]:
        with pytest.raises(ConsistencyError, match="32 bytes"):
            verify_consistency(6, old, 8, new, hashes)


def test_a_proof_is_read_no_further_than_the_root() -> None:
    path = inclusion_proof(SUBTREES, 5, 8)
    with pytest.raises(InclusionError, match="too long"):
        verify_inclusion(LEAVES[5], 5, 8, (*path, LEAVES[0]), root_of(8))
    path = consistency_proof(SUBTREES, 6, 8)
    with pytest.raises(ConsistencyError, match="too long"):
        verify_consistency(6, root_of(6), 8, root_of(8), (*path, LEAVES[0]))


@pytest.mark.parametrize(("old", "new"), [(-1, 3), (4, 3)])
def test_sizes_in_the_wrong_order_are_named(old: int, new: int) -> None:
    with pytest.raises(ConsistencyError, match="does not extend"):
        verify_consistency(old, root_of(3), new, root_of(3), ())


@settings(max_examples=50)
@given(sizes, st.data())
def test_a_rewritten_log_is_never_consistent(size: int, data: st.DataObject) -> None:
    """Whichever old entry was changed, no proof of the new tree convinces."""
    changed = data.draw(st.integers(0, size - 1))
    rewritten = [*LEAVES[:66]]
    rewritten[changed] = leaf_hash(b"rewritten")
    new_size = data.draw(st.integers(size, 66))
    root = CompactRange().extend(rewritten[:new_size]).root()
    path = consistency_proof(subtrees_of(rewritten), size, new_size)
    with pytest.raises(ConsistencyError):
        verify_consistency(size, root_of(size), new_size, root, path)


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_no_inclusion_proof_of_an_entry_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(InclusionError):
        inclusion_proof(SUBTREES, index, size)


@pytest.mark.parametrize(("old", "new"), [(-1, 3), (4, 3)])
def test_no_consistency_proof_backwards(old: int, new: int) -> None:
    with pytest.raises(ConsistencyError):
        consistency_proof(SUBTREES, old, new)


def test_an_incomplete_subtree_has_no_root() -> None:
    with pytest.raises(MerkleError):
        subtrees_of(LEAVES[:3])(1, 1)
    with pytest.raises(MerkleError):
        inclusion_proof(subtrees_of(LEAVES[:3]), 0, 4)
