"""Checkpoints: the signed head of a log, and witnesses' timestamped cosignatures on it.

C2SP tlog-checkpoint and tlog-cosignature (Ed25519), with our own naming: a log's key has the
log's origin as its name, an association's witness key has that origin and `/witness`.

Every association cosigns its own last head with its witness key, which stays unlocked when its
log key is not: the newest timestamp says how long a log has been silent, which is not the same
as how long it has had nothing to say.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Final

from crypto.errors import SignatureError
from crypto.signing import public_key, sign, verify
from crypto.values import PublicKey, SigningSeed
from protocol.errors import PeerError
from protocol.merkle import EMPTY_ROOT, HASH_SIZE, MAX_SIZE, Hash
from protocol.note import (
    COSIGNATURE,
    ED25519,
    Check,
    KeyName,
    NoteError,
    NoteSignatureError,
    SignatureLine,
    ed25519_check,
    key_id,
    parse_note,
    sign_note,
    valid_key_name,
    verify_note,
)

MAX_TIMESTAMP: Final = 2**63 - 1
"""Unix seconds. Source: C2SP tlog-cosignature, "Format"."""

_TIMESTAMP_SIZE: Final = 8
_SEGMENT: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
# 32 bytes leave 2 unused bits in the last base64 letter; these are the letters with both at zero.
_BODY: Final = re.compile(
    r"([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)\n"
)


class CheckpointError(PeerError):
    """A note's text is not a checkpoint of this network's form."""

    code: ClassVar[str] = "checkpoint"


class CheckpointOriginError(CheckpointError):
    """The checkpoint is of another log than the one asked for."""

    code: ClassVar[str] = "checkpoint-origin"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's size and root at one moment, not signed.

    Attributes:
        origin: the log's name, and its key's.
        size: entries, 0 to 2^63 - 1.
        root: 32 bytes, `EMPTY_ROOT` at size 0.

    Raises:
        CheckpointError: any of these out of range.
    """

    origin: str
    size: int
    root: Hash

    def __post_init__(self) -> None:
        if not valid_key_name(self.origin):
            raise CheckpointError("A log's origin is empty, or holds a space or a plus sign.")
        if not 0 <= self.size <= MAX_SIZE or len(self.root) != HASH_SIZE:
            raise CheckpointError("A checkpoint has a size below 2^63 and a root of 32 bytes.")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise CheckpointError("An empty log has one possible root, and this is another.")

    def __str__(self) -> str:
        """Format as a note's text: origin, size and root, a line each."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Read a note's text.

        Extension lines, which the C2SP format allows, are refused: two heads of one size and
        root would differ in what nobody checks.

        Raises:
            CheckpointError: not exactly three lines, or one of them malformed.

        Source: C2SP tlog-checkpoint, "Note text"; docs/spec/log.md#checkpoints.
        """
        found = _BODY.fullmatch(text)
        if found is None:
            raise CheckpointError("A checkpoint is three lines: origin, size, root.")
        return cls(found[1], int(found[2]), Hash(base64.b64decode(found[3])))


@dataclass(frozen=True, slots=True)
class VerifiedCheckpoint:
    """A checkpoint that its log signed. Only `open_checkpoint` makes one.

    Attributes:
        checkpoint: what was signed.
        cosigned: witness key name to the newest timestamp it put on this head, Unix seconds by
            that witness's clock. Witnesses that did not cosign are absent.
        raw: the note, byte for byte as received.
    """

    checkpoint: Checkpoint
    cosigned: Mapping[str, int]
    raw: bytes


def log_origin(network: str, association: str) -> str:
    """Return the origin of an association's log, which is also its log key's name.

    Args:
        network: the network's short name: lower-case letters, digits, inner hyphens; at most 64.
        association: the association's id, of the same form.

    Raises:
        CheckpointError: another form.
    """
    if not (_SEGMENT.fullmatch(network) and _SEGMENT.fullmatch(association)):
        raise CheckpointError(
            "Names in an origin are lower-case letters, digits and inner hyphens."
        )
    return f"veilleuse/{network}/{association}"


def witness_name(origin: str) -> str:
    """Return the name of the witness key of the association whose log has this origin."""
    return f"{origin}/witness"


def sign_checkpoint(checkpoint: Checkpoint, name: str, seed: SigningSeed) -> bytes:
    """Sign a log's head.

    The caller has recomputed the root from the stored entries (docs/spec/log.md#signing), and has
    never signed another root for this size.

    Args:
        checkpoint: the head.
        name: the key's name: the origin.
        seed: the log key.

    Returns:
        The note.

    Raises:
        NoteError: `name` cannot be a key's name.
    """
    return sign_note(str(checkpoint), [(name, seed)]).to_bytes()


def cosignature_line(text: str, name: str, seed: SigningSeed, timestamp: int) -> SignatureLine:
    """Make a witness's signature line for a checkpoint's text.

    The caller has verified the log's signature, and the consistency with the last head it
    cosigned.

    Args:
        text: the note's text, that of a checkpoint.
        name: the witness key's name.
        seed: the witness key.
        timestamp: the witness's clock, Unix seconds.

    Raises:
        CheckpointError: the text is not a checkpoint, or the time is out of range.
        NoteError: `name` cannot be a key's name.

    Source: C2SP tlog-cosignature, "Ed25519 signed message".
    """
    Checkpoint.parse(text)
    if not 0 <= timestamp <= MAX_TIMESTAMP:
        raise CheckpointError("A cosignature's time is between 1970 and 2^63 - 1 seconds later.")
    if not valid_key_name(name):
        raise NoteError("A key's name is empty, or holds a space or a plus sign.")
    witness = KeyName(name, key_id(name, COSIGNATURE, public_key(seed)))
    signature = sign(seed, _cosigned_message(text.encode(), timestamp))
    return SignatureLine(witness, timestamp.to_bytes(_TIMESTAMP_SIZE, "big") + signature)


def cosign(raw: bytes, name: str, seed: SigningSeed, timestamp: int) -> bytes:
    """Add a witness's cosignature to a signed checkpoint, in place of its earlier one if any.

    Args:
        raw: the note. See `cosignature_line` for what the caller has verified.
        name: the witness key's name.
        seed: the witness key.
        timestamp: the witness's clock, Unix seconds.

    Returns:
        The note with one line more, or the same number if this key had cosigned before.

    Raises:
        NoteError: `raw` is not a note, is full, or `name` cannot be a key's name.
        CheckpointError: its text is not a checkpoint, or the time is out of range.
    """
    note = parse_note(raw)
    cosigned = note.with_signature(cosignature_line(note.text, name, seed, timestamp)).to_bytes()
    parse_note(cosigned)
    return cosigned


def open_checkpoint(
    data: bytes, origin: str, log_key: PublicKey, witnesses: Mapping[str, PublicKey]
) -> VerifiedCheckpoint:
    """Verify a log's head as received from a peer.

    Whether the cosignatures are enough, and recent enough, is the caller's policy. Cosignatures
    do not cover the witness's name: `witnesses` must not hold one key under two names.

    Args:
        data: the note.
        origin: the log that was asked for.
        log_key: that log's key, named `origin`.
        witnesses: key names and keys whose cosignatures count.

    Raises:
        NoteError: not a note.
        NoteSignatureError: not signed by the log, or one line by a known key is wrong.
        CheckpointOriginError: signed by the log's key, but for another origin.
        CheckpointError: signed, but not a checkpoint.

    Source: C2SP tlog-checkpoint, tlog-cosignature; docs/spec/log.md#checkpoints.
    """
    log = KeyName(origin, key_id(origin, ED25519, log_key))
    known: dict[KeyName, Check] = {
        KeyName(name, key_id(name, COSIGNATURE, key)): _cosignature_check(key)
        for name, key in witnesses.items()
    }
    known[log] = ed25519_check(log_key)
    note = parse_note(data)
    lines = verify_note(note, known)
    if log not in (line.key for line in lines):
        raise NoteSignatureError(f"The log {origin} has not signed this checkpoint.", data)
    try:
        checkpoint = Checkpoint.parse(note.text)
    except CheckpointError as error:
        raise CheckpointError(str(error), data) from None
    if checkpoint.origin != origin:
        raise CheckpointOriginError(
            f"This checkpoint is of the log {checkpoint.origin}, not of {origin}.", data
        )
    cosigned: dict[str, int] = {}
    for line in lines:
        if line.key != log:
            name, timestamp = line.key.name, _timestamp(line.signature)
            cosigned[name] = max(timestamp, cosigned.get(name, 0))
    return VerifiedCheckpoint(checkpoint, MappingProxyType(cosigned), data)


def _cosignature_check(key: PublicKey) -> Check:
    def check(text: bytes, signature: bytes) -> None:
        timestamp = _timestamp(signature)
        if timestamp > MAX_TIMESTAMP:
            raise SignatureError("A cosignature's time is out of range.")
        verify(key, _cosigned_message(text, timestamp), signature[_TIMESTAMP_SIZE:])

    return check


def _timestamp(signature: bytes) -> int:
    return int.from_bytes(signature[:_TIMESTAMP_SIZE], "big")


def _cosigned_message(text: bytes, timestamp: int) -> bytes:
    return f"cosignature/v1\ntime {timestamp}\n".encode() + text
