"""Payloads that should be held and are not: taken when they come at last.

A payload that was kept back, lost, or erased here under a wrong clock leaves its announcement
missing, and every lookup INCOMPLETE. The entry was applied long ago; its commitment says which
bytes belong to it, whoever brings them. Specification: docs/spec/mirroring.md#applying.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from federation.applying import Poison, check_pieces
from federation.errors import PieceError
from federation.ports import Transaction
from protocol.entries import Announce, Revise, parse_entry
from protocol.errors import PeerError
from protocol.fold import Amended, Announced, Item, Standing, standing_after, step, within
from protocol.payload import Opening, Piece, Slot, slots_of

MAX_RECOVERED: Final = 64
"""Entries whose payloads are asked for again in one pull."""

_READ_AT_ONCE: Final = 256

Restored = Announced | Amended


@dataclass(frozen=True, slots=True)
class Recovered:
    """What became of payloads that came late.

    Attributes:
        effects: of those that are held now.
        poison: the first that its author committed to and that is none, or None.
    """

    effects: tuple[Restored, ...]
    poison: Poison | None


def recover_batch(
    tx: Transaction, origin: str, start: int, pieces: Sequence[Sequence[Piece]], ceiling: str
) -> Recovered:
    """Store what `pieces` bring of the payloads of entries that were applied without them.

    Args:
        tx: a write transaction.
        origin: association id of the log's author.
        start: index of the first entry.
        pieces: for each entry from there on what came of its payloads, in `slots_of` order.
        ceiling: `federation.applying.ceiling_at` now.

    Raises:
        PieceError: pieces that are not those of their entry; nothing was written.
    """
    raws = tx.entries(origin, start, start + len(pieces))
    found: dict[int, tuple[Restored, Opening]] = {}
    poison: Poison | None = None
    for index, (raw, row) in enumerate(zip(raws, pieces, strict=True), start):
        try:
            restored = _restored(tx, origin, index, raw, row, ceiling)
        except PieceError:
            raise
        except PeerError as error:
            poison = Poison(index, error, raw)
            tx.quarantine(origin, index, error.code, raw)
            break
        if restored is not None:
            found[index] = restored
    standings = _standings(tx, origin, [i for i, (it, _) in found.items() if _is_new(it)])
    for index, (effect, opening) in found.items():
        tx.restore(effect, opening, standings.get(index))
    return Recovered(tuple(effect for effect, _ in found.values()), poison)


def runs_of(indices: Iterable[int]) -> list[tuple[int, int]]:
    """Return the runs `(first, after the last)` of ascending `indices`: a request for each."""
    runs: list[tuple[int, int]] = []
    for index in indices:
        if runs and runs[-1][1] == index:
            runs[-1] = (runs[-1][0], index + 1)
        else:
            runs.append((index, index + 1))
    return runs


class _Anew:
    """The view in which an entry is folded once more: it passed among the others before."""

    def standing(self, origin: str, index: int) -> Standing | None:
        del origin, index
        return Standing.LIVE

    def has_entry_id(self, origin: str, entry_id: bytes) -> bool:
        del origin, entry_id
        return False


def _restored(
    tx: Transaction, origin: str, index: int, raw: bytes, row: Sequence[Piece], ceiling: str
) -> tuple[Restored, Opening] | None:
    entry = parse_entry(raw)
    check_pieces(origin, index, entry, row)
    if not isinstance(entry, Announce | Revise) or not isinstance(row[-1], Opening):
        return None
    if tx.standing(origin, entry.ref if isinstance(entry, Revise) else index) in _ENDED:
        return None
    by_slot = {slot: piece for (slot, _, _), piece in zip(slots_of(entry), row, strict=True)}
    effect = step(_Anew(), Item(origin, index, entry, by_slot))
    effect = None if effect is None else within(effect, ceiling)
    return (effect, row[-1]) if isinstance(effect, Announced | Amended) else None


_ENDED: Final = (None, Standing.WITHDRAWN)


def _is_new(effect: Restored) -> bool:
    return isinstance(effect, Announced)


def _standings(tx: Transaction, origin: str, indices: Sequence[int]) -> dict[int, Standing]:
    """Return where announcements stand that are searched again: by every revision since."""
    found = dict.fromkeys(indices, Standing.LIVE)
    size = tx.position(origin).applied.size if found else 0
    for at in range(min(found, default=0), size, _READ_AT_ONCE):
        for index, raw in enumerate(tx.entries(origin, at, at + _READ_AT_ONCE), at):
            entry = parse_entry(raw)
            if isinstance(entry, Revise) and entry.ref in found:
                (row,) = tx.pieces(origin, index, index + 1)
                effect = step(_Anew(), Item(origin, index, entry, {Slot.MAIN: row[0]}))
                if effect is not None:
                    found[entry.ref] = standing_after(effect, found[entry.ref])
    return found
