import dataclasses
import json
from itertools import permutations, product

import pytest

from protocol.audit import Copy, Report, Rule, audit
from protocol.checkpoint import Checkpoint, cosign, sign_checkpoint
from protocol.entries import Announce, parse_entry
from protocol.merkle import CompactRange, leaf_hash
from protocol.payload import (
    AmendPayload,
    AnnouncePayload,
    Code,
    CodePayload,
    Expired,
    Gone,
    Held,
    Opening,
    Piece,
    Slot,
    commit,
    slots_of,
)
from tests.protocol.builders import LogBuilder, network, seed

ROSTER = network().roster
MONTH = "2026-11"
NOW = 1_795_000_000


def _head(log: LogBuilder, size: int | None = None, signer: str | None = None) -> bytes:
    origin = ROSTER.log_origin(log.origin)
    raws = log.raws if size is None else log.raws[:size]
    grown = CompactRange().extend(leaf_hash(raw) for raw in raws)
    checkpoint = Checkpoint(origin, grown.size, grown.root())
    note = sign_checkpoint(checkpoint, origin, seed(f"{signer or log.origin} log"))
    witness = seed(f"{log.origin} witness")
    return cosign(note, ROSTER.witness_name(log.origin), witness, NOW)


def _rows(log: LogBuilder) -> list[tuple[Piece, ...]]:
    return [
        tuple(pieces[slot] for slot, _, _ in slots_of(parse_entry(raw)))
        for raw, pieces in zip(log.raws, log.pieces, strict=True)
    ]


def _copy(log: LogBuilder, holder: str = "strass") -> Copy:
    return Copy(holder, log.origin, _head(log), tuple(log.raws), _rows(log))


def _erase(log: LogBuilder, index: int, slot: Slot, by: int) -> None:
    log.pieces[index][slot] = Gone(by)


def _story() -> LogBuilder:
    """Two announcements; the first amended, disputed, and withdrawn with its payloads erased."""
    log = LogBuilder()
    log.announce("a")
    log.announce("b")
    log.revise(0, Code.AMEND)
    log.revise(0, Code.DISPUTE)
    log.revise(0, Code.WITHDRAW)
    _erase(log, 0, Slot.MAIN, 4)
    _erase(log, 2, Slot.BODY, 4)
    return log


def _payload(log: LogBuilder, index: int, slot: Slot = Slot.MAIN) -> AnnouncePayload | AmendPayload:
    opening = log.pieces[index][slot]
    assert isinstance(opening, Opening)
    shape = AnnouncePayload if slot is Slot.MAIN else AmendPayload
    return shape.model_validate_json(opening.payload)


def _rules(report: Report, origin: str = "cabiria") -> list[tuple[Rule, str, int | None]]:
    for finding in report.findings:
        assert finding.origin == origin
        sentence = finding.sentence
        assert sentence[0].isupper() or sentence.startswith(("strass ", "griselidis "))
        assert sentence.endswith(".")
        assert not sentence.isupper()
    return [(f.rule, f.at_fault, f.index) for f in report.findings]


def test_a_correct_network_is_sound() -> None:
    log = _story()
    report = audit(ROSTER, [_copy(log, "cabiria"), _copy(log, "strass")], MONTH)
    assert report.sound
    first = report.logs[0]
    assert (first.size, first.signed_size, first.head_time) == (5, 5, NOW)
    assert (first.live, first.disputed, first.withdrawn, first.missing) == (1, 0, 1, 0)


def test_an_auditor_sees_statuses_and_codes() -> None:
    """What a rostered auditor is shown over the network: codes, and `held` in place of payloads."""
    log = _story()
    log.pieces[1][Slot.MAIN] = Held()
    for index in (2, 3, 4):
        if isinstance(log.pieces[index][Slot.BODY], Opening):
            log.pieces[index][Slot.BODY] = Held()
    assert audit(ROSTER, [_copy(log)], MONTH).sound


def test_a_kind_of_a_later_version_is_passed_over() -> None:
    log = _story()
    log.raws.append(b'{"kind":"deal"}')
    log.pieces.append({})
    assert audit(ROSTER, [_copy(log)], MONTH).sound


def test_an_empty_log_is_sound() -> None:
    log = LogBuilder()
    assert audit(ROSTER, [_copy(log), dataclasses.replace(_copy(log), head=None)], MONTH).sound


def test_a_disputed_and_a_settled_announcement_are_counted() -> None:
    log = LogBuilder()
    log.announce("a")
    log.announce("b")
    log.revise(0, Code.DISPUTE)
    log.revise(1, Code.DISPUTE)
    log.revise(1, Code.AMEND)
    log.revise(1, Code.AMEND)
    summary = audit(ROSTER, [_copy(log)], MONTH).logs[0]
    assert (summary.live, summary.disputed) == (1, 1)


def test_a_copy_without_payloads_is_checked_as_far_as_it_goes() -> None:
    blind = dataclasses.replace(_copy(_story()), pieces=None)
    assert audit(ROSTER, [blind], MONTH).sound
    altered = dataclasses.replace(blind, entries=(blind.entries[1], *blind.entries[1:]))
    assert not audit(ROSTER, [altered], MONTH).sound


@pytest.mark.parametrize(
    ("how", "index"),
    # Dropping the last entry makes a copy that is merely behind.
    [
        pair
        for pair in product(("alter", "drop", "double", "swap"), range(5))
        if pair != ("drop", 4)
    ],
)
def test_an_altered_log_is_found(how: str, index: int) -> None:
    good = _copy(_story())
    raws = list(good.entries)
    match how:
        case "alter":
            value = json.loads(raws[index])
            value["id"] = "ff" * 16
            raws[index] = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
        case "drop":
            del raws[index]
        case "double":
            raws.insert(index, raws[index])
        case "swap":
            raws[index], raws[index - 1] = raws[index - 1], raws[index]
    broken = dataclasses.replace(good, entries=tuple(raws), pieces=None)
    report = audit(ROSTER, [broken, good], MONTH)
    assert not report.sound


def test_a_head_by_another_key_is_its_holders_fault() -> None:
    log = _story()
    forged = dataclasses.replace(_copy(log), head=_head(log, signer="griselidis"))
    assert (Rule.CHECKPOINT, "strass", None) in _rules(audit(ROSTER, [forged], MONTH))


def test_entries_beneath_no_head_are_found() -> None:
    bare = dataclasses.replace(_copy(_story()), head=None)
    assert _rules(audit(ROSTER, [bare], MONTH)) == [(Rule.LOG, "strass", None)]


def test_entries_beyond_the_head_are_found() -> None:
    log = _story()
    ahead = dataclasses.replace(_copy(log), head=_head(log, 3))
    assert _rules(audit(ROSTER, [ahead], MONTH)) == [(Rule.LOG, "strass", 3)]


def test_being_behind_is_no_fault() -> None:
    log = LogBuilder()
    log.announce("a")
    log.announce("b")
    behind = _copy(log)
    behind = dataclasses.replace(behind, entries=behind.entries[:1])
    assert audit(ROSTER, [behind], MONTH).sound


def test_two_histories_convict_their_author() -> None:
    one, other = LogBuilder(), LogBuilder()
    for log, last in ((one, "b"), (other, "c")):
        log.announce("a")
        log.announce(last)
    one.announce("d")
    report = audit(ROSTER, [_copy(one, "strass"), _copy(other, "griselidis")], MONTH)
    assert _rules(report) == [(Rule.ONE_HISTORY, "cabiria", 1)]
    assert "griselidis" in report.findings[0].sentence


def test_a_payload_kept_after_its_withdrawal_is_its_holders_fault() -> None:
    log, kept = _story(), LogBuilder()
    kept.raws, kept.pieces = log.raws, [dict(p) for p in log.pieces]
    fresh = LogBuilder()
    fresh.announce("a")
    kept.pieces[0][Slot.MAIN] = fresh.pieces[0][Slot.MAIN]
    report = audit(ROSTER, [_copy(log, "strass"), _copy(kept, "griselidis")], MONTH)
    assert _rules(report) == [(Rule.ERASURE, "griselidis", 0)]


def test_an_amendment_kept_after_a_withdrawal_is_found() -> None:
    log = LogBuilder()
    log.announce("a")
    log.revise(0, Code.AMEND)
    log.revise(0, Code.WITHDRAW)
    _erase(log, 0, Slot.MAIN, 2)
    assert _rules(audit(ROSTER, [_copy(log)], MONTH)) == [(Rule.ERASURE, "strass", 1)]


def test_an_erasure_that_nobody_ordered_is_found() -> None:
    log = LogBuilder()
    log.announce("a")
    _erase(log, 0, Slot.MAIN, 0)
    assert _rules(audit(ROSTER, [_copy(log)], MONTH)) == [(Rule.ERASURE, "strass", 0)]


def test_a_payload_that_opens_nothing_is_its_holders_fault() -> None:
    log, altered = _story(), _story()
    opening = altered.pieces[1][Slot.MAIN]
    assert isinstance(opening, Opening)
    altered.pieces[1][Slot.MAIN] = Opening(bytes(32), opening.payload)
    report = audit(ROSTER, [_copy(log, "strass"), _copy(altered, "griselidis")], MONTH)
    assert _rules(report) == [(Rule.ENTRIES, "griselidis", 1)]


def test_an_entry_altered_in_one_copy_is_its_holders_fault() -> None:
    good = _copy(_story(), "strass")
    raw = good.entries[1].replace(b'"id":"', b'"id":"00')[: len(good.entries[1])]
    altered = (good.entries[0], raw, *good.entries[2:])
    bad = dataclasses.replace(good, holder="griselidis", entries=altered)
    for copies in ([good, bad], [bad, good], [bad]):
        faults = {finding.at_fault for finding in audit(ROSTER, copies, MONTH).findings}
        assert faults == {"griselidis"}


def test_what_its_author_signed_is_its_authors_fault() -> None:
    log = LogBuilder()
    log.announce("a")
    log.revise(3, Code.WITHDRAW)
    signed = _copy(log, "strass")
    assert _rules(audit(ROSTER, [signed], MONTH)) == [(Rule.ENTRIES, "cabiria", 1)]
    # The same bytes without a signed head: nobody knows that they are the author's...
    bare = dataclasses.replace(signed, holder="griselidis", head=None)
    assert (Rule.ENTRIES, "griselidis", 1) in _rules(audit(ROSTER, [bare], MONTH))
    # ... unless another copy shows it.
    assert (Rule.ENTRIES, "cabiria", 1) in _rules(audit(ROSTER, [bare, signed], MONTH))
    assert (Rule.ENTRIES, "griselidis", 1) not in _rules(audit(ROSTER, [bare, signed], MONTH))


def test_a_withdrawn_payload_that_is_only_said_to_be_held_is_found() -> None:
    log = _story()
    log.pieces[0][Slot.MAIN] = Held()
    assert _rules(audit(ROSTER, [_copy(log)], MONTH)) == [(Rule.ERASURE, "strass", 0)]


def test_a_copy_that_hides_a_code_is_its_holders_fault() -> None:
    log = _story()
    log.pieces[4][Slot.MAIN] = Held()
    assert _rules(audit(ROSTER, [_copy(log)], MONTH)) == [(Rule.ENTRIES, "strass", 4)]


def test_a_date_beyond_retention_is_found_and_the_log_is_read_on() -> None:
    log = LogBuilder()
    log.announce("a", until="2031-12")
    log.announce("b")
    log.revise(1, Code.AMEND, until="2031-12")
    log.revise(7, Code.DISPUTE)
    found = [(Rule.ENTRIES, "cabiria", index) for index in (0, 2, 3)]
    assert _rules(audit(ROSTER, [_copy(log)], MONTH)) == found


@pytest.mark.parametrize("notice_only", [False, True])
@pytest.mark.parametrize("amended", [False, True])
def test_what_two_associations_announce_is_found(*, notice_only: bool, amended: bool) -> None:
    """Copied with another origin or date, the bytes differ and the fold cannot tell."""
    log, thief = LogBuilder("griselidis"), LogBuilder("cabiria")
    log.announce("a")
    log.revise(0, Code.AMEND)
    thief.announce("x")
    stolen = _payload(log, 0)
    taken = _payload(log, 1, Slot.BODY).notice if amended else stolen.notice
    assert isinstance(stolen, AnnouncePayload)
    update = {"origin": "cabiria", "until": "2026-12", "notice": taken}
    if notice_only:
        update["tag"] = bytes(32)
    payload = stolen.model_copy(update=update)
    opening, entry_id = thief.opening(payload), thief.entry_id()
    thief.add(Announce(id=entry_id, c=commit("cabiria", entry_id, opening)), {Slot.MAIN: opening})
    copies = [_copy(each, holder) for holder in ("strass", "cabiria") for each in (log, thief)]
    report = audit(ROSTER, copies, MONTH)
    assert set(_rules(report)) == {(Rule.COPIED, "cabiria, griselidis", 1)}
    # Each thing once, however many copies of the logs there are.
    assert len(report.findings) == (1 if notice_only else 2)
    assert f"cabiria at 1, griselidis at {1 if amended else 0}" in report.findings[-1].sentence


def test_an_amended_notice_that_was_copied_into_an_amendment_is_found() -> None:
    log, thief = LogBuilder("griselidis"), LogBuilder("cabiria")
    log.announce("a")
    thief.announce("x")
    body = AmendPayload(origin="cabiria", notice=_payload(log, 0).notice, until="2026-12")
    thief.revise_with(0, CodePayload(code=Code.AMEND), body)
    report = audit(ROSTER, [_copy(log), _copy(thief)], MONTH)
    assert _rules(report) == [(Rule.COPIED, "cabiria, griselidis", 1)]


def test_one_association_may_say_the_same_twice() -> None:
    log = LogBuilder()
    log.announce("a")
    payload = _payload(log, 0)
    opening, entry_id = log.opening(payload), log.entry_id()
    log.add(Announce(id=entry_id, c=commit("cabiria", entry_id, opening)), {Slot.MAIN: opening})
    assert audit(ROSTER, [_copy(log)], MONTH).sound


def test_a_copy_must_say_what_it_holds() -> None:
    log = _story()
    silent = dataclasses.replace(_copy(log), pieces=[(), *_rows(log)[1:]])
    assert (Rule.ENTRIES, "strass", 0) in _rules(audit(ROSTER, [silent], MONTH))


def test_a_strangers_log_is_found() -> None:
    stranger = dataclasses.replace(_copy(_story()), origin="inconnue")
    assert _rules(audit(ROSTER, [stranger], MONTH), "inconnue") == [(Rule.LOG, "strass", None)]


def test_an_id_used_twice_is_its_authors_fault() -> None:
    log = LogBuilder()
    log.announce("a")
    log.raws.append(log.raws[0])
    log.pieces.append(log.pieces[0])
    assert _rules(audit(ROSTER, [_copy(log)], MONTH)) == [(Rule.ENTRIES, "cabiria", 1)]


def test_a_lost_announcement_stays_lost_when_it_is_amended() -> None:
    log = LogBuilder()
    log.announce("a")
    log.revise(0, Code.AMEND)
    log.pieces[0][Slot.MAIN] = Expired()
    summary = audit(ROSTER, [_copy(log, "griselidis")], MONTH).logs[0]
    assert (summary.holder, summary.origin) == ("griselidis", "cabiria")
    assert (summary.live, summary.missing) == (0, 1)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_longest_signed_copy_judges_the_others(order: tuple[int, ...]) -> None:
    log = _story()
    whole = _copy(log, "strass")
    short = dataclasses.replace(
        whole, holder="griselidis", head=_head(log, 2), entries=whole.entries[:2], pieces=None
    )
    swapped = (*whole.entries[:3], b'{"kind":"deal"}', whole.entries[4])
    altered = dataclasses.replace(whole, holder="entractes", entries=swapped, pieces=None)
    copies = [(whole, short, altered)[index] for index in order]
    assert set(_rules(audit(ROSTER, copies, MONTH))) == {
        (Rule.LOG, "entractes", None),
        (Rule.LOG, "entractes", 3),
    }


def test_blame_ends_where_the_signature_ends() -> None:
    log = _story()
    whole = _copy(log, "strass")
    bad = dataclasses.replace(
        whole,
        holder="griselidis",
        head=_head(log, 2),
        entries=(*whole.entries[:2], b"{}"),
        pieces=None,
    )
    beyond = {(Rule.LOG, "griselidis", 2), (Rule.ENTRIES, "griselidis", 2)}
    assert set(_rules(audit(ROSTER, [bad], MONTH))) == beyond
    assert set(_rules(audit(ROSTER, [whole, bad], MONTH))) == beyond


def test_every_copy_is_looked_at() -> None:
    log = _story()
    stranger = dataclasses.replace(_copy(log), origin="inconnue")
    bare = dataclasses.replace(_copy(log), head=None)
    report = audit(ROSTER, [stranger, bare], MONTH)
    assert [finding.origin for finding in report.findings] == ["inconnue", "cabiria"]
