"""Every sentence goes through gettext, messages.pot is current, and French is set in French."""

import re
from gettext import NullTranslations
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from jinja2 import Environment

from protocol.areas import AREAS
from tests.node.web_fixture import network, no_match, stage
from tests.node.web_samples import TYPED, found, incomplete, match, report

ROOT = Path(__file__).parents[2]
LOCALE = ROOT / "node" / "locale"
TEMPLATES = sorted((ROOT / "node" / "web" / "templates").glob("*.html"))
COMMAND = (
    "pybabel extract -F node/locale/babel.cfg -k N_ --omit-header --add-location=file "
    "--sort-by-file -o node/locale/messages.pot node"
)
SPOKEN = {"alt", "aria-label", "label", "placeholder", "title", "value"}
"""Attributes that people see or hear."""
NAMES = {"Veilleuse"}
"""Words that are the same in every language."""
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}


class Visible(HTMLParser):
    """Collects the letters of a page that no expression made."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self._keep(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in SPOKEN and not (tag == "input" and name == "value"):
                self._keep(value or "")

    def _keep(self, text: str) -> None:
        text = text.strip()
        attribute = '="' in text  # a macro that writes attributes
        if re.search(r"[^\W\d_]", text) and text not in NAMES and not attribute:
            self.found.append(text)


def literal(source: str) -> list[str]:
    """Return the visible words of a template that are written outside expressions."""
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    data = [value for _, kind, value in environment.lex(source) if kind == "data"]
    visible = Visible()
    visible.feed("".join(data))
    return visible.found


def extracted() -> set[object]:
    with (LOCALE / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    found = extract_from_dir(ROOT / "node", methods, options, keywords=KEYWORDS)
    return {message for _, _, message, _, _ in found}


def catalogue() -> Catalog:
    with (LOCALE / "messages.pot").open("rb") as file:
        return read_po(file)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_sentence_bypasses_gettext(template: Path) -> None:
    assert literal(template.read_text()) == []


def test_a_bare_sentence_would_be_seen() -> None:
    source = '<p title="Bonjour">{{ _("dit") }} Attention</p><img alt="Une image">'
    assert literal(source) == ["Bonjour", "Attention", "Une image"]


def test_messages_pot_is_current() -> None:
    kept = {message.id for message in catalogue() if message.id}
    assert kept == extracted(), f"run: {COMMAND}"


def test_french_is_set_as_french() -> None:
    """A no-break space stands before double signs, and apostrophes are typographic."""
    ids = [part for message in catalogue() if _on_pages(message) for part in _parts(message.id)]
    wrong = [text for text in ids if re.search(r" [?!;:»]|« |[^\W\d]'[^\W\d]", text)]
    assert wrong == []


def _on_pages(message: Message) -> bool:
    return any(path.startswith(("node/web/", "node/labels")) for path, _ in message.locations)


def _parts(message: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (message,) if isinstance(message, str) else tuple(message)


def test_no_sentence_says_that_a_person_is_safe() -> None:
    """P7: no screen ever says so, in any form of the words."""
    words = re.compile(
        r"\bsûre?s?\b|sécurité|sans risque|fiable|aucun danger|rassur", re.IGNORECASE
    )
    ids = [part for message in catalogue() for part in _parts(message.id)]
    assert [text for text in ids if words.search(text)] == []


class Marked(NullTranslations):
    """A language whose every sentence stands in brackets, so that others show."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


class Texts(HTMLParser):
    """Collects every text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data.strip())


UNTRANSLATED = re.compile(
    r"Veilleuse|Cabiria|STRASS|Grisélidis|Entr’Actes|Maud|Inès|"  # names
    r"\d\d \d\d \d\d \d\d|\(?\d+ \w+ \d{4}|^[a-zûé]+ \d{4}$|^\d+$|"  # numbers and dates
    r"refusé le préservatif|^,$|France"  # what was told; a country by its locale's name
)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/chercher",
        "/signaler",
        "/signalements",
        f"/signalements/{1:032x}",
        "/recoupements",
        "/reseau",
        f"/signalements/{1:032x}/recu",
        "/ouvrir",
        "/connexion",
    ],
)
async def test_every_word_on_a_page_is_translated(tmp_path: Path, path: str) -> None:
    async with stage(tmp_path, Marked()) as node:
        browser = await node.signed_in(name="Maud")
        node.script.reports = {f"{1:032x}": report(1)}
        node.script.matches = [match(key="ab" * 16, reports=(f"{1:032x}",))]
        node.script.network = network(complete=False, custody="locked")
        assert left_over((await browser.open(path)).text) == []


async def test_every_word_of_an_answer_is_translated(tmp_path: Path) -> None:
    async with stage(tmp_path, Marked()) as node:
        browser = await node.signed_in(name="Maud")
        await browser.open("/chercher")
        for answer in (found(), incomplete(), no_match()):
            node.script.lookup = answer
            page = (await browser.send("/chercher", {"number": TYPED})).text
            assert left_over(page) == []


def left_over(page: str) -> list[str]:
    """Return the texts of a page that no translation made and that are no names, areas or dates."""
    areas = set(AREAS.values())
    texts = Texts()
    texts.feed(page)
    return [
        text
        for text in texts.found
        if re.search(r"[^\W\d_]", text)
        and "⟦" not in text
        and not UNTRANSLATED.search(text)
        and text not in areas
        and re.sub(r" \(\w+\)$", "", text) not in areas
    ]
