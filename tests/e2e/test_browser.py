"""The story, clicked: a report in Lyon is found in Toulouse, matched, and withdrawn everywhere."""

import time
from collections.abc import Callable, Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.e2e.browser import DESK_AT_NIGHT, PHONE, Screen, chromium, look, open_context, press
from tests.e2e.network_thread import ThreadedNetwork, threaded_network
from tests.node.network_fixture import ASSOCIATIONS
from tests.tools import require_tool

PROMISE: Final = 60
"""Seconds within which an approved report is found, and a withdrawn one is gone."""
NUMBERS: Final = {PHONE: ("06 39 98 01 23", "+33 (0)6.39.98.01.23", "0033639980123")} | {
    DESK_AT_NIGHT: ("06 39 98 45 67", "+33 (0)6.39.98.45.67", "0033639984567")
}
"""One number for each screen, as it is typed in Lyon, in Toulouse, and in Lille."""
STORY: Final = "Il a refusé le préservatif, puis il est devenu violent."


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(require_tool("chromium")) as started:
        yield started


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreadedNetwork]:
    folder = tmp_path_factory.mktemp("network")
    with threaded_network(folder, demo=True, publish_every=1, poll_every=5) as running:
        yield running


@pytest.fixture(params=[PHONE, DESK_AT_NIGHT], ids=str)
def screen(request: pytest.FixtureRequest) -> Screen:
    chosen: Screen = request.param
    return chosen


class Person:
    """Somebody at an association, with a browser of their own."""

    def __init__(
        self, browser: Browser, net: ThreadedNetwork, association: str, name: str, screen: Screen
    ) -> None:
        self.url = net.station(association).url
        self.context = open_context(browser, screen)
        self.page = self.context.new_page()
        sign_in(self.page, net.signin_link(association, name))

    def open(self, path: str) -> Page:
        """Load a page of their node."""
        self.page.goto(self.url + path)
        return self.page

    def search(self, typed: str) -> str:
        """Look a number up; return the answer's word."""
        page = self.open("/chercher")
        page.get_by_label("Numéro de téléphone").fill(typed)
        press(page.get_by_role("button", name="Chercher ce numéro"))
        assert "39980" not in page.url
        return page.locator("h1").inner_text().strip()

    def report(self, typed: str, severity: str) -> str:
        """Hand a report in, with consent to announce it; return its address."""
        page = self.open("/signaler")
        page.get_by_label("Numéro de téléphone").fill(typed)
        page.get_by_role("radio", name=severity).first.check()
        page.get_by_label("Retrait ou refus du préservatif").check()
        page.get_by_label("Département ou arrondissement").select_option(label="Lyon 3e")
        page.get_by_label("Ce qui s’est passé").fill(STORY)
        page.get_by_label("Conserver le signalement").check()
        page.get_by_label("Prévenir les autres associations").check()
        press(page.get_by_role("button", name="Enregistrer le signalement"))
        press(page.get_by_role("link", name="Voir le signalement"))
        return page.url.removeprefix(self.url)


def sign_in(page: Page, link: str) -> None:
    """Open a single-use link and press its button."""
    page.goto(link)
    press(page.get_by_role("button", name="Entrer"))
    page.get_by_role("heading", name="Bonjour").wait_for()


def until_it_is(person: Person, typed: str, word: str) -> None:
    """Search again and again until the answer is `word`, for as long as is promised."""
    end = time.monotonic() + PROMISE
    while (answer := person.search(typed)) != word:
        assert time.monotonic() < end, f"still {answer}"
        time.sleep(0.5)


def test_the_story(browser: Browser, net: ThreadedNetwork, screen: Screen) -> None:
    lyon, toulouse, lille = NUMBERS[screen]
    ines = Person(browser, net, "cabiria", "caseworker", screen)
    maud = Person(browser, net, "cabiria", "moderator", screen)
    awa = Person(browser, net, "cabiria", "moderator2", screen)
    lea = Person(browser, net, "griselidis", "moderator", screen)
    jo = Person(browser, net, "entractes", "caseworker", screen)
    look(ines.page, "story-1-home", screen)

    assert lea.search(toulouse) == "Rien trouvé"
    look(lea.page, "story-2-nothing-found", screen)

    address = ines.report(lyon, "Très dangereux")
    look(ines.page, "story-3-report", screen)
    assert ines.page.get_by_role("button", name="Approuver").count() == 0
    two_people_approve(maud, awa, address, lyon, unseen_by=lambda: lea.search(toulouse))

    until_it_is(lea, toulouse, "Signalé")
    look(lea.page, "story-4-found", screen)
    only_codes_are_shown(lea)
    assert jo.search(lille) == "Signalé"

    theirs = lea.report(toulouse, "Risqué")
    press(lea.open(theirs).get_by_role("button", name="Publier l’alerte"))
    both_are_told(lea, maud)
    look(maud.page, "story-5-matches", screen)
    assert "nouveau" in maud.open("/").inner_text("main")
    press(maud.open("/recoupements").get_by_role("button", name="Marquer comme vu").first)
    assert maud.page.get_by_role("heading", name="Déjà vus").count() == 1

    ines.open(address).get_by_text("Retirer ce signalement").click()
    look(ines.page, "story-6-withdraw", screen)
    press(ines.page.get_by_role("button", name="Retirer et effacer"))
    assert "Retiré, contenu effacé" in ines.page.inner_text("main")
    assert STORY not in ines.page.content()
    only_toulouse_is_left(jo, lille)
    look(jo.page, "story-7-after-withdrawal", screen)

    lea.open(theirs).get_by_text("Retirer ce signalement").click()
    press(lea.page.get_by_role("button", name="Retirer et effacer"))
    until_it_is(jo, lille, "Rien trouvé")
    for person in (ines, maud, awa, lea, jo):
        person.context.close()


def two_people_approve(
    first: Person, second: Person, address: str, typed: str, unseen_by: Callable[[], str]
) -> None:
    """Approve a grave report by two people; after the first, nothing is published."""
    first.open("/a-relire")
    press(first.page.get_by_role("link", name=typed))
    press(first.page.get_by_role("button", name="Approuver"))
    assert "Une deuxième personne doit relire" in first.page.inner_text("main")
    assert first.page.get_by_role("button", name="Publier").count() == 0
    assert unseen_by() == "Rien trouvé"
    press(second.open(address).get_by_role("button", name="Publier l’alerte"))
    assert "Signalement approuvé." in second.page.inner_text("main")


def only_codes_are_shown(person: Person) -> None:
    """Another association sees what was ticked, never what was told."""
    shown = person.page.inner_text("main")
    for words in ("Signalé à Cabiria", "Très dangereux", "Lyon 3e"):
        assert words in shown
    assert STORY not in person.page.content()


def both_are_told(toulouse: Person, lyon: Person) -> None:
    """Each learns that the other has the same number, with nobody searching."""
    for person, other in ((toulouse, "Cabiria"), (lyon, "Grisélidis")):
        end = time.monotonic() + PROMISE
        while not person.open("/recoupements").get_by_text(f"Aussi signalé à {other}").count():
            assert time.monotonic() < end
            time.sleep(0.5)


def only_toulouse_is_left(person: Person, typed: str) -> None:
    """A withdrawn report stops being found; another association's own stays."""
    end = time.monotonic() + PROMISE
    while person.search(typed) != "Signalé" or "Cabiria" in person.page.inner_text(".answer"):
        assert time.monotonic() < end
        time.sleep(0.5)
    assert "Signalé à Grisélidis" in person.page.inner_text("main")


def test_four_nodes_stay_signed_in_in_one_browser(browser: Browser, net: ThreadedNetwork) -> None:
    context = open_context(browser, DESK_AT_NIGHT)
    tabs = {}
    for association in ASSOCIATIONS:
        tabs[association] = context.new_page()
        sign_in(tabs[association], net.signin_link(association, "moderator"))
    names = {cookie.get("name") for cookie in context.cookies()}
    assert {f"veilleuse-{association}" for association in ASSOCIATIONS} <= names
    for association, title in ASSOCIATIONS.items():
        page = tabs[association]
        page.goto(f"{net.station(association).url}/signalements")
        assert page.get_by_role("heading", name="Signalements", exact=True).count() == 1
        assert title in page.inner_text("header")
    out_of_one_only(context, tabs, net)
    context.close()


def out_of_one_only(context: BrowserContext, tabs: dict[str, Page], net: ThreadedNetwork) -> None:
    """Sign out of one node: the others' sessions stay."""
    press(tabs["strass"].get_by_role("button", name="Se déconnecter"))
    assert tabs["strass"].get_by_role("heading", name="Se connecter").count() == 1
    assert "veilleuse-strass" not in {cookie.get("name") for cookie in context.cookies()}
    tabs["cabiria"].goto(f"{net.station('cabiria').url}/reseau")
    assert tabs["cabiria"].get_by_role("heading", name="Le réseau").count() == 1


def test_a_link_works_once(browser: Browser, net: ThreadedNetwork) -> None:
    link = net.signin_link("strass", "caseworker")
    first, second = (open_context(browser, PHONE) for _ in range(2))
    sign_in(first.new_page(), link)
    page = second.new_page()
    page.goto(link)
    press(page.get_by_role("button", name="Entrer"))
    assert page.get_by_role("heading", name="Ce lien ne marche plus").count() == 1
    first.close()
    second.close()
