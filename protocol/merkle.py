"""The Merkle tree of a log: leaf and node hashes, the growing edge, and both kinds of proof.

The tree is that of RFC 6962 / RFC 9162 section 2.1 with SHA-256. A *subtree* here is always a
perfect one: `(level, index)` covers the leaves `index * 2^level` up to `(index + 1) * 2^level`.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import ClassVar, Final, NewType

from protocol.errors import PeerError

Hash = NewType("Hash", bytes)
"""32 bytes of SHA-256."""

HASH_SIZE: Final = 32
MAX_SIZE: Final = 2**63 - 1
"""Most entries in a log: what SQL and the foreign verifiers hold in a signed 64-bit integer."""

EMPTY_ROOT: Final = Hash(hashlib.sha256(b"").digest())

Subtrees = Callable[[int, int], Hash]
"""`(level, index)` to the root of that perfect subtree; level 0 is the leaf hashes."""


class MerkleError(PeerError):
    """Hashes are not what a Merkle tree of that size has."""

    code: ClassVar[str] = "merkle"


class InclusionError(MerkleError):
    """The proof does not show that the entry is at that index under that root."""

    code: ClassVar[str] = "inclusion"


class ConsistencyError(MerkleError):
    """The proof does not show that the newer tree only appends to the older one."""

    code: ClassVar[str] = "consistency"


def leaf_hash(entry: bytes) -> Hash:
    """Hash an entry's bytes into a leaf. Source: RFC 9162 section 2.1.1."""
    return Hash(hashlib.sha256(b"\x00" + entry).digest())


def node_hash(left: Hash, right: Hash) -> Hash:
    """Hash two children into their parent. Source: RFC 9162 section 2.1.1."""
    return Hash(hashlib.sha256(b"\x01" + left + right).digest())


@dataclass(frozen=True, slots=True)
class CompactRange:
    """The right edge of a tree: all that is needed to append to it and to know its root.

    Attributes:
        size: entries covered, from 0 to `MAX_SIZE`.
        hashes: roots of the perfect subtrees that make up the tree, largest first: one for each
            bit set in `size`, 32 bytes each.

    Raises:
        MerkleError: another number of hashes than `size` asks for, or one not of 32 bytes.
    """

    size: int = 0
    hashes: tuple[Hash, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_SIZE:
            raise MerkleError(f"A log has between 0 and {MAX_SIZE} entries.")
        if len(self.hashes) != self.size.bit_count() or not _all_hashes(self.hashes):
            raise MerkleError(
                f"A tree of {self.size} has {self.size.bit_count()} hashes of 32 bytes."
            )

    def append(self, leaf: Hash) -> "CompactRange":
        """Return the range with one more leaf hash."""
        return self.extend((leaf,))

    def extend(self, leaves: Iterable[Hash]) -> "CompactRange":
        """Return the range with these leaf hashes appended, in order."""
        size, hashes = self.size, list(self.hashes)
        for leaf in leaves:
            carry = leaf
            waiting = size
            while waiting & 1:  # each trailing 1 bit is a left neighbour that lacks its sibling
                carry = node_hash(hashes.pop(), carry)
                waiting >>= 1
            hashes.append(carry)
            size += 1
        return CompactRange(size, tuple(hashes))

    def root(self) -> Hash:
        """Return the tree's root hash, `EMPTY_ROOT` for no entries."""
        return _join(self.hashes) if self.hashes else EMPTY_ROOT

    def to_bytes(self) -> bytes:
        """Encode as size (8 bytes, big-endian) followed by the hashes."""
        return self.size.to_bytes(8, "big") + b"".join(self.hashes)

    @classmethod
    def from_bytes(cls, data: bytes) -> "CompactRange":
        """Decode what `to_bytes` wrote, and nothing else.

        Raises:
            MerkleError: truncated, too long, or a size out of range.
        """
        head, rest = data[:8], data[8:]
        if len(head) != 8:  # noqa: PLR2004  # the size field above
            raise MerkleError("A compact range starts with its size in 8 bytes.", data)
        hashes = (Hash(rest[at : at + HASH_SIZE]) for at in range(0, len(rest), HASH_SIZE))
        return cls(int.from_bytes(head, "big"), tuple(hashes))


def subtrees_of(leaves: Sequence[Hash]) -> Subtrees:
    """Return the subtrees of a tree whose leaf hashes are all at hand.

    Raises (from the returned function):
        MerkleError: the subtree asked for is not complete.
    """

    def subtree(level: int, index: int) -> Hash:
        width = 1 << level
        covered = leaves[index * width : (index + 1) * width]
        if len(covered) != width:
            raise MerkleError(f"Subtree {index} of level {level} is not complete.")
        return CompactRange().extend(covered).root()

    return subtree


def inclusion_proof(subtrees: Subtrees, index: int, size: int) -> tuple[Hash, ...]:
    """Prove that entry `index` is in the tree of `size` entries.

    Returns:
        Sibling hashes, nearest the leaf first.

    Raises:
        InclusionError: index out of range.
    Source: RFC 9162 section 2.1.3.1.
    """
    if not 0 <= index < size:
        raise InclusionError(f"A log of {size} entries has no entry {index}.")
    start, end = 0, size
    path: list[Hash] = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range_root(subtrees, middle, end))
            end = middle
        else:
            path.append(_range_root(subtrees, start, middle))
            start = middle
    return tuple(reversed(path))


def consistency_proof(subtrees: Subtrees, old_size: int, new_size: int) -> tuple[Hash, ...]:
    """Prove that the tree of `new_size` entries begins with the tree of `old_size`.

    Returns:
        Hashes in the order of RFC 9162; none when the old tree is empty or the same.

    Raises:
        ConsistencyError: `old_size` is negative or above `new_size`.
    Source: RFC 9162 section 2.1.4.1.
    """
    if not 0 <= old_size <= new_size:
        raise ConsistencyError(f"A log of {new_size} entries does not extend one of {old_size}.")
    if old_size == 0:
        return ()
    start, end = 0, new_size
    path: list[Hash] = []
    while old_size != end:
        middle = start + _split(end - start)
        if old_size <= middle:
            path.append(_range_root(subtrees, middle, end))
            end = middle
        else:
            path.append(_range_root(subtrees, start, middle))
            start = middle
    if start:  # otherwise the verifier has it already: it is the old root
        path.append(_range_root(subtrees, start, end))
    return tuple(reversed(path))


def verify_inclusion(leaf: Hash, index: int, size: int, path: Sequence[Hash], root: Hash) -> None:
    """Return if `leaf` is entry `index` of the `size`-entry log under `root`.

    Args:
        leaf: leaf_hash(entry), 32 bytes.
        index: from 0, below size.
        size: entries covered by the signed checkpoint.
        path: sibling hashes, 32 bytes each, nearest the leaf first.
        root: from a checkpoint whose signatures were already verified.

    Raises:
        InclusionError: index out of range, wrong path length, or another root.
    Source: RFC 9162 section 2.1.3.2; docs/spec/log.md#inclusion.
    """
    if not 0 <= index < size:  # step 1
        raise InclusionError(f"A log of {size} entries has no entry {index}.")
    if not _all_hashes((leaf, *path)):
        raise InclusionError("An inclusion proof is made of hashes of 32 bytes.")
    node, last, computed = index, size - 1, leaf  # steps 2 and 3
    for sibling in path:  # step 4
        if last == 0:
            raise InclusionError("The inclusion proof is too long.")
        if node & 1 or node == last:
            computed = node_hash(sibling, computed)
            node, last = _climb_right_edge(node, last)
        else:
            computed = node_hash(computed, sibling)
        node, last = node >> 1, last >> 1
    if last != 0 or computed != root:  # step 5
        raise InclusionError(
            f"The proof does not lead from entry {index} to the root of {size} entries."
        )


def verify_consistency(
    old_size: int, old_root: Hash, new_size: int, new_root: Hash, path: Sequence[Hash]
) -> None:
    """Return if the `new_size`-entry log begins with the `old_size`-entry log.

    Args:
        old_size: entries under old_root; 0 is allowed.
        old_root: 32 bytes.
        new_size: entries under new_root, not below old_size.
        new_root: 32 bytes.
        path: hashes of 32 bytes; none when old_size is 0 or new_size.

    Raises:
        ConsistencyError: sizes in the wrong order, wrong path length, or another root.
    Source: RFC 9162 section 2.1.4.2; docs/spec/log.md#consistency.
    """
    if not 0 <= old_size <= new_size:
        raise ConsistencyError(f"A log of {new_size} entries does not extend one of {old_size}.")
    if not _all_hashes((old_root, new_root, *path)):
        raise ConsistencyError("A consistency proof is made of hashes of 32 bytes.")
    if old_size in (0, new_size):
        _verify_trivial(old_size, old_root, new_size, new_root, path)
        return
    # Step 2: when the old tree is one perfect subtree, its root starts the path.
    rest = list(path) if old_size & (old_size - 1) else [old_root, *path]
    if not path:  # step 1
        raise ConsistencyError("The consistency proof is empty.")
    node, last = _climb_right_edge(old_size - 1, new_size - 1, while_odd=True)  # steps 3 and 4
    old_computed = new_computed = rest[0]  # step 5
    for sibling in rest[1:]:  # step 6
        if last == 0:
            raise ConsistencyError("The consistency proof is too long.")
        if node & 1 or node == last:
            old_computed = node_hash(sibling, old_computed)
            new_computed = node_hash(sibling, new_computed)
            node, last = _climb_right_edge(node, last)
        else:
            new_computed = node_hash(new_computed, sibling)
        node, last = node >> 1, last >> 1
    if last != 0 or old_computed != old_root or new_computed != new_root:  # step 7
        raise ConsistencyError(
            f"The log of {new_size} entries does not begin with the log of {old_size}."
        )


def _verify_trivial(
    old_size: int, old_root: Hash, new_size: int, new_root: Hash, path: Sequence[Hash]
) -> None:
    """Two sizes for which RFC 9162 has no proof: nothing before, or nothing new."""
    if path:
        raise ConsistencyError("The consistency proof should be empty.")
    expected = new_root if old_size == new_size else EMPTY_ROOT
    if old_root != expected or (new_size == 0 and new_root != EMPTY_ROOT):
        raise ConsistencyError(f"Two different roots for a log of {old_size} entries.")


def _climb_right_edge(node: int, last: int, *, while_odd: bool = False) -> tuple[int, int]:
    """Go up while `node` is a left child (or, `while_odd`, a right one), stopping at 0."""
    while node and bool(node & 1) == while_odd:
        node, last = node >> 1, last >> 1
    return node, last


def _split(width: int) -> int:
    """Return the largest power of two below `width` (> 1): where the tree divides."""
    return 1 << ((width - 1).bit_length() - 1)


def _range_root(subtrees: Subtrees, start: int, end: int) -> Hash:
    """Root over leaves `start` to `end`, where `start` is where some tree divides."""
    parts: list[Hash] = []
    while start < end:
        level = (end - start).bit_length() - 1
        parts.append(subtrees(level, start >> level))
        start += 1 << level
    return _join(parts)


def _join(hashes: Sequence[Hash]) -> Hash:
    """Hash perfect subtrees, largest first, into the root over all of them."""
    return reduce(lambda right, left: node_hash(left, right), reversed(hashes))


def _all_hashes(hashes: Iterable[Hash]) -> bool:
    # A shorter hash would let one proof be cut in two ways.
    return all(len(item) == HASH_SIZE for item in hashes)
