"""A real browser on real pages: screens, screenshots, and what every page must satisfy."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright

SCREENSHOTS: Final = Path(__file__).parent / "screenshots"
PATIENCE: Final = 15_000
"""Milliseconds that any single step of the browser may take."""
MIN_TARGET: Final = 44
MIN_FONT: Final = 18
MAX_LINE: Final = 65

Scheme = Literal["light", "dark"]


@dataclass(frozen=True)
class Screen:
    """A size and the reader's setting for light or dark."""

    width: int
    scheme: Scheme

    def __str__(self) -> str:
        return f"{self.width}-{self.scheme}"


PHONE: Final = Screen(360, "light")
DESK_AT_NIGHT: Final = Screen(1280, "dark")


@contextmanager
def chromium(path: str) -> Iterator[Browser]:
    """Start the machine's Chromium without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, headless=True, args=["--no-sandbox"]
        )
        try:
            yield browser
        finally:
            browser.close()


def open_context(browser: Browser, screen: Screen, *, scripts: bool = True) -> BrowserContext:
    """Return a browser profile of its own, for one screen.

    Args:
        browser: from `chromium`.
        screen: its size and scheme.
        scripts: whether pages could run scripts. Ours have none; the tools that measure need them.
    """
    context = browser.new_context(
        viewport={"width": screen.width, "height": 740},
        color_scheme=screen.scheme,
        locale="fr-FR",
        java_script_enabled=scripts,
    )
    context.set_default_timeout(PATIENCE)
    return context


def press(target: Locator) -> None:
    """Click a button or a link and wait for the page that it leads to."""
    with target.page.expect_navigation():
        target.click()


def look(page: Page, name: str, screen: Screen) -> None:
    """Keep a screenshot of a page, and check all that holds for every page."""
    page.screenshot(path=SCREENSHOTS / f"{name}-{screen}.png", full_page=True)
    assert page.title() == "Veilleuse"
    assert findings(page) == [], name
    assert overflow(page) <= 0, f"{name} is wider than {screen}"
    assert small_targets(page) == [], name
    assert page.evaluate(SMALLEST_FONT) >= MIN_FONT, name
    assert page.evaluate(LONGEST_LINE) <= MAX_LINE, name


def findings(page: Page) -> list[str]:
    """Return what axe finds wrong: rule, element and summary."""
    violations = Axe().run(page).response["violations"]
    return [
        f"{violation['id']} {node['target']}: {node['failureSummary']}"
        for violation in violations
        for node in violation["nodes"]
    ]


def overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than its window."""
    wider: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return wider


def small_targets(page: Page) -> list[str]:
    """Return what a thumb would miss. Links inside a sentence are exempt (WCAG 2.5.5)."""
    found: list[str] = page.evaluate(SMALL_TARGETS, MIN_TARGET)
    return found


SMALL_TARGETS: Final = """minimum => [...document.querySelectorAll(
    'a:not(.skip), button, select, textarea, summary, input:not([type=hidden])')]
  .filter(one => one.offsetParent !== null && !one.matches('p a, dd a, main li a:not(.follow)'))
  .map(one => one.closest('label.option') || one)
  .filter(one => one.getBoundingClientRect().height < minimum)
  .map(one => one.outerHTML.slice(0, 120))"""

SMALLEST_FONT: Final = """Math.min(...[...document.querySelectorAll('body *')]
  .filter(one => [...one.childNodes].some(child => child.nodeType === 3 && child.data.trim()))
  .map(one => parseFloat(getComputedStyle(one).fontSize)))"""

LONGEST_LINE: Final = """(() => {
  const ruler = document.createElement('span');
  ruler.style.cssText = 'position:absolute;width:1ch';
  document.querySelector('main').append(ruler);
  const one = ruler.getBoundingClientRect().width;
  ruler.remove();
  return Math.max(0, ...[...document.querySelectorAll('main p, main li')]
    .map(block => block.getBoundingClientRect().width / one));
})()"""
