"""Heads of peers' logs: which are believed, and what two that contradict each other prove.

A head is believed when the log's key signed it, the author's witness key says when, and that is
not in the future. Specification: docs/spec/mirroring.md#heads.
"""

import base64
from dataclasses import dataclass
from typing import Final

from crypto.values import PublicKey
from federation.errors import NotMemberError, PeerClockError, UncosignedError
from federation.ports import Transaction
from protocol.answer import CLOCK_TOLERANCE
from protocol.canonical import dumps
from protocol.checkpoint import Checkpoint, open_checkpoint
from protocol.merkle import CompactRange, Hash, Subtrees, consistency_proof
from protocol.note import parse_note
from protocol.roster import Roster

HEAD_LIMIT: Final = 16_384
"""Bytes of a signed head with its cosignatures."""


@dataclass(frozen=True, slots=True)
class Head:
    """A verified head. Only `open_head` makes one.

    Attributes:
        origin: association id of the log's author.
        checkpoint: size and root.
        time: Unix seconds, by the author's clock, of its own cosignature.
        note: the bytes as received.
    """

    origin: str
    checkpoint: Checkpoint
    time: int
    note: bytes


def open_head(roster: Roster, origin: str, note: bytes, now: int) -> Head:
    """Return the head of `origin`'s log that `note` holds.

    Args:
        roster: whose keys count.
        origin: association id.
        note: as received from anybody.
        now: Unix seconds, this node's clock.

    Raises:
        NotMemberError: no such member.
        NoteError, CheckpointError: not a head that this log signed.
        UncosignedError: the author's own cosignature is absent.
        PeerClockError: that cosignature is from more than a minute ahead of `now`.
    """
    member = roster.member(origin)
    if member is None:
        raise NotMemberError(f"There is no member {origin} whose log could be read.")
    witness = roster.witness_name(origin)
    opened = open_checkpoint(
        note,
        roster.log_origin(origin),
        PublicKey(member.log_key),
        {witness: PublicKey(member.witness_key)},
    )
    time = opened.cosigned.get(witness)
    if time is None:
        raise UncosignedError(f"The head of {origin} does not say when it was current.", note)
    if time > now + CLOCK_TOLERANCE:
        raise PeerClockError(
            f"The clock of {origin} is {time - now} s ahead of this node's:"
            " one of the two must be set right."
        )
    return Head(origin, opened.checkpoint, time, note)


def subtrees(tx: Transaction, origin: str) -> Subtrees:
    """Return the stored perfect subtrees of a log, from which proofs are made."""
    return lambda level, index: Hash(tx.node(origin, level, index))


def root_at(tx: Transaction, origin: str, size: int) -> Hash:
    """Return the root that `origin`'s log had at `size` entries; we hold at least as many."""
    return range_at(tx, origin, size).root()


def range_at(tx: Transaction, origin: str, size: int) -> CompactRange:
    """Return the first `size` entries of `origin`'s log; we hold at least as many."""
    hashes: list[Hash] = []
    start = 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            hashes.append(Hash(tx.node(origin, level, start >> level)))
            start += 1 << level
    return CompactRange(size, tuple(hashes))


def stored_checkpoint(note: bytes) -> Checkpoint:
    """Return the checkpoint in a note that was verified before it was stored."""
    return Checkpoint.parse(parse_note(note).text)


def split_evidence(tx: Transaction, held: bytes | None, head: Head) -> bytes:
    """Return what shows that one log signed two histories, for anybody with its key to verify.

    Canonical JSON: both notes, and, where the held head is the longer one and all of it is here,
    the proof of which root its history had at the size of the other.
    """
    evidence: dict[str, object] = {
        "held": None if held is None else base64.b64encode(held).decode(),
        "served": base64.b64encode(head.note).decode(),
    }
    if held is not None:
        size, held_size = head.checkpoint.size, stored_checkpoint(held).size
        if size <= held_size == tx.position(head.origin).applied.size:
            proof = consistency_proof(subtrees(tx, head.origin), size, held_size)
            evidence["root"] = root_at(tx, head.origin, size).hex()
            evidence["proof"] = [item.hex() for item in proof]
    return dumps(evidence)
