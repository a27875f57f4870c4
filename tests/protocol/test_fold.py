import dataclasses
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.entries import Announce, Unknown
from protocol.errors import FoldError, PayloadError
from protocol.fold import (
    Amended,
    Announced,
    Disputed,
    Effect,
    Item,
    Standing,
    Withdrawn,
    standing_after,
    step,
    within,
)
from protocol.months import month_after, month_of
from protocol.payload import (
    AmendPayload,
    AnnouncePayload,
    Code,
    CodePayload,
    EmptyPayload,
    Expired,
    Gone,
    Opening,
    Slot,
    commit,
)
from tests.protocol.builders import LogBuilder

CEILING = "2031-12"


class MemoryView:
    """The fold's state in a dictionary, as an auditor keeps it."""

    def __init__(self) -> None:
        self.standings: dict[tuple[str, int], Standing] = {}
        self.ids: set[tuple[str, bytes]] = set()

    def standing(self, origin: str, index: int) -> Standing | None:
        return self.standings.get((origin, index))

    def has_entry_id(self, origin: str, entry_id: bytes) -> bool:
        return (origin, entry_id) in self.ids

    def take(self, item: Item) -> Effect | None:
        effect = step(self, item)
        if not isinstance(item.entry, Unknown):
            self.ids.add((item.origin, item.entry.id))
        if effect is not None:
            at = item.origin, effect.index if isinstance(effect, Announced) else effect.ref
            self.standings[at] = standing_after(effect, self.standings.get(at))
        return effect


def _fold(log: LogBuilder) -> tuple[MemoryView, list[Effect | None]]:
    view = MemoryView()
    return view, [view.take(log.item(index)) for index in range(len(log.raws))]


def test_the_life_of_an_announcement() -> None:
    log = LogBuilder()
    log.announce("a")
    log.announce("b")
    log.revise(0, Code.AMEND)
    log.revise(0, Code.DISPUTE)
    log.revise(0, Code.AMEND)
    log.revise(1, Code.WITHDRAW)
    view, effects = _fold(log)
    assert [type(effect) for effect in effects] == [
        Announced,
        Announced,
        Amended,
        Disputed,
        Amended,
        Withdrawn,
    ]
    assert view.standing("cabiria", 0) is Standing.LIVE
    assert view.standing("cabiria", 1) is Standing.WITHDRAWN
    assert isinstance(effects[0], Announced)
    assert isinstance(effects[0].payload, AnnouncePayload)
    assert isinstance(effects[2], Amended)
    assert isinstance(effects[2].payload, AmendPayload)
    assert effects[0].id == LogBuilder().entry_id()
    assert effects[0].origin == effects[1].origin == "cabiria"  # type: ignore[union-attr]
    assert effects[3] == Disputed("cabiria", 3, 0)
    assert effects[5] == Withdrawn("cabiria", 5, 1)


def test_an_unknown_kind_changes_nothing() -> None:
    assert MemoryView().take(Item("cabiria", 0, Unknown("deal"), {})) is None


@pytest.mark.parametrize("piece", [Gone(1), Expired(), None])
def test_an_erased_announcement_is_missing_until_its_withdrawal_comes(
    piece: Gone | Expired | None,
) -> None:
    log = LogBuilder()
    log.announce()
    log.revise(0, Code.WITHDRAW)
    log.pieces[0] = {} if piece is None else {Slot.MAIN: piece}
    log.pieces[1][Slot.BODY] = Expired()
    view = MemoryView()
    assert view.take(log.item(0)) == Announced("cabiria", 0, log.item(0).entry.id, None)  # type: ignore[union-attr]
    assert view.standing("cabiria", 0) is Standing.MISSING
    assert view.take(log.item(1)) == Withdrawn("cabiria", 1, 0)


def test_an_erased_amendment_keeps_its_place() -> None:
    log = LogBuilder()
    log.announce()
    log.revise(0, Code.AMEND)
    log.pieces[1][Slot.BODY] = Gone(2)
    assert _fold(log)[1][1] == Amended("cabiria", 1, 0, None)


@pytest.mark.parametrize("ref", [1, 2, 5])
def test_a_revision_of_nothing_is_refused(ref: int) -> None:
    log = LogBuilder()
    log.announce()
    log.revise(ref, Code.DISPUTE)
    with pytest.raises(FoldError):
        _fold(log)


def test_a_revision_of_a_revision_is_refused() -> None:
    log = LogBuilder()
    log.announce()
    log.revise(0, Code.DISPUTE)
    log.revise(1, Code.WITHDRAW)
    with pytest.raises(FoldError):
        _fold(log)


def test_nothing_follows_a_withdrawal() -> None:
    log = LogBuilder()
    log.announce()
    log.revise(0, Code.WITHDRAW)
    log.revise(0, Code.AMEND)
    with pytest.raises(FoldError):
        _fold(log)


def test_one_association_cannot_revise_another() -> None:
    theirs, ours = LogBuilder("strass"), LogBuilder("cabiria")
    theirs.announce()
    ours.revise(0, Code.WITHDRAW)
    view = MemoryView()
    view.take(theirs.item(0))
    with pytest.raises(FoldError):
        view.take(dataclasses.replace(ours.item(0), index=1))


def test_an_id_is_used_once() -> None:
    log = LogBuilder()
    log.announce("a")
    log.raws.append(log.raws[0])
    log.pieces.append(log.pieces[0])
    with pytest.raises(FoldError):
        _fold(log)


def test_a_date_beyond_retention_counts_as_the_ceiling() -> None:
    log = LogBuilder()
    log.announce(until="2032-01")
    log.revise(0, Code.AMEND, until="9999-12")
    log.announce("b", until=CEILING)
    log.revise(0, Code.DISPUTE)
    announced, amended, sound, disputed = (effect for effect in _fold(log)[1] if effect)
    for late in (announced, amended):
        assert isinstance(late, Announced | Amended)
        kept = within(late, CEILING)
        assert isinstance(kept, Announced | Amended)
        assert kept.payload is not None
        assert late.payload is not None
        assert kept.payload.model_dump() == late.payload.model_dump() | {"until": CEILING}
        assert kept.index == late.index
    assert within(sound, CEILING) is sound
    assert within(disputed, CEILING) is disputed
    erased = Announced("cabiria", 0, bytes(16), None)
    assert within(erased, CEILING) is erased


_WITHDRAWN, _DISPUTED = Withdrawn("cabiria", 1, 0), Disputed("cabiria", 1, 0)
_AMENDED = Amended("cabiria", 1, 0, None)


@pytest.mark.parametrize(
    ("effect", "before", "after"),
    [
        (Announced("cabiria", 0, bytes(16), None), None, Standing.MISSING),
        (_AMENDED, Standing.LIVE, Standing.LIVE),
        (_AMENDED, Standing.DISPUTED, Standing.LIVE),
        (_AMENDED, Standing.MISSING, Standing.MISSING),
        (_DISPUTED, Standing.LIVE, Standing.DISPUTED),
        (_DISPUTED, Standing.DISPUTED, Standing.DISPUTED),
        (_DISPUTED, Standing.MISSING, Standing.MISSING),
        (_WITHDRAWN, Standing.LIVE, Standing.WITHDRAWN),
        (_WITHDRAWN, Standing.DISPUTED, Standing.WITHDRAWN),
        (_WITHDRAWN, Standing.MISSING, Standing.WITHDRAWN),
    ],
)
def test_where_an_announcement_stands(
    effect: Effect, before: Standing | None, after: Standing
) -> None:
    assert standing_after(effect, before) is after


def test_bytes_copied_from_another_log_are_refused() -> None:
    theirs, ours = LogBuilder("strass"), LogBuilder("cabiria")
    theirs.announce()
    piece = theirs.pieces[0][Slot.MAIN]
    assert isinstance(piece, Opening)
    entry_id = ours.entry_id()
    ours.add(Announce(id=entry_id, c=commit("cabiria", entry_id, piece)), {Slot.MAIN: piece})
    with pytest.raises(PayloadError, match="copied"):
        _fold(ours)


def test_a_code_is_never_erased() -> None:
    log = LogBuilder()
    log.announce()
    log.revise(0, Code.WITHDRAW)
    log.pieces[1][Slot.MAIN] = Gone(1)
    with pytest.raises(PayloadError):
        _fold(log)


def test_payloads_must_fit_the_entry() -> None:
    amendment = AmendPayload(origin="cabiria", notice=bytes(512), until="2031-11")
    announcement = AnnouncePayload(
        origin="cabiria", generation=1, tag=bytes(32), notice=bytes(512), until="2031-11"
    )
    code = CodePayload
    for main, body in (
        (announcement, EmptyPayload()),
        (code(code=Code.AMEND), EmptyPayload()),
        (code(code=Code.WITHDRAW), amendment),
        (code(code=Code.DISPUTE), amendment),
    ):
        log = LogBuilder()
        log.announce()
        log.revise_with(0, main, body)
        with pytest.raises(PayloadError):
            _fold(log)


def test_a_code_is_not_an_announcement() -> None:
    log = LogBuilder()
    log.announce()
    opening = log.opening(CodePayload(code=Code.AMEND))
    entry_id = log.entry_id()
    log.add(Announce(id=entry_id, c=commit("cabiria", entry_id, opening)), {Slot.MAIN: opening})
    with pytest.raises(PayloadError):
        _fold(log)


@given(st.randoms(use_true_random=False))
def test_the_order_in_which_logs_arrive_does_not_matter(chance: random.Random) -> None:
    logs = {name: LogBuilder(name) for name in ("strass", "cabiria", "griselidis")}
    for log in logs.values():
        log.announce("a")
        log.announce("b")
        log.revise(0, chance.choice(list(Code)))
    queue = [(name, i) for name in logs for i in range(3)]
    expected = MemoryView()
    for name, index in queue:
        expected.take(logs[name].item(index))
    order = [name for name, _ in queue]
    chance.shuffle(order)
    seen, view = dict.fromkeys(logs, 0), MemoryView()
    for name in order:
        view.take(logs[name].item(seen[name]))
        seen[name] += 1
    assert view.standings == expected.standings


@pytest.mark.parametrize(
    ("month", "months", "expected"),
    [("2026-11", 60, "2031-11"), ("2026-12", 1, "2027-01"), ("2026-01", 0, "2026-01")],
)
def test_months(month: str, months: int, expected: str) -> None:
    assert month_after(month, months) == expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [(1_798_761_599, "2026-12"), (1_798_761_600, "2027-01"), (0, "1970-01")],
)
def test_a_month_begins_at_midnight_utc(now: int, expected: str) -> None:
    assert month_of(now) == expected
