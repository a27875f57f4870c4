"""What each page says, and what a form hands to the services."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from node.errors import AlreadyDecidedError, NodeError, VaultLockedError, WrongStateError
from node.permissions import Role
from node.services.errors import AmbiguousIdentifierError
from node.services.model import ReportDraft, Status
from node.services.views import CandidateView
from node.vault.errors import WrongPassphraseError
from protocol.answer import Unsearched
from protocol.lookup import Fault
from protocol.vocabulary import Consent, Knowledge, PlaceType, Severity, Violence
from tests.node.web_fixture import NOW, Browser, Stage, member, network, no_match, stage
from tests.node.web_samples import (
    STORY,
    TYPED,
    approved_once,
    found,
    incomplete,
    match,
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


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path) as built:
        yield built


@pytest.fixture
async def browser(node: Stage) -> Browser:
    return await node.signed_in(name="Maud")


async def search(node: Stage, browser: Browser, answer: object) -> str:
    node.script.lookup = answer  # type: ignore[assignment]
    await browser.open("/chercher")
    page = await browser.send("/chercher", {"number": TYPED})
    assert page.status_code == 200
    return page.text


# --- every page ------------------------------------------------------------------------------


async def test_each_page_says_where_one_is(node: Stage, browser: Browser) -> None:
    del node
    for path in ("/", "/chercher", "/signaler", "/reseau", "/connexion"):
        page = (await browser.open(path)).text
        assert "<title>Veilleuse</title>" in page
        assert "Cabiria" in page
        assert "démo" in page
        assert '<html lang="fr">' in page


async def test_a_node_in_earnest_has_no_demo_mark(tmp_path: Path) -> None:
    async with stage(tmp_path, demo=False) as built:
        browser = await built.signed_in()
        assert "démo" not in (await browser.open("/")).text


async def test_the_menu_shows_what_the_role_may_do(node: Stage) -> None:
    administrator = await node.signed_in(Role.ADMINISTRATOR)
    page = (await administrator.open("/")).text
    assert 'href="/ouvrir"' in page
    assert 'href="/chercher"' not in page
    assert 'href="/signaler"' not in page


@pytest.mark.parametrize("path", ["/signalements/1", "/signalements/" + "z" * 32])
async def test_an_impossible_address_is_a_page_too(browser: Browser, path: str) -> None:
    answer = await browser.open(path)
    assert answer.status_code == 404
    assert "Il n’y a rien à cette adresse" in answer.text


async def test_a_report_that_is_not_there(browser: Browser) -> None:
    answer = await browser.open(f"/signalements/{8:032x}")
    assert answer.status_code == 404
    assert "Il n’y a rien à cette adresse" in answer.text


# --- a new report ------------------------------------------------------------------------------


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


# --- reports that exist ------------------------------------------------------------------------


async def test_the_two_person_rule_is_explained_before_and_between(
    node: Stage, browser: Browser
) -> None:
    node.script.reports = {one.id: one for one in (report(1), approved_once(2))}
    first = (await browser.open(f"/signalements/{1:032x}")).text
    assert "deux relectures" in first
    assert "une deuxième personne doit relire" in first
    assert "Publier l’alerte" not in first
    second = (await browser.open(f"/signalements/{2:032x}")).text
    assert "Déjà approuvé par Maud" in second
    assert "Publier l’alerte" in second
    assert "Jamais le récit" in second


async def test_who_approved_waits_for_somebody_else(node: Stage, browser: Browser) -> None:
    waiting = approved_once(2, may_approve=False, may_refuse=False)
    node.script.reports = {waiting.id: waiting}
    page = (await browser.open(f"/signalements/{2:032x}?fait=approve")).text
    assert "Une deuxième personne doit relire" in page
    assert "/approuver" not in page


async def test_a_report_that_stays_here_says_so_on_the_button(
    node: Stage, browser: Browser
) -> None:
    node.script.reports = {f"{1:032x}": report(1, federated=False, approvals_needed=1)}
    page = (await browser.open(f"/signalements/{1:032x}")).text
    assert "Approuver sans publier" in page
    assert "aucune alerte n’est publiée" in page


async def test_withdrawing_says_what_happens_and_to_whom(node: Stage, browser: Browser) -> None:
    node.script.reports = {f"{1:032x}": report(1, status=Status.PUBLISHED)}
    page = (await browser.open(f"/signalements/{1:032x}")).text
    assert "Chaque association du réseau efface sa copie" in page
    assert "Ce n’est pas réversible" in page
    await browser.send(f"/signalements/{1:032x}/retirer", {})
    assert node.script.calls[-1] == ("withdraw", "Maud", f"{1:032x}")


@pytest.mark.parametrize(
    ("status", "made", "sentence"),
    [
        (Status.APPROVED, "approve", "Signalement approuvé."),
        (Status.REFUSED, "refuse", "Signalement refusé."),
        (Status.WITHDRAWN, "withdraw", "Signalement retiré."),
    ],
)
async def test_what_was_done_is_said_only_if_it_is_so(
    node: Stage, browser: Browser, status: Status, made: str, sentence: str
) -> None:
    path = f"/signalements/{1:032x}?fait={made}"
    node.script.reports = {f"{1:032x}": report(1, status=status)}
    assert sentence in (await browser.open(path)).text
    node.script.reports = {f"{1:032x}": report(1, status=Status.PUBLISHED, approvals=1)}
    if status is not Status.APPROVED:
        assert sentence not in (await browser.open(path)).text


async def test_an_erased_report_shows_its_state_and_no_more(node: Stage, browser: Browser) -> None:
    erased = report(
        1,
        status=Status.WITHDRAWN,
        identifiers=(),
        severity=None,
        violence=(),
        month=None,
        area=None,
        author=None,
        narrative="",
        knowledge=None,
        may_withdraw=False,
    )
    node.script.reports = {erased.id: erased}
    page = (await browser.open(f"/signalements/{1:032x}")).text
    assert "Retiré, contenu effacé" in page
    assert "Ce qui est écrit" not in page
    assert "Oui" not in page


@pytest.mark.parametrize(
    ("error", "title"),
    [
        (AlreadyDecidedError("x"), "Vous avez déjà décidé"),
        (WrongStateError("x"), "Ce signalement a changé entre-temps"),
    ],
)
async def test_conflicts_are_explained(
    node: Stage, browser: Browser, error: NodeError, title: str
) -> None:
    await browser.open("/")
    node.script.reports_error = error
    answer = await browser.send(f"/signalements/{1:032x}/approuver", {})
    assert answer.status_code == 409
    assert title in answer.text


async def test_lists_say_what_will_be_there(node: Stage, browser: Browser) -> None:
    assert "Aucun signalement pour l’instant" in (await browser.open("/signalements")).text
    assert "Rien à relire" in (await browser.open("/a-relire")).text
    assert "Aucun recoupement" in (await browser.open("/recoupements")).text
    node.script.reports = {one.id: one for one in (report(1), report(2, status=Status.PUBLISHED))}
    assert (await browser.open("/signalements")).text.count('class="card"') == 2
    assert (await browser.open("/a-relire")).text.count('class="card"') == 1


# --- lookups -----------------------------------------------------------------------------------


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


# --- home, matches, network, unlock --------------------------------------------------------------


async def test_home_shows_what_waits(node: Stage, browser: Browser) -> None:
    assert "Rien n’attend" in (await browser.open("/")).text
    node.script.reports = {one.id: one for one in (report(1), report(2))}
    node.script.matches = [match(key="ab"), match(key="cd", seen=True)]
    node.script.network = network(complete=False, custody="locked")
    page = (await browser.open("/")).text
    assert "1 nouveau recoupement" in page
    assert "2 signalements à relire" in page
    assert "Le réseau est incomplet" in page
    assert "La clé partagée est fermée" in page


async def test_matches_name_the_association_and_the_own_report(
    node: Stage, browser: Browser
) -> None:
    node.script.reports = {f"{1:032x}": report(1)}
    node.script.matches = [
        match(key="ab" * 16, reports=(f"{1:032x}",)),
        match(key="cd" * 16, name="STRASS", seen=True),
    ]
    page = (await browser.open("/recoupements")).text
    assert "Aussi signalé à Grisélidis" in page
    assert "Aussi signalé à STRASS" in page
    assert page.count("Marquer comme vu") == 1
    await browser.send(f"/recoupements/{'ab' * 16}/vu", {})
    assert node.script.calls[-1] == ("acknowledge", "Maud", "ab" * 16)


async def test_the_network_is_told_in_words(node: Stage, browser: Browser) -> None:
    node.script.network = network(
        complete=False,
        vault="locked",
        custody="none",
        members=(
            member("strass", not_searched=Unsearched.SILENT, head_time=NOW - 90_000),
            member("cabiria"),
            member("griselidis", not_searched=Unsearched.BEHIND, lag=3, missing=1),
            member("entractes", not_searched=Unsearched.NEVER_SEEN, head_time=None),
        ),
    )
    page = (await browser.open("/reseau")).text
    for words in (
        "Silencieuse",
        "il y a 1 jour",
        "3 éléments à recevoir, 1 contenu manquant",
        "Jamais vue",
        "Fermé",
        "Pas ici",
        "La personne qui administre peut ouvrir",
    ):
        assert words in page
    node.script.network = network(
        members=(
            member("cabiria"),
            member("strass", quarantine="entry", not_searched=Unsearched.QUARANTINED),
            member("griselidis", fault=Fault.LYING),
            member("entractes", custodian=False),
        )
    )
    page = (await browser.open("/reseau")).text
    for words in ("Mise de côté", "réponse fausse", "Ne garde pas de part"):
        assert words in page


async def test_a_new_network_says_that_it_is_alone(node: Stage, browser: Browser) -> None:
    node.script.network = network(members=(member("cabiria"),))
    assert "Aucune autre association" in (await browser.open("/reseau")).text


async def test_an_administrator_opens_each_level(node: Stage) -> None:
    administrator = await node.signed_in(Role.ADMINISTRATOR)
    node.script.network = network(vault="locked", custody="locked", complete=False)
    page = (await administrator.open("/ouvrir")).text
    assert page.count('type="password"') == 2
    empty = await administrator.send("/ouvrir", {"level": "vault"})
    assert empty.status_code == 422
    node.script.unlock_error = WrongPassphraseError("no")
    wrong = await administrator.send("/ouvrir", {"level": "custody", "custody": "pas celle-ci"})
    assert wrong.status_code == 422
    assert 'href="#custody"' in wrong.text
    assert "pas celle-ci" not in wrong.text
    node.script.unlock_error = None
    answer = await administrator.send("/ouvrir", {"level": "vault", "vault": " la phrase "})
    assert answer.status_code == 303
    assert node.script.calls[-1] == ("unlock", "vault", " la phrase ")


async def test_an_error_that_has_no_words_says_so_without_its_text(
    node: Stage, browser: Browser
) -> None:
    await browser.open("/")
    node.script.reports_error = NodeError("a secret text")
    answer = await browser.send(f"/signalements/{1:032x}/approuver", {})
    assert answer.status_code == 500
    assert "Cela n’a pas marché" in answer.text
    assert "a secret text" not in answer.text
