"""Payloads: what lies beside the log and can be erased, bound to its entry by a salted commitment.

`c = HMAC-SHA256(salt, "veilleuse/leaf/v1" ‖ lp(origin) ‖ lp(id) ‖ payload)`. Without the salt the
commitment says nothing about the payload, so erasing salt and payload erases for good while the
log still verifies. Specification: docs/spec/entries.md#payloads.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from crypto.derivation import hmac_sha256
from crypto.labels import Label
from protocol.canonical import loads
from protocol.entries import Announce, Entry, Revise
from protocol.errors import PayloadError
from protocol.message import AssociationId, Base64, Hex32, Message, Month, read_message

MAX_PAYLOAD_SIZE = 4096
"""Bytes. The largest payload of this version is about 950."""

SALT_SIZE = 32
NOTICE_SIZE = 512
"""Bytes of every sealed notice, so that its length says nothing."""

_MALFORMED = "A payload does not have the shape of its kind."

SealedNotice = Annotated[Base64, Field(min_length=NOTICE_SIZE, max_length=NOTICE_SIZE)]


class Code(StrEnum):
    """What a `revise` does. Never erased: an auditor must see that a withdrawal was one."""

    AMEND = "amend"
    WITHDRAW = "withdraw"
    DISPUTE = "dispute"


class AnnouncePayload(Message):
    """Beside an `announce`. `until` is the outer ceiling, the same for every severity.

    `origin` is the association that announces: its bytes are nobody else's, so a copy of them is
    refused in any other log.
    """

    type: Literal["announcement"] = "announcement"
    origin: AssociationId
    generation: Annotated[int, Field(ge=1, lt=2**31)]
    tag: Hex32
    notice: SealedNotice
    until: Month


class CodePayload(Message):
    """Beside a `revise`, under its `c`."""

    type: Literal["code"] = "code"
    code: Code


class AmendPayload(Message):
    """Beside a `revise` that amends, under its `body`: the notice that replaces the earlier one."""

    type: Literal["amendment"] = "amendment"
    origin: AssociationId
    notice: SealedNotice
    until: Month


class EmptyPayload(Message):
    """Beside a `revise` that withdraws or disputes, under its `body`."""

    type: Literal["empty"] = "empty"


Payload = AnnouncePayload | CodePayload | AmendPayload | EmptyPayload


class Slot(StrEnum):
    """Which of an entry's commitments a payload opens."""

    MAIN = "c"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class Opening:
    """A payload and the 32-byte salt that opens its commitment. Bytes are kept as received."""

    salt: bytes
    payload: bytes


@dataclass(frozen=True, slots=True)
class Gone:
    """The payload was erased, under the revision at index `by` of the same log."""

    by: int


@dataclass(frozen=True, slots=True)
class Expired:
    """The payload was erased because its own ceiling passed; its origin has not logged it yet."""


@dataclass(frozen=True, slots=True)
class Held:
    """The payload is held, but not shown to the one who asks: an auditor sees statuses only."""


Piece = Opening | Gone | Expired | Held

_ALLOWED: dict[Slot, tuple[type[Payload], ...]] = {
    Slot.MAIN: (AnnouncePayload, CodePayload),
    Slot.BODY: (AmendPayload, EmptyPayload),
}


def slots_of(entry: Entry) -> tuple[tuple[Slot, bytes, bytes], ...]:
    """Return `(slot, entry id, commitment)` for each payload that lies beside `entry`."""
    match entry:
        case Announce():
            return ((Slot.MAIN, entry.id, entry.c),)
        case Revise():
            return ((Slot.MAIN, entry.id, entry.c), (Slot.BODY, entry.id, entry.body))
        case _:
            return ()


def encode_payload(payload: Payload) -> bytes:
    """Return the canonical bytes that are committed to, stored and sent."""
    return payload.encode()


def commit(origin: str, entry_id: bytes, opening: Opening) -> bytes:
    """Return the 32-byte commitment to `opening` for the entry `entry_id` of `origin`'s log."""
    return hmac_sha256(opening.salt, Label.LEAF, origin.encode(), entry_id, tail=opening.payload)


def opens(origin: str, entry_id: bytes, commitment: bytes, opening: Opening) -> bool:
    """Return whether `opening` is what the author of the entry committed to.

    If not, its author has said nothing: the fault is with whoever shows it.
    """
    committed = commit(origin, entry_id, opening)
    return len(opening.salt) == SALT_SIZE and hmac.compare_digest(committed, commitment)


def open_payload(
    origin: str, entry_id: bytes, slot: Slot, commitment: bytes, opening: Opening
) -> Payload:
    """Return the payload that `opening` reveals, checked against its commitment.

    Raises:
        PayloadError: wrong salt or payload, not a payload that belongs in `slot`, or one that
            another association made.
        CanonicalError: the committed bytes are not canonical JSON.
    """
    if not opens(origin, entry_id, commitment, opening):
        raise PayloadError(
            "A payload does not open the commitment in its log entry.", opening.payload
        )
    value = loads(opening.payload, MAX_PAYLOAD_SIZE)
    kind = value.get("type") if isinstance(value, dict) else None
    for shape in _ALLOWED[slot]:
        if shape.model_fields["type"].default == kind:
            payload = read_message(
                shape, opening.payload, MAX_PAYLOAD_SIZE, PayloadError, _MALFORMED
            )
            if isinstance(payload, AnnouncePayload | AmendPayload) and payload.origin != origin:
                raise PayloadError("A payload was copied from another association's log.")
            return payload
    raise PayloadError(_MALFORMED, opening.payload)


class PieceMessage(Message):
    """One payload on the wire: either `s` and `p`, or `gone`, or `expired`, or `held`."""

    s: Annotated[Base64, Field(min_length=SALT_SIZE, max_length=SALT_SIZE)] | None = None
    p: Annotated[Base64, Field(max_length=MAX_PAYLOAD_SIZE)] | None = None
    gone: Annotated[int, Field(ge=0, lt=2**53)] | None = None
    expired: Literal[True] | None = None
    held: Literal[True] | None = None


class PiecesMessage(Message):
    """Answer of `GET /federation/v1/payloads/{origin}/{from}/{to}`: one row of pieces an entry."""

    items: tuple[tuple[PieceMessage, ...], ...]


def encode_pieces(rows: Sequence[Sequence[Piece]]) -> bytes:
    """Return the canonical wire form of `rows`, one per entry, each in `slots_of` order."""
    return PiecesMessage(
        items=tuple(tuple(_to_wire(piece) for piece in row) for row in rows)
    ).encode()


def parse_pieces(data: bytes, limit: int) -> tuple[tuple[Piece, ...], ...]:
    """Return the rows of pieces in `data`, at most `limit` bytes.

    Raises:
        CanonicalError: not canonical JSON, or too long.
        PayloadError: not the shape of an answer.
    """
    message = read_message(
        PiecesMessage, data, limit, PayloadError, "A peer's payload answer is malformed."
    )
    return tuple(tuple(_from_wire(piece, data) for piece in row) for row in message.items)


def _to_wire(piece: Piece) -> PieceMessage:
    match piece:
        case Opening():
            return PieceMessage(s=piece.salt, p=piece.payload)
        case Gone():
            return PieceMessage(gone=piece.by)
        case Expired():
            return PieceMessage(expired=True)
        case _:
            return PieceMessage(held=True)


def _from_wire(message: PieceMessage, evidence: bytes) -> Piece:
    match message:
        case PieceMessage(s=bytes(salt), p=bytes(payload), gone=None, expired=None, held=None):
            return Opening(salt, payload)
        case PieceMessage(s=None, p=None, gone=int(by), expired=None, held=None):
            return Gone(by)
        case PieceMessage(s=None, p=None, gone=None, expired=True, held=None):
            return Expired()
        case PieceMessage(s=None, p=None, gone=None, expired=None, held=True):
            return Held()
        case _:
            raise PayloadError(
                "A payload answer is neither a payload nor a statement that it is gone.", evidence
            )
