"""The parts of pages that need no page: forms, times, numbers as they are written."""

from gettext import NullTranslations
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.web.forms import FORM_TYPE, MAX_FIELDS, FormError, parse
from node.web.moments import Calendar
from node.web.presenting import number_shown
from tests.node.web_fixture import NOW

CALENDAR = Calendar.of("FR", NullTranslations())
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(st.lists(st.tuples(TEXT, TEXT), max_size=20))
def test_a_form_is_read_as_it_was_sent(fields: list[tuple[str, str]]) -> None:
    form = parse(f"{FORM_TYPE}; charset=utf-8", urlencode(fields).encode())
    for name, _ in fields:
        assert form.all(name) == tuple(value for other, value in fields if other == name)
        assert form.raw(name) == form.all(name)[0]


@given(st.binary(max_size=300))
def test_any_bytes_are_a_form_or_refused(content: bytes) -> None:
    try:
        form = parse(FORM_TYPE, content)
    except FormError:
        return
    assert sum(map(len, form.values.values())) <= MAX_FIELDS


def test_a_form_never_shows_its_values() -> None:
    form = parse(FORM_TYPE, b"narrative=secret&number=0639980123")
    assert "secret" not in repr(form)
    assert "0639980123" not in repr(form)
    with pytest.raises(FormError) as caught:
        parse(FORM_TYPE, b"narrative=secret%FF")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-500, "à l’instant"),
        (59, "à l’instant"),
        (60, "il y a 1 minute"),
        (3599, "il y a 59 minutes"),
        (3600, "il y a 1 heure"),
        (86_399, "il y a 23 heures"),
        (86_400, "il y a 1 jour"),
        (864_000, "il y a 10 jours"),
    ],
)
def test_a_time_is_told_from_now(seconds: int, words: str) -> None:
    assert CALENDAR.ago(NOW - seconds, NOW) == words


def test_times_are_local_and_months_go_back_over_the_year() -> None:
    assert CALENDAR.exact(NOW) == "21 novembre 2026, 19:00"
    assert CALENDAR.machine(NOW) == "2026-11-21T19:00+01:00"
    assert CALENDAR.day(NOW) == "21 novembre 2026"
    assert CALENDAR.month("2026-02") == "février 2026"
    months = CALENDAR.months(NOW, 13)
    assert (months[0], months[10], months[11], months[-1]) == (
        "2026-11",
        "2026-01",
        "2025-12",
        "2025-11",
    )


def test_a_number_is_written_as_its_country_does() -> None:
    assert number_shown("+33639980123") == "+33 6 39 98 01 23"
    assert number_shown("somebody@example.org") == "somebody@example.org"
