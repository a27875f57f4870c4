"""The fold: verified entries in, standing announcements out.

Every node and every auditor runs this same function over each log, entry by entry, in the log's own
order; nothing in it depends on the order in which *different* logs arrive. It holds no state: what
is already known comes from a `View`, what changes goes out as effects, so that a node applies them
to tables of millions of rows and an auditor to a dictionary.
Specification: docs/spec/entries.md#the-fold.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from protocol.entries import Announce, Entry, Revise
from protocol.errors import FoldError, PayloadError
from protocol.payload import (
    AmendPayload,
    AnnouncePayload,
    Code,
    CodePayload,
    EmptyPayload,
    Opening,
    Piece,
    Slot,
    open_payload,
    slots_of,
)


class Standing(StrEnum):
    """Where one announcement stands."""

    LIVE = "live"
    DISPUTED = "disputed"
    MISSING = "missing"
    """Its payload is not held and no verified erasure explains that: it cannot be searched."""
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of one log with whatever is held of its payloads, all bytes as received."""

    origin: str
    index: int
    entry: Entry
    pieces: Mapping[Slot, Piece]


@dataclass(frozen=True, slots=True)
class Announced:
    """A new announcement. `payload` is None when it cannot be searched (erased, or lost)."""

    origin: str
    index: int
    id: bytes
    payload: AnnouncePayload | None


@dataclass(frozen=True, slots=True)
class Amended:
    """Announcement `ref` has a new notice (None: already erased), and is no longer disputed.

    It may be kept until the later of its own month and the new notice's.
    """

    origin: str
    index: int
    ref: int
    payload: AmendPayload | None


@dataclass(frozen=True, slots=True)
class Disputed:
    """Announcement `ref` is disputed: it still matches, its content is withheld."""

    origin: str
    index: int
    ref: int


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Announcement `ref` no longer matches; its payloads are to be erased."""

    origin: str
    index: int
    ref: int


Effect = Announced | Amended | Disputed | Withdrawn


class View(Protocol):
    """What the fold needs to know of the entries before this one in the same log."""

    def standing(self, origin: str, index: int) -> Standing | None:
        """Return where the announcement at `index` stands; None if no announcement is there."""

    def has_entry_id(self, origin: str, entry_id: bytes) -> bool:
        """Return whether an earlier entry of `origin` carries this id."""


def step(view: View, item: Item) -> Effect | None:
    """Return what `item` changes, or None. No clock is read: a log is sound or not for good.

    Args:
        view: the state before this entry.
        item: the next entry of its log; its index is the number of entries before it.

    Raises:
        FoldError: an id used twice, a revision of something that is not a standing announcement.
        PayloadError, CanonicalError: a payload does not open its commitment, is malformed or was
            copied from another association's log, or a code is missing (codes are never erased).
    """
    entry = item.entry
    if isinstance(entry, Announce | Revise) and view.has_entry_id(item.origin, entry.id):
        raise FoldError("A log uses one id for two entries.")
    match entry:
        case Announce():
            return _announce(item, entry)
        case Revise():
            return _revise(view, item, entry)
        case _:
            return None


def standing_after(effect: Effect, before: Standing | None) -> Standing:
    """Return where an announcement stands after `effect`.

    Args:
        effect: the announcement itself, or what revises it.
        before: where it stood; None for an `Announced`.
    """
    match effect:
        case Announced(payload=payload):
            return Standing.MISSING if payload is None else Standing.LIVE
        case Withdrawn():
            return Standing.WITHDRAWN
        case _ if before is Standing.MISSING:
            return Standing.MISSING  # no revision brings back a tag that is not held
        case Disputed():
            return Standing.DISPUTED
        case _:
            return Standing.LIVE


def within(effect: Effect, ceiling: str) -> Effect:
    """Return `effect` with its payload's month brought down to `ceiling` (`YYYY-MM`).

    A month that is too late is a clock that was wrong when it was written: the announcement counts,
    and is kept no longer than any other.
    """
    match effect:
        case Announced(payload=AnnouncePayload() as announced) if announced.until > ceiling:
            return replace(effect, payload=announced.model_copy(update={"until": ceiling}))
        case Amended(payload=AmendPayload() as amended) if amended.until > ceiling:
            return replace(effect, payload=amended.model_copy(update={"until": ceiling}))
        case _:
            return effect


def _announce(item: Item, entry: Announce) -> Announced:
    payload = _opened(item, Slot.MAIN)
    if payload is None:
        return Announced(item.origin, item.index, entry.id, None)
    if not isinstance(payload, AnnouncePayload):
        raise PayloadError("An announcement's payload is of another kind.")
    return Announced(item.origin, item.index, entry.id, payload)


def _revise(view: View, item: Item, entry: Revise) -> Effect:
    standing = view.standing(item.origin, entry.ref)
    if entry.ref >= item.index or standing is None or standing is Standing.WITHDRAWN:
        raise FoldError("A log revises something that is not a standing announcement of its own.")
    code = _opened(item, Slot.MAIN)
    if not isinstance(code, CodePayload):
        raise PayloadError("A revision does not show whether it amends, withdraws or disputes.")
    body = _opened(item, Slot.BODY)
    if code.code is Code.AMEND:
        if not isinstance(body, AmendPayload | None):
            raise PayloadError("An amendment has no notice.")
        return Amended(item.origin, item.index, entry.ref, body)
    if not isinstance(body, EmptyPayload | None):
        raise PayloadError("A withdrawal or a dispute carries content.")
    if code.code is Code.DISPUTE:
        return Disputed(item.origin, item.index, entry.ref)
    return Withdrawn(item.origin, item.index, entry.ref)


def _opened(
    item: Item, wanted: Slot
) -> AnnouncePayload | CodePayload | AmendPayload | EmptyPayload | None:
    for slot, entry_id, commitment in slots_of(item.entry):
        piece = item.pieces.get(slot)
        if slot is wanted and isinstance(piece, Opening):
            return open_payload(item.origin, entry_id, slot, commitment, piece)
    return None
