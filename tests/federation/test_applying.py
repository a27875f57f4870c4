import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.applying import append_own, apply_batch, ceiling_at
from federation.errors import MovedError, PieceError, RangeError
from federation.ports import Stored
from protocol.entries import Announce, parse_entry
from protocol.errors import FoldError
from protocol.fold import Amended, Announced, Standing
from protocol.merkle import CompactRange, leaf_hash
from protocol.payload import Code, Gone, Opening, commit
from tests.federation.hosts import NOW, stored
from tests.federation.memory_ledger import MemoryTransaction, State
from tests.protocol.builders import LogBuilder

ORIGIN = "cabiria"
CEILING = "2031-11"


def story() -> LogBuilder:
    log = LogBuilder(ORIGIN)
    log.announce("a")
    log.announce("b")
    log.revise(0, Code.AMEND)
    log.revise(0, Code.DISPUTE)
    log.revise(0, Code.AMEND)
    log.revise(1, Code.WITHDRAW)
    log.announce("c")
    log.revise(0, Code.WITHDRAW)
    return log


def apply(tx: MemoryTransaction, rows: list[Stored]) -> None:
    held = tx.position(ORIGIN).applied
    done = apply_batch(
        tx, ORIGIN, [row.raw for row in rows], [row.pieces for row in rows], held, CEILING
    )
    assert done.poison is None
    assert done.rows == tuple(rows)


@given(st.lists(st.integers(1, 4), min_size=8, max_size=8))
def test_however_a_log_is_cut_into_batches_the_result_is_the_same(sizes: list[int]) -> None:
    rows = stored(story())
    whole, cut = MemoryTransaction(State()), MemoryTransaction(State())
    apply(whole, rows)
    left = list(rows)
    for size in sizes:
        apply(cut, left[:size])
        left = left[size:]
    assert left == []
    assert cut.state.logs[ORIGIN].standings == whole.state.logs[ORIGIN].standings
    # Erasure by a withdrawal of a later batch leaves what it leaves within one batch.
    assert cut.state == whole.state
    assert whole.state.logs[ORIGIN].standings == {
        0: Standing.WITHDRAWN,
        1: Standing.WITHDRAWN,
        6: Standing.LIVE,
    }


@pytest.mark.parametrize(
    "spoil",
    [
        lambda log: log.revise(1, Code.WITHDRAW),
        lambda log: log.revise(0, Code.AMEND),
        lambda log: log.revise(2, Code.AMEND),
        lambda log: log.revise(99, Code.AMEND),
    ],
    ids=["withdrawn twice", "withdrawn, then amended", "no announcement", "not there"],
)
@pytest.mark.parametrize("cut", [0, 4, 8])
def test_a_poison_entry_is_found_wherever_the_batch_begins(spoil: object, cut: int) -> None:
    log = story()
    spoil(log)  # type: ignore[operator]
    log.announce("after")
    rows = stored(log)
    tx = MemoryTransaction(State())
    apply(tx, rows[:cut])
    held = tx.position(ORIGIN).applied
    rest = rows[cut:]
    done = apply_batch(
        tx, ORIGIN, [row.raw for row in rest], [row.pieces for row in rest], held, CEILING
    )
    assert done.poison is not None
    assert done.poison.index == 8
    position = tx.position(ORIGIN)
    assert position.applied == CompactRange().extend(leaf_hash(raw) for raw in log.raws[:8])
    assert (position.quarantined_at, position.quarantine) == (8, done.poison.error.code)
    assert tx.state.logs[ORIGIN].evidence == log.raws[8]


@pytest.mark.parametrize("code", [Code.AMEND, Code.DISPUTE])
def test_no_revision_brings_back_a_tag_that_is_not_held(code: Code) -> None:
    log = LogBuilder(ORIGIN)
    log.announce("a")
    log.revise(0, code)
    log.revise(0, Code.WITHDRAW)
    first, *rest = stored(log)
    rows = [Stored(first.raw, (Gone(by=2),)), *rest]
    tx = MemoryTransaction(State())
    apply(tx, rows[:2])
    assert tx.standing(ORIGIN, 0) is Standing.MISSING
    apply(tx, rows[2:])
    assert tx.standing(ORIGIN, 0) is Standing.WITHDRAWN
    whole = MemoryTransaction(State())
    apply(whole, rows)
    assert whole.state == tx.state


def test_a_month_that_is_too_late_stops_nobody() -> None:
    """Its author's clock was ahead for a day; the log must not be lost for that."""
    log = LogBuilder(ORIGIN)
    log.announce("a", until="2031-12")
    log.announce("b")
    log.revise(1, Code.AMEND, until="9999-12")
    rows = stored(log)
    tx = MemoryTransaction(State())
    done = append_own(tx, ORIGIN, rows, CEILING)
    months = [
        effect.payload.until
        for effect in done.effects
        if isinstance(effect, Announced | Amended) and effect.payload is not None
    ]
    assert months == [CEILING] * 3
    assert done.rows == tuple(rows)
    assert tx.position(ORIGIN).quarantine is None


def test_the_evidence_of_a_bad_payload_is_not_the_payload() -> None:
    log = LogBuilder(ORIGIN)
    log.announce("a")
    entry = parse_entry(log.raws[0])
    assert isinstance(entry, Announce)
    bad = Opening(bytes(32), b'{"type":"announcement"}')
    raw = Announce(id=entry.id, c=commit(ORIGIN, entry.id, bad)).encode()
    tx = MemoryTransaction(State())
    apply_batch(tx, ORIGIN, [raw], [[bad]], CompactRange(), CEILING)
    assert tx.position(ORIGIN).quarantine == "payload"
    evidence = tx.state.logs[ORIGIN].evidence or b""
    assert set(json.loads(evidence)) == {"kind", "v", "id", "c"}


@pytest.mark.parametrize("salt", [bytes(31), bytes(33)])
def test_a_payload_that_is_not_the_one_committed_to_is_not_applied(salt: bytes) -> None:
    log = LogBuilder(ORIGIN)
    log.announce("a")
    log.announce("b")
    entry = parse_entry(log.raws[1])
    assert isinstance(entry, Announce)
    # HMAC pads its key with zeros: only the salt's size tells these from the one committed to.
    zeros = Opening(bytes(32), b"{}")
    log.raws[1] = Announce(id=entry.id, c=commit(ORIGIN, entry.id, zeros)).encode()
    tx = MemoryTransaction(State())
    first = next(iter(log.pieces[0].values()))
    for bad in (Opening(salt, b"{}"), Opening(bytes(32), b"{ }")):
        with pytest.raises(PieceError):
            apply_batch(tx, ORIGIN, log.raws, [[first], [bad]], CompactRange(), CEILING)
    assert tx.position(ORIGIN).applied.size == 0
    assert tx.position(ORIGIN).quarantine is None


def test_entries_without_their_pieces_are_not_applied() -> None:
    (row,) = stored(story())[:1]
    tx = MemoryTransaction(State())
    with pytest.raises(RangeError):
        apply_batch(tx, ORIGIN, [row.raw], [], CompactRange(), CEILING)
    assert tx.state == State()


def test_a_node_cannot_append_what_its_peers_would_refuse() -> None:
    tx = MemoryTransaction(State())
    rows = stored(story())
    assert append_own(tx, ORIGIN, rows[:6], CEILING).range.size == 6
    assert append_own(tx, ORIGIN, rows[6:], CEILING).range.size == 8
    with pytest.raises(FoldError):
        append_own(tx, ORIGIN, rows[:1], CEILING)
    assert tx.position(ORIGIN).applied.size == 8
    assert tx.position(ORIGIN).quarantine is None


def test_an_own_entry_needs_all_its_openings() -> None:
    log = LogBuilder(ORIGIN)
    log.announce("a")
    with pytest.raises(PieceError):
        append_own(MemoryTransaction(State()), ORIGIN, [Stored(log.raws[0], ())], CEILING)


def test_a_batch_for_another_place_in_the_log_is_not_written() -> None:
    tx = MemoryTransaction(State())
    rows = stored(story())
    apply(tx, rows[:2])
    with pytest.raises(MovedError):
        apply_batch(tx, ORIGIN, [rows[6].raw], [rows[6].pieces], CompactRange(), CEILING)


@pytest.mark.parametrize(
    ("now", "months", "expected"),
    [
        (NOW, 60, "2031-11"),
        (NOW, 1, "2026-12"),
        (1_798_761_599 - 86_400, 12, "2027-12"),
        (1_798_761_600 - 86_400, 12, "2028-01"),
    ],
    ids=["today", "short", "a day and a second before the year ends", "a day before"],
)
def test_the_ceiling_tolerates_a_clock_that_is_already_in_the_next_month(
    now: int, months: int, expected: str
) -> None:
    assert ceiling_at(now, months) == expected
