"""The one place where log entries and their payloads become effects.

Entries pulled from a peer, entries inside a hint and this node's own appends all pass here, so
that a node cannot publish what its peers would refuse.
Specification: docs/spec/mirroring.md#applying.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from federation.errors import PieceError, RangeError
from federation.ports import Stored, Transaction
from protocol.entries import Announce, Entry, Revise, parse_entry
from protocol.errors import PeerError
from protocol.fold import (
    Announced,
    Effect,
    Item,
    Standing,
    View,
    standing_after,
    step,
    within,
)
from protocol.merkle import CompactRange, leaf_hash
from protocol.months import month_after, month_of
from protocol.payload import (
    Expired,
    Gone,
    Held,
    Opening,
    Piece,
    Slot,
    opens,
    slots_of,
)

CEILING_TOLERANCE: Final = 86_400
"""Seconds: on the last evening of a month a peer's clock may already be in the next one."""


@dataclass(frozen=True, slots=True)
class Poison:
    """The entry that stopped a batch.

    Attributes:
        index: its place in the log.
        error: why it may not be applied.
        raw: the entry as received. Its payloads are left out: they may have to be erased, and
            evidence is kept.
    """

    index: int
    error: PeerError
    raw: bytes


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a batch.

    Attributes:
        effects: of the entries applied, in order.
        rows: the entries applied: all, or those before the poison.
        range: the log including them.
        poison: the entry at which it stopped, or None.
    """

    effects: tuple[Effect, ...]
    rows: tuple[Stored, ...]
    range: CompactRange
    poison: Poison | None


def apply_batch(
    tx: Transaction,
    origin: str,
    raws: Sequence[bytes],
    pieces: Sequence[Sequence[Piece]],
    applied_range: CompactRange,
    ceiling: str,
) -> Applied:
    """Fold entries onto what `tx` holds, append those that are sound, quarantine at the first bad.

    Args:
        tx: a write transaction.
        origin: association id of the log's author.
        raws: entries after the ones held, verified against a signed head.
        pieces: for each entry what came of its payloads, in `slots_of` order.
        applied_range: what is held of the log.
        ceiling: `ceiling_at` now.

    Raises:
        RangeError: not one row of pieces for each entry; nothing was written.
        PieceError: pieces that are not those of their entry; nothing was written.
        MovedError: the log has grown since `applied_range` was read; nothing was written.
    """
    batch = fold_batch(tx, origin, raws, pieces, applied_range, ceiling)
    if batch.rows:
        tx.append(origin, batch.rows, batch.effects, batch.range)
    if batch.poison is not None:
        poison = batch.poison
        tx.quarantine(origin, poison.index, poison.error.code, poison.raw)
    return batch


def append_own(tx: Transaction, origin: str, rows: Sequence[Stored], ceiling: str) -> Applied:
    """Append this node's own entries to its own log, by the rules that its peers apply.

    Args:
        tx: a write transaction; the caller signs the new head and records it in the same one.
        origin: this association's id.
        rows: new entries with all their openings.
        ceiling: `ceiling_at` now.

    Returns:
        What was applied: all of `rows`. Its `range` has the root to sign, once it agrees with the
        entries as stored.

    Raises:
        PeerError: an entry that peers would refuse; nothing was written.
    """
    held = tx.position(origin).applied
    batch = fold_batch(
        tx, origin, [row.raw for row in rows], [row.pieces for row in rows], held, ceiling
    )
    if batch.poison is not None:
        raise batch.poison.error
    tx.append(origin, batch.rows, batch.effects, batch.range)
    return batch


def fold_batch(
    view: View,
    origin: str,
    raws: Sequence[bytes],
    pieces: Sequence[Sequence[Piece]],
    applied_range: CompactRange,
    ceiling: str,
) -> Applied:
    """Return what `apply_batch` would do, without doing it."""
    if len(raws) != len(pieces):
        raise RangeError("A peer's payloads do not go with its entries.")
    overlay = _Overlay(view, origin)
    effects: list[Effect] = []
    rows: list[Stored] = []
    poison: Poison | None = None
    for index, (raw, row) in enumerate(zip(raws, pieces, strict=True), applied_range.size):
        try:
            effect = _step(overlay, origin, index, raw, row)
        except PieceError:  # not what the log's key signed: nobody is convicted, nothing applied
            raise
        except PeerError as error:
            poison = Poison(index, error, raw)
            break
        rows.append(Stored(raw, tuple(row)))
        if effect is not None:
            effects.append(within(effect, ceiling))
    grown = applied_range.extend(leaf_hash(row.raw) for row in rows)
    return Applied(tuple(effects), tuple(rows), grown, poison)


def ceiling_at(now: int, retention_months: int) -> str:
    """Return the latest month (`YYYY-MM`) to which a payload is kept, whatever it asks for.

    Args:
        now: Unix seconds.
        retention_months: the network's parameter.
    """
    return month_after(month_of(now + CEILING_TOLERANCE), retention_months)


@dataclass(slots=True)
class _Overlay:
    """The view of one log after the entries of a batch that are folded but not yet written."""

    below: View
    origin: str
    _ids: set[bytes] = field(default_factory=set)
    _standings: dict[int, Standing] = field(default_factory=dict)

    def standing(self, origin: str, index: int) -> Standing | None:
        if index in self._standings:
            return self._standings[index]
        return self.below.standing(origin, index)

    def has_entry_id(self, origin: str, entry_id: bytes) -> bool:
        return entry_id in self._ids or self.below.has_entry_id(origin, entry_id)

    def note(self, entry: Entry, effect: Effect | None) -> None:
        if isinstance(entry, Announce | Revise):
            self._ids.add(entry.id)
        if effect is not None:
            at = effect.index if isinstance(effect, Announced) else effect.ref
            self._standings[at] = standing_after(effect, self.standing(self.origin, at))


def check_pieces(origin: str, index: int, entry: Entry, row: Sequence[Piece]) -> None:
    """Return if `row` can be what lies beside `entry`; what its payloads say is the fold's matter.

    Args:
        origin: association id of the log's author.
        index: of the entry.
        entry: verified.
        row: as received. Nobody has signed it: only an opening proves itself.

    Raises:
        PieceError: another number of pieces than slots; a payload that does not open its
            commitment; one erased by an entry that is not later, or kept back; no code, though
            codes are never erased.
    """
    slots = slots_of(entry)
    if len(row) != len(slots):
        raise PieceError("An entry comes with another number of payloads than it commits to.")
    for (slot, entry_id, commitment), piece in zip(slots, row, strict=True):
        match piece:
            case Opening() if not opens(origin, entry_id, commitment, piece):
                raise PieceError("A payload does not open the commitment in its log entry.")
            case Gone() if piece.by <= index:
                raise PieceError("A payload is said to be erased by an entry that is not later.")
            case Held():
                raise PieceError("A payload is kept from a member, as if it were an auditor.")
            case Gone() | Expired() if isinstance(entry, Revise) and slot is Slot.MAIN:
                raise PieceError("A revision does not show whether it amends, withdraws, disputes.")
            case _:
                pass


def _step(
    overlay: _Overlay, origin: str, index: int, raw: bytes, row: Sequence[Piece]
) -> Effect | None:
    entry = parse_entry(raw)
    slots = slots_of(entry)
    check_pieces(origin, index, entry, row)
    by_slot = {slot: piece for (slot, _, _), piece in zip(slots, row, strict=True)}
    effect = step(overlay, Item(origin, index, entry, by_slot))
    overlay.note(entry, effect)
    return effect
