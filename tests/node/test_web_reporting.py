"""A new report: what the form hands to the service, and what it says back."""

import re

import pytest

from node.errors import VaultLockedError
from node.services.errors import AmbiguousIdentifierError
from node.services.model import ReportDraft
from protocol.vocabulary import Consent, Knowledge, PlaceType, Severity, Violence
from tests.node.web_fixture import Browser, Stage
from tests.node.web_samples import (
    STORY,
    TYPED,
    report,
)

FILLED = {
    "number": TYPED,
    "severity": "dangereux",
    "violence": ["preservatif", "agression_physique"],
    "month": "2026-10",
    "area": "69383",
    "place": "hotel",
    "narrative": STORY,
    "knowledge": "relayed",
    "consents": ["keep_local", "federated_tag"],
    "trait-cheveux": "bruns",
}


async def test_a_report_is_handed_in_as_it_was_filled(node: Stage, browser: Browser) -> None:
    node.script.created = report(5)
    await browser.open("/signaler")
    story = STORY.replace("\n", "\r\n")  # as browsers send it
    answer = await browser.send("/signaler", FILLED | {"narrative": story})
    assert answer.status_code == 303
    _, name, draft = node.script.calls[-1]
    assert name == "Maud"
    assert isinstance(draft, ReportDraft)
    assert draft.identifiers[0].text == TYPED
    assert draft.identifiers[0].region is None
    assert draft.severity is Severity.DANGEREUX
    assert draft.violence == (Violence.PRESERVATIF, Violence.AGRESSION_PHYSIQUE)
    assert (draft.month, draft.area, draft.place) == ("2026-10", "69383", PlaceType.HOTEL)
    assert draft.narrative == STORY
    assert draft.knowledge is Knowledge.RELAYED
    assert {word for word, given in draft.consents.items() if given} == {
        Consent.KEEP_LOCAL,
        Consent.FEDERATED_TAG,
    }
    received = await browser.open(answer.headers["location"])
    assert "Deux personnes" in received.text


async def test_every_consent_is_no_until_it_is_given(node: Stage, browser: Browser) -> None:
    page = (await browser.open("/signaler")).text
    start = page.index('id="consents"')
    assert "checked" not in page[start - 200 :]
    node.script.created = report(5)
    fields = {name: value for name, value in FILLED.items() if name != "consents"}
    await browser.send("/signaler", fields)
    draft = node.script.calls[-1][2]
    assert set(draft.consents) == set(Consent)
    assert not any(draft.consents.values())


async def test_all_errors_are_told_at_once_and_nothing_typed_is_lost(
    node: Stage, browser: Browser
) -> None:
    await browser.open("/signaler")
    answer = await browser.send(
        "/signaler", {"number": "06 ABC", "narrative": STORY, "month": "2026-10", "area": "69383"}
    )
    assert answer.status_code == 422
    for field in ("number", "severity", "violence", "knowledge"):
        assert f'href="#{field}"' in answer.text
        assert f'id="{field}"' in answer.text
        assert f'id="{field}-error"' in answer.text
    assert 'value="06 ABC"' in answer.text
    assert "Il a refusé le préservatif" in answer.text
    assert 'value="2026-10" selected' in answer.text
    assert 'value="69383" selected' in answer.text
    assert node.script.calls == []


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Écrivez le numéro."),
        ("06 39 98 01 23 poste 4", "numéro de poste"),
        ("06 39", "bon nombre de chiffres"),
        ("06 39 98 01 2*", "enlevez le reste"),
        ("0639980123" * 30, "trop long"),
    ],
)
async def test_a_number_that_cannot_be_read_says_what_to_do(
    browser: Browser, typed: str, sentence: str
) -> None:
    await browser.open("/signaler")
    answer = await browser.send("/signaler", FILLED | {"number": typed})
    assert answer.status_code == 422
    assert sentence in answer.text


async def test_an_ambiguous_number_asks_the_country_and_keeps_the_rest(
    node: Stage, browser: Browser
) -> None:
    """0470 12 34 56 is a Belgian mobile and a number of the Allier. No person is shown."""
    await browser.open("/signaler")
    answer = await browser.send("/signaler", FILLED | {"number": "0470 12 34 56"})
    assert answer.status_code == 422
    assert 'href="#region"' in answer.text
    assert 'name="region" value="FR"' in answer.text
    assert 'name="region" value="BE"' in answer.text
    assert 'value="0470 12 34 56"' in answer.text
    assert 'value="dangereux" checked' in answer.text.replace(' id="severity"', "")
    node.script.created = report(5)
    answer = await browser.send("/signaler", FILLED | {"number": "0470 12 34 56", "region": "BE"})
    assert answer.status_code == 303
    assert node.script.calls[-1][2].identifiers[0].region == "BE"


async def test_an_error_of_the_service_is_shown_at_its_field(node: Stage, browser: Browser) -> None:
    node.script.created = AmbiguousIdentifierError({"identifiers.0.region": ()})
    await browser.open("/signaler")
    answer = await browser.send("/signaler", FILLED)
    assert answer.status_code == 422
    assert answer.text.count('name="region"') > 2


async def test_options_that_the_page_does_not_offer_count_as_no_answer(
    node: Stage, browser: Browser
) -> None:
    node.script.created = report(5)
    await browser.open("/signaler")
    strange = {"area": "75001", "month": "1999-01", "place": "../etc", "trait-age": "x"}
    await browser.send("/signaler", FILLED | strange)
    draft = node.script.calls[-1][2]
    assert (draft.area, draft.month, draft.place) == (None, None, None)
    assert list(draft.description.values()) == ["bruns"]


async def test_the_optional_part_stays_open_once_filled(browser: Browser) -> None:
    await browser.open("/signaler")
    closed = await browser.send("/signaler", {"number": TYPED})
    opened = await browser.send("/signaler", {"number": TYPED, "trait-cheveux": "bruns"})
    assert "<details>" in closed.text
    assert "<details open>" in opened.text


async def test_what_happens_next_depends_on_consent_and_vault(
    node: Stage, browser: Browser
) -> None:
    node.script.reports = {
        one.id: one
        for one in (
            report(1, approvals_needed=1),
            report(2, federated=False, approvals_needed=1),
        )
    }
    assert "moins d’une minute" in (await browser.open(f"/signalements/{1:032x}/recu")).text
    assert "Il reste ici" in (await browser.open(f"/signalements/{2:032x}/recu")).text
    node.script.reports_error = VaultLockedError("locked")
    locked = (await browser.open(f"/signalements/{3:032x}/recu")).text
    assert "le signalement attend, chiffré" in locked
    assert f"/signalements/{3:032x}" not in locked.replace("/recu", "")


async def test_a_story_that_is_too_long_is_kept_and_told(browser: Browser) -> None:
    await browser.open("/signaler")
    answer = await browser.send("/signaler", FILLED | {"narrative": "夜" * 20_001})
    assert answer.status_code == 422
    assert "Le récit est trop long" in answer.text
    assert "夜" * 20_001 in answer.text


async def test_the_form_carries_what_makes_two_taps_one_report(
    node: Stage, browser: Browser
) -> None:
    pages = [(await browser.open("/signaler")).text for _ in range(2)]
    values = [re.findall(r'name="once" value="([0-9a-f]{32})"', page) for page in pages]
    assert [len(found) for found in values] == [1, 1]
    assert values[0] != values[1]
    again = await browser.send("/signaler", {"number": TYPED, "once": values[0][0]})
    assert f'name="once" value="{values[0][0]}"' in again.text
    node.script.created = report(1)
    await browser.send("/signaler", {**FILLED, "once": values[0][0]})
    draft = node.script.calls[-1][-1]
    assert isinstance(draft, ReportDraft)
    assert draft.once == values[0][0]
    await browser.send("/signaler", {**FILLED, "once": "<script>"})
    draft = node.script.calls[-1][-1]
    assert isinstance(draft, ReportDraft)
    assert draft.once is None
