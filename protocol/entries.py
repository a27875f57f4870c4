"""Log entries: canonical JSON of a closed set of kinds, stored and hashed as bytes.

An entry is what can never be erased, so it carries nothing about a person: its kind, a salted
commitment to a payload that lies beside it, and a reference where it needs one.
Specification: docs/spec/entries.md#entries.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from protocol.canonical import loads
from protocol.errors import CriticalEntryError, EntryError
from protocol.message import Hex16, Hex32, Message, read_message

MAX_ENTRY_SIZE = 65_535
"""Bytes. An entry must fit the 16-bit length prefix of a C2SP entry bundle."""


class Announce(Message):
    """One association announces one identifier's tag. `c` commits to an `AnnouncePayload`."""

    kind: Literal["announce"] = "announce"
    v: Literal[1] = 1
    id: Hex16
    c: Hex32


class Revise(Message):
    """Amends, withdraws or disputes the announcement at index `ref` of the same log.

    One kind for all three, so that a log's shape does not tell them apart: `c` commits to the code
    (kept for good, shown to auditors), `body` to what may be erased.
    """

    kind: Literal["revise"] = "revise"
    v: Literal[1] = 1
    id: Hex16
    ref: Annotated[int, Field(ge=0, lt=2**53)]
    c: Hex32
    body: Hex32


@dataclass(frozen=True, slots=True)
class Unknown:
    """An entry of a kind that this version does not know: stored, mirrored, otherwise ignored."""

    kind: str


Entry = Announce | Revise | Unknown

_KINDS: dict[str, type[Announce | Revise]] = {"announce": Announce, "revise": Revise}


def encode_entry(entry: Announce | Revise) -> bytes:
    """Return the canonical bytes of `entry`, which are what the log hashes."""
    return entry.encode()


def parse_entry(data: bytes) -> Entry:
    """Return the entry in `data`, as received from a peer or read back from storage.

    Raises:
        CanonicalError: not canonical JSON (RFC 8785), or larger than `MAX_ENTRY_SIZE`.
        EntryError: not an object with a kind, or not the shape of its kind.
        CriticalEntryError: an unknown kind marked `crit`; the log may not be read past it.
    """
    value = loads(data, MAX_ENTRY_SIZE)
    kind = value.get("kind") if isinstance(value, dict) else None
    if not isinstance(kind, str):
        raise EntryError("A log entry has no kind.", data)
    shape = _KINDS.get(kind)
    if shape is None:
        if value.get("crit") is True:
            raise CriticalEntryError(
                "A log entry is of a kind that this version does not know and may not skip.", data
            )
        return Unknown(kind)
    return read_message(
        shape, data, MAX_ENTRY_SIZE, EntryError, f"A log entry is not the shape of kind {kind!r}."
    )
