"""What each page says: every page, reports that exist, home, matches, network, unlock."""

from pathlib import Path

import pytest

from node.errors import AlreadyDecidedError, NodeError, WrongStateError
from node.permissions import Role
from node.services.model import Status
from node.vault.errors import WrongPassphraseError
from protocol.answer import Unsearched
from protocol.lookup import Fault
from tests.node.web_fixture import NOW, Browser, Stage, member, network, stage
from tests.node.web_samples import (
    approved_once,
    match,
    report,
)


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


async def test_an_administrator_takes_up_a_log_that_was_set_aside(
    node: Stage, browser: Browser
) -> None:
    aside = member("strass", quarantine="entry", not_searched=Unsearched.QUARANTINED)
    node.script.network = network(members=(member("cabiria"), aside, member("griselidis")))
    assert "reprendre" not in (await browser.open("/reseau")).text
    admin = await node.signed_in(Role.ADMINISTRATOR, name="Sam")
    page = (await admin.open("/reseau")).text
    assert page.count("/reprendre") == 1
    assert "Parlez d’abord avec cette association" in page
    answer = await admin.send("/reseau/strass/reprendre", {})
    assert (answer.status_code, answer.headers["location"]) == (303, "/reseau")
    assert node.script.calls == [("lift", "Sam", "strass")]
    assert (await browser.send("/reseau/strass/reprendre", {})).status_code == 403


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
