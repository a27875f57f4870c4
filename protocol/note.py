"""Signed notes: a text, and signature lines by named keys (C2SP signed-note).

Nothing in a note may be believed before `verify_note` has returned: parsing says what a note
claims, not who said it.
"""

import base64
import binascii
import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple

from crypto.errors import SignatureError
from crypto.signing import public_key, sign, verify
from crypto.values import PublicKey, SigningSeed
from protocol.errors import PeerError

ED25519: Final = 0x01
"""Signature type: Ed25519 over the note's text."""

COSIGNATURE: Final = 0x04
"""Signature type: timestamped Ed25519 over a checkpoint (protocol/checkpoint.py)."""

MAX_SIGNATURES: Final = 100
MAX_NOTE_SIZE: Final = 256 * 1024
"""Bytes: room for `MAX_SIGNATURES` Ed25519 lines, or sixteen of the longest known kind."""

_KEY_ID_SIZE: Final = 4
_LINE: Final = re.compile(r"— ([^ ]+) ([A-Za-z0-9+/=]+)")
_VERIFIER_KEY: Final = re.compile(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)")


class NoteError(PeerError):
    """The bytes are not a signed note."""

    code: ClassVar[str] = "note"


class NoteSignatureError(NoteError):
    """A key that should have signed the note did not, or a known key's line is wrong."""

    code: ClassVar[str] = "note-signature"


class KeyName(NamedTuple):
    """What a signature line calls a key: a name, and 4 bytes that tell two of one name apart."""

    name: str
    key_id: bytes


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One line of a note, not verified.

    Attributes:
        key: who claims to have signed.
        signature: what follows the key id, at least 1 byte; its shape depends on the key's type.
    """

    key: KeyName
    signature: bytes

    def __str__(self) -> str:
        """Format the line, without its newline."""
        encoded = base64.b64encode(self.key.key_id + self.signature).decode()
        return f"— {self.key.name} {encoded}"


@dataclass(frozen=True, slots=True)
class Note:
    """A parsed note, not verified.

    Attributes:
        text: what is signed, with its final newline.
        signatures: 1 to `MAX_SIGNATURES` lines, in order.
    """

    text: str
    signatures: tuple[SignatureLine, ...]

    def to_bytes(self) -> bytes:
        """Serialise; for a parsed note, the very bytes that it was parsed from."""
        lines = "".join(f"{line}\n" for line in self.signatures)
        return f"{self.text}\n{lines}".encode()

    def with_signature(self, line: SignatureLine) -> "Note":
        """Return the note with this line last, and no other line by the same key."""
        others = tuple(other for other in self.signatures if other.key != line.key)
        return Note(self.text, (*others, line))


Check = Callable[[bytes, bytes], None]
"""Takes a note's text and a line's signature; raises SignatureError if they do not belong."""


def valid_key_name(name: str) -> bool:
    """Tell whether a key may have this name: not empty, no space of any script, no plus sign."""
    return bool(name) and not any(
        c.isspace() or c == "+" or c < " " or unicodedata.category(c) == "Cs" for c in name
    )


def key_id(name: str, kind: int, key: PublicKey) -> bytes:
    """Return the 4 bytes that stand for a key in signature lines.

    Args:
        name: the key's name.
        kind: signature type, `ED25519` or `COSIGNATURE`.
        key: 32 bytes.

    Source: C2SP signed-note, "Signatures".
    """
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + key).digest()[:_KEY_ID_SIZE]


def encode_verifier_key(name: str, kind: int, key: PublicKey) -> str:
    """Format a public key as `name+keyid+base64`, as foreign verifiers take it."""
    encoded = base64.b64encode(bytes([kind]) + key).decode()
    return f"{name}+{key_id(name, kind, key).hex()}+{encoded}"


def decode_verifier_key(text: str) -> tuple[str, int, PublicKey]:
    """Parse `name+keyid+base64` into name, signature type and the 32-byte public key.

    Raises:
        NoteError: another form, a key id that is not this key's, or a type other than
            `ED25519` and `COSIGNATURE`.

    Source: C2SP signed-note, "Verifier keys".
    """
    found = _VERIFIER_KEY.fullmatch(text)
    material = _decode_base64(found[3]) if found else b""
    if found is None or len(material) != 33 or material[0] not in (ED25519, COSIGNATURE):  # noqa: PLR2004  # type byte and key
        raise NoteError("Not the verifier key of an Ed25519 signer or cosigner.")
    name, kind, key = found[1], material[0], PublicKey(material[1:])
    if not valid_key_name(name) or found[2] != key_id(name, kind, key).hex():
        raise NoteError("A verifier key's name or key id is wrong.")
    return name, kind, key


def parse_note(data: bytes) -> Note:
    """Read a note's text and signature lines, verifying no signature.

    Raises:
        NoteError: too long, not UTF-8, a control character, no signature block, a malformed
            line, or more than `MAX_SIGNATURES` lines. `evidence` is `data`.

    Source: C2SP signed-note, "Format"; docs/spec/log.md#signed-notes.
    """
    if len(data) > MAX_NOTE_SIZE:
        raise NoteError(f"A signed note of {len(data)} bytes is over the limit of {MAX_NOTE_SIZE}.")
    try:
        content = data.decode("utf-8")
    except UnicodeDecodeError:
        raise NoteError("A signed note is text in UTF-8.", data) from None
    if any(c < " " and c != "\n" for c in content):
        raise NoteError("A signed note has no control characters.", data)
    text, blank, block = content.rpartition("\n\n")
    if not blank or not block.endswith("\n"):
        raise NoteError("A signed note ends with a blank line and its signature lines.", data)
    lines = block.removesuffix("\n").split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise NoteError(f"A signed note has at most {MAX_SIGNATURES} signatures.", data)
    parsed = tuple(line for line in map(_parse_line, lines) if line is not None)
    if len(parsed) != len(lines):
        raise NoteError("A signature line is malformed.", data)
    return Note(text + "\n", parsed)


def verify_note(note: Note, known: Mapping[KeyName, Check]) -> tuple[SignatureLine, ...]:
    """Return the lines by known keys, every one of them verified.

    Lines by unknown keys are left out. One bad line by a known key refuses the whole note: it is
    either altered or signed by somebody who should not be trusted with the rest.

    Raises:
        NoteSignatureError: a known key's line does not verify. `evidence` is the note.

    Source: C2SP signed-note, "Signatures".
    """
    verified: list[SignatureLine] = []
    text = note.text.encode()
    for line in note.signatures:
        check = known.get(line.key)
        if check is None:
            continue
        try:
            check(text, line.signature)
        except SignatureError:
            raise NoteSignatureError(
                f"The signature by {line.key.name} is wrong.", note.to_bytes()
            ) from None
        verified.append(line)
    return tuple(verified)


def sign_note(text: str, signers: Iterable[tuple[str, SigningSeed]]) -> Note:
    """Sign a text with one or more named Ed25519 keys.

    Args:
        text: ends with a newline, holds no other control character.
        signers: key names and seeds.

    Raises:
        NoteError: the result would not be a note that `parse_note` reads back.

    Source: C2SP signed-note, "Ed25519 signatures".
    """
    try:
        signed = text.encode("utf-8")
    except UnicodeEncodeError:
        raise NoteError("A note's text holds half of a surrogate pair.") from None
    lines: list[SignatureLine] = []
    for name, seed in signers:
        if not valid_key_name(name):
            raise NoteError("A key's name is empty, or holds a space or a plus sign.")
        signer = KeyName(name, key_id(name, ED25519, public_key(seed)))
        lines.append(SignatureLine(signer, sign(seed, signed)))
    note = Note(text, tuple(lines))
    if parse_note(note.to_bytes()) != note:
        raise NoteError("A text with signature lines of its own cannot be signed.")
    return note


def ed25519_check(key: PublicKey) -> Check:
    """Return the check for lines of type `ED25519` by this key."""

    def check(text: bytes, signature: bytes) -> None:
        verify(key, text, signature)

    return check


def _parse_line(line: str) -> SignatureLine | None:
    found = _LINE.fullmatch(line)
    if found is None or not valid_key_name(found[1]):
        return None
    raw = _decode_base64(found[2])
    if len(raw) <= _KEY_ID_SIZE:
        return None
    return SignatureLine(KeyName(found[1], raw[:_KEY_ID_SIZE]), raw[_KEY_ID_SIZE:])


def _decode_base64(encoded: str) -> bytes:
    """Decode the one canonical encoding of some bytes; empty for anything else."""
    try:
        raw = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return b""
    return raw if base64.b64encode(raw).decode() == encoded else b""
