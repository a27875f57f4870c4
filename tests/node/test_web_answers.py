"""A lookup's page and its three answers."""

from node.services.errors import AmbiguousIdentifierError
from node.services.views import CandidateView
from protocol.answer import Unsearched
from tests.node.web_fixture import NOW, Browser, Stage, no_match
from tests.node.web_samples import (
    TYPED,
    found,
    incomplete,
    match,
    report,
)


async def search(node: Stage, browser: Browser, answer: object) -> str:
    node.script.lookup = answer  # type: ignore[assignment]
    await browser.open("/chercher")
    page = await browser.send("/chercher", {"number": TYPED})
    assert page.status_code == 200
    return page.text


async def test_the_three_answers_differ_in_word_shape_and_frame(
    node: Stage, browser: Browser
) -> None:
    pages = [await search(node, browser, one) for one in (found(), no_match(), incomplete())]
    marks = []
    for page in pages:
        frame = page.partition('class="answer ')[2].partition('"')[0]
        shape = page.partition("<h1><svg")[2].partition("</svg>")[0]
        word = page.partition("</svg>\n<span>")[2]
        marks.append((frame, shape[shape.index(">") :], page.count("<h1>"), word[:20]))
    assert len({frame for frame, _, _, _ in marks}) == 3
    assert len({shape for _, shape, _, _ in marks}) == 3
    assert "Signalé" in pages[0]
    assert "Rien trouvé" in pages[1]
    assert "Recherche incomplète" in pages[2]


async def test_nothing_found_says_what_was_searched_and_until_when(
    node: Stage, browser: Browser
) -> None:
    page = await search(node, browser, no_match(searched_until=NOW - 7200))
    for name in ("STRASS", "Cabiria", "Grisélidis", "Entr’Actes"):
        assert f"<li>{name}</li>" in page
    assert "il y a 2 heures" in page
    assert "21 novembre 2026, 17:00" in page
    assert "Ce n’est pas une garantie" in page


async def test_a_match_shows_each_notice_its_age_and_its_dispute(
    node: Stage, browser: Browser
) -> None:
    node.script.reports = {f"{1:032x}": report(1)}
    page = await search(node, browser, found())
    assert "Par 3 associations" in page
    assert "C’est peut-être un même fait" in page
    assert "Signalé à Grisélidis" in page
    assert "avril 2026 (il y a 7 mois)" in page
    assert "Contesté" in page
    assert f'href="/signalements/{1:032x}"' in page


async def test_own_reports_withdrawn_meanwhile_have_no_link(node: Stage, browser: Browser) -> None:
    page = await search(node, browser, found())
    assert "/signalements/0" not in page


async def test_incomplete_says_what_why_and_what_to_do(node: Stage, browser: Browser) -> None:
    page = await search(node, browser, incomplete())
    assert "Entr’Actes" in page
    assert "Nous n’avons plus de nouvelles" in page
    assert "appelez cette association" in page
    assert "<li>Grisélidis</li>" in page
    assert "<li>STRASS</li>" not in page
    assert "Rien trouvé" not in page
    assert "Déjà signalé" not in page


async def test_incomplete_shows_what_was_found_so_far(node: Stage, browser: Browser) -> None:
    page = await search(node, browser, incomplete(matches=(match(),)))
    assert "Recherche incomplète" in page
    assert "Déjà signalé" in page
    assert "Signalé à Grisélidis" in page


async def test_without_a_quorum_only_the_own_reports_were_searched(
    node: Stage, browser: Browser
) -> None:
    gap = {"member": None, "name": None, "reason": Unsearched.NO_QUORUM}
    page = await search(node, browser, incomplete(not_searched=(gap,), searched_until=None))
    assert "Toutes les associations" in page
    assert "Trop peu d’associations ont répondu" in page
    assert page.count("<li>Cabiria</li>") == 1
    assert "<li>STRASS</li>" not in page


async def test_with_a_closed_vault_the_own_reports_were_not_searched(
    node: Stage, browser: Browser
) -> None:
    gap = {"member": "cabiria", "name": "Cabiria", "reason": Unsearched.VAULT_LOCKED}
    page = await search(node, browser, incomplete(not_searched=(gap,)))
    assert "<li>Cabiria</li>" not in page
    assert "vos propres signalements n’ont pas été lus" in page


async def test_both_readings_of_a_number_are_shown(node: Stage, browser: Browser) -> None:
    both = (
        CandidateView(kind="phone/1", text="+33470123456", region="FR"),
        CandidateView(kind="phone/1", text="+32470123456", region="BE"),
    )
    page = await search(node, browser, no_match(candidates=both))
    assert "France" in page
    assert "Belgique" in page
    assert "les deux ont été cherchés" in page


async def test_a_lookup_of_three_countries_asks_which(node: Stage, browser: Browser) -> None:
    node.script.lookup = AmbiguousIdentifierError({"text": ()})
    await browser.open("/chercher")
    page = await browser.send("/chercher", {"number": "0692 12 34 56"})
    assert page.status_code == 422
    assert 'value="RE"' in page.text
    assert 'value="0692 12 34 56"' in page.text
    node.script.lookup = no_match()
    await browser.send("/chercher", {"number": "0692 12 34 56", "region": "RE"})
    assert node.script.calls[-1][2:] == ("0692 12 34 56", "phone", "RE")


async def test_an_empty_question_is_not_asked(node: Stage, browser: Browser) -> None:
    await browser.open("/chercher")
    for typed in ("", "   ", "0" * 300):
        assert (await browser.send("/chercher", {"number": typed})).status_code == 422
    assert node.script.calls == []
