import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.answer import (
    CLOCK_TOLERANCE,
    Gap,
    MirrorStatus,
    Unsearched,
    Verdict,
    conclude,
    gap_of,
)

NOW, SILENCE = 1_800_000_000, 86_400


def _status(
    member: str = "cabiria",
    head_time: int | None = NOW - 10,
    applied: int = 5,
    known_size: int = 5,
    missing: int = 0,
    quarantine: str | None = None,
) -> MirrorStatus:
    return MirrorStatus(member, head_time, applied, known_size, missing, quarantine)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (_status(), None),
        (_status(head_time=NOW - SILENCE), None),
        (_status(head_time=NOW - SILENCE - 1), Unsearched.SILENT),
        (_status(head_time=NOW + CLOCK_TOLERANCE), None),
        (_status(head_time=NOW + CLOCK_TOLERANCE + 1), Unsearched.SILENT),
        (_status(head_time=None), Unsearched.NEVER_SEEN),
        (_status(applied=4), Unsearched.BEHIND),
        (_status(applied=6), None),
        (_status(missing=1), Unsearched.PAYLOAD_MISSING),
        (_status(quarantine="fold"), Unsearched.QUARANTINED),
        (_status(quarantine="entry-critical"), Unsearched.CRITICAL_ENTRY),
        (_status(quarantine="fold", head_time=None), Unsearched.QUARANTINED),
    ],
)
def test_why_a_member_was_not_searched(status: MirrorStatus, reason: Unsearched | None) -> None:
    expected = None if reason is None else Gap("cabiria", reason)
    assert gap_of(status, NOW, SILENCE) == expected


def test_the_three_answers() -> None:
    def ask(matches: int, *, quorum: bool = True, status: MirrorStatus | None = None) -> Verdict:
        return conclude(
            matches=matches,
            quorum=quorum,
            mirrors=[status or _status()],
            now=NOW,
            max_silence=SILENCE,
        ).verdict

    assert ask(0) is Verdict.NO_MATCH
    assert ask(2) is Verdict.MATCH
    assert ask(0, quorum=False) is Verdict.INCOMPLETE
    assert ask(2, quorum=False) is Verdict.INCOMPLETE
    assert ask(0, status=_status(missing=1)) is Verdict.INCOMPLETE


def test_what_was_not_searched_is_said() -> None:
    answer = conclude(
        matches=1,
        quorum=False,
        mirrors=[_status("a"), _status("b", applied=1), _status("c", head_time=None)],
        now=NOW,
        max_silence=SILENCE,
    )
    assert answer.gaps == (
        Gap(None, Unsearched.NO_QUORUM),
        Gap("b", Unsearched.BEHIND),
        Gap("c", Unsearched.NEVER_SEEN),
    )
    assert answer.searched_until is None


def test_the_oldest_head_dates_the_answer() -> None:
    heads = [_status("a", NOW - 5), _status("b", NOW - 90), _status("c", None)]
    answer = conclude(matches=0, quorum=True, mirrors=heads, now=NOW, max_silence=SILENCE)
    assert answer.searched_until == NOW - 90
    alone = conclude(matches=0, quorum=True, mirrors=[], now=NOW, max_silence=SILENCE)
    assert (alone.verdict, alone.searched_until) == (Verdict.NO_MATCH, None)


STATUSES = st.builds(
    MirrorStatus,
    st.sampled_from(["a", "b", "c"]),
    st.none() | st.integers(NOW - 2 * SILENCE, NOW + 1000),
    st.integers(0, 5),
    st.integers(0, 5),
    st.integers(0, 2),
    st.none() | st.sampled_from(["fold", "entry-critical"]),
)


@given(st.lists(STATUSES, max_size=5), st.integers(0, 3), st.booleans())
def test_no_match_is_never_said_with_a_gap(
    mirrors: list[MirrorStatus],
    matches: int,
    quorum: bool,  # noqa: FBT001
) -> None:
    answer = conclude(matches=matches, quorum=quorum, mirrors=mirrors, now=NOW, max_silence=SILENCE)
    doubtful = not quorum or any(
        s.head_time is None
        or abs(NOW - s.head_time) > SILENCE
        or s.applied < s.known_size
        or s.missing
        or s.quarantine
        for s in mirrors
    )
    if doubtful:
        assert answer.verdict is Verdict.INCOMPLETE
    if answer.verdict is Verdict.NO_MATCH:
        assert matches == 0
        assert not answer.gaps
