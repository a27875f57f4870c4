"""Each page in each of its states, on a phone and a desk, light and dark: no finding of axe."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import pytest
from playwright.sync_api import Browser, Page

from node.errors import VaultLockedError
from node.permissions import Role
from node.services.model import Status
from node.services.views import LookupView
from protocol.answer import Unsearched
from protocol.lookup import Fault
from protocol.vocabulary import Severity
from tests.e2e.browser import (
    DESK_AT_NIGHT,
    PHONE,
    Screen,
    chromium,
    look,
    open_context,
    press,
)
from tests.e2e.pages_server import Served, serving
from tests.node.web_fixture import NOW, Script, member, network, no_match
from tests.node.web_samples import TYPED, approved_once, found, incomplete, match, report
from tests.tools import require_tool

ANSWERS: Final[Mapping[str, Callable[[], LookupView]]] = {
    "match": found,
    "none": no_match,
    "incomplete": incomplete,
    "incomplete-found": lambda: incomplete(matches=(match(),)),
}
UNREADABLE: Final = {"number": "0470 12 34 56", "narrative": "Il est devenu violent."}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(require_tool("chromium")) as started:
        yield started


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("pages")) as running:
        yield running


# Both sizes and both schemes in every run; the other two combinations in the full suite.
@pytest.fixture(
    params=[
        PHONE,
        DESK_AT_NIGHT,
        pytest.param(Screen(PHONE.width, "dark"), marks=pytest.mark.long),
        pytest.param(Screen(DESK_AT_NIGHT.width, "light"), marks=pytest.mark.long),
    ],
    ids=str,
)
def screen(request: pytest.FixtureRequest) -> Screen:
    chosen: Screen = request.param
    return chosen


@pytest.fixture
def page(browser: Browser, served: Served, screen: Screen) -> Iterator[Page]:
    served.stage.script.__dict__.update(Script().__dict__)
    context = open_context(browser, screen)
    yield context.new_page()
    context.close()


NAMES: Final = {Role.CASEWORKER: "Inès", Role.MODERATOR: "Maud", Role.ADMINISTRATOR: "Jo"}


def enter(page: Page, served: Served, role: Role) -> None:
    page.goto(served.signin_link(role, NAMES[role]))
    press(page.get_by_role("button", name="Entrer"))


def test_before_signing_in(page: Page, served: Served, screen: Screen) -> None:
    page.goto(f"{served.url}/connexion")
    look(page, "signin", screen)
    press(page.get_by_role("button", name="Se connecter"))
    look(page, "signin-errors", screen)
    page.goto(f"{served.url}/entrer/inconnu")
    look(page, "enter", screen)
    press(page.get_by_role("button", name="Entrer"))
    look(page, "enter-used", screen)


def test_quiet_pages(page: Page, served: Served, screen: Screen) -> None:
    enter(page, served, Role.MODERATOR)
    look(page, "home-quiet", screen)
    for name in ("signalements", "a-relire", "recoupements", "reseau", "chercher"):
        page.goto(f"{served.url}/{name}")
        look(page, f"quiet-{name}", screen)


def test_busy_pages(page: Page, served: Served, screen: Screen) -> None:
    script = served.script
    script.reports = {
        one.id: one
        for one in (
            report(1),
            approved_once(2, identifiers=report(2).identifiers * 2),
            report(3, status=Status.PUBLISHED, severity=Severity.RISQUE, approvals_needed=1),
            report(4, status=Status.WITHDRAWN, identifiers=(), severity=None, narrative=""),
        )
    }
    script.matches = [
        match(key="ab" * 16, reports=(f"{1:032x}",)),
        match(key="cd" * 16, name="STRASS", reports=(f"{3:032x}",), seen=True),
    ]
    script.network = network(
        complete=False,
        custody="locked",
        members=(
            member("strass", not_searched=Unsearched.BEHIND, lag=12, fault=Fault.LYING),
            member("cabiria"),
            member("griselidis", not_searched=Unsearched.QUARANTINED, quarantine="entry"),
            member("entractes", not_searched=Unsearched.SILENT, head_time=NOW - 200_000),
        ),
    )
    enter(page, served, Role.MODERATOR)
    look(page, "home", screen)
    for name in ("signalements", "a-relire", "recoupements", "reseau"):
        page.goto(f"{served.url}/{name}")
        look(page, name, screen)
    for number, name in ((1, "report"), (2, "report-second"), (3, "report-published")):
        page.goto(f"{served.url}/signalements/{number:032x}")
        if number == 3:
            page.locator("summary").click()
        look(page, name, screen)
    page.goto(f"{served.url}/signalements/{1:032x}/recu")
    look(page, "received", screen)


def test_the_report_form(page: Page, served: Served, screen: Screen) -> None:
    enter(page, served, Role.CASEWORKER)
    page.goto(f"{served.url}/signaler")
    look(page, "new", screen)
    page.locator("summary").click()
    look(page, "new-details", screen)
    for field, value in UNREADABLE.items():
        page.locator(f"#{field}").fill(value)
    press(page.get_by_role("button", name="Enregistrer"))
    look(page, "new-errors", screen)
    page.get_by_role("link", name="Choisissez la gravité.").click()
    assert page.evaluate("document.activeElement.name") == "severity"


@pytest.mark.parametrize("answer", ANSWERS)
def test_the_answers(page: Page, served: Served, screen: Screen, answer: str) -> None:
    served.script.lookup = ANSWERS[answer]()
    served.script.reports = {f"{1:032x}": report(1)}
    enter(page, served, Role.CASEWORKER)
    page.goto(f"{served.url}/chercher")
    page.get_by_label("Numéro de téléphone").fill(TYPED)
    press(page.get_by_role("button", name="Chercher ce numéro"))
    look(page, f"answer-{answer}", screen)


def test_an_administrators_pages(page: Page, served: Served, screen: Screen) -> None:
    served.script.network = network(vault="locked", custody="locked", complete=False)
    enter(page, served, Role.ADMINISTRATOR)
    look(page, "home-administrator", screen)
    page.goto(f"{served.url}/ouvrir")
    look(page, "unlock", screen)
    press(page.get_by_role("button", name="Ouvrir : Coffre"))
    look(page, "unlock-errors", screen)


def test_problems(page: Page, served: Served, screen: Screen) -> None:
    enter(page, served, Role.CASEWORKER)
    page.goto(f"{served.url}/ouvrir")
    look(page, "forbidden", screen)
    served.script.reports_error = VaultLockedError("locked")
    page.goto(f"{served.url}/signalements")
    look(page, "vault-locked", screen)


def test_a_page_too_wide_or_too_small_would_be_seen(browser: Browser, served: Served) -> None:
    """The checks of `look` can fail."""
    context = open_context(browser, PHONE)
    page = context.new_page()
    for fault in (
        "document.querySelector('h1').style.width = '2000px'",
        "document.querySelector('button').style.cssText = 'min-height:0;height:20px'",
        "document.querySelector('p').style.fontSize = '11px'",
        "document.querySelector('label').remove()",
    ):
        page.goto(f"{served.url}/connexion")
        page.evaluate(fault)
        with pytest.raises(AssertionError):
            look(page, "fault", PHONE)
    context.close()


def test_printing_leaves_out_what_cannot_be_pressed(browser: Browser, served: Served) -> None:
    served.script.lookup = found()
    context = open_context(browser, PHONE)
    page = context.new_page()
    enter(page, served, Role.CASEWORKER)
    page.goto(f"{served.url}/chercher")
    page.get_by_label("Numéro de téléphone").fill(TYPED)
    press(page.get_by_role("button", name="Chercher ce numéro"))
    page.emulate_media(media="print")
    assert not page.locator("footer").is_visible()
    assert page.get_by_role("heading", name="Signalé", exact=True).is_visible()
    context.close()


def test_everything_works_without_scripts(browser: Browser, served: Served) -> None:
    served.stage.script.__dict__.update(Script(created=report(9)).__dict__)
    context = open_context(browser, PHONE, scripts=False)
    page = context.new_page()
    enter(page, served, Role.CASEWORKER)
    press(page.get_by_role("link", name="Nouveau signalement").first)
    page.locator("#number").fill(TYPED)
    page.get_by_label("Très dangereux").check()
    page.get_by_label("Vol", exact=True).check()
    press(page.get_by_role("button", name="Enregistrer"))
    assert page.get_by_role("heading", name="Signalement enregistré").is_visible()
    context.close()
