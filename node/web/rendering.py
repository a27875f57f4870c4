"""Templates to pages: one Jinja environment, autoescaping, undefined names refused, gettext."""

import hashlib
from collections.abc import Callable, Mapping
from gettext import NullTranslations
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from node.labels import shown
from node.web.moments import Calendar
from protocol.areas import AREAS
from protocol.coded import Coded, Unknown

WEB: Final = Path(__file__).parent
STATIC: Final[Mapping[str, str]] = {"style.css": "text/css", "icon.svg": "image/svg+xml"}
"""Every file that a page may load, and its type."""


class Assets:
    """The stylesheet and the icon, each under an address that holds its digest."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[bytes, str]] = {}
        self.addresses: dict[str, str] = {}
        for name, media_type in STATIC.items():
            content = (WEB / "static" / name).read_bytes()
            key = f"{hashlib.sha256(content).hexdigest()[:16]}/{name}"
            self.files[key] = (content, media_type)
            self.addresses[name] = f"/static/{key}"

    def address(self, name: str) -> str:
        """Return the path of a file of STATIC."""
        return self.addresses[name]


class Renderer:
    """Turns a template's name and its values into the text of a page."""

    def __init__(
        self,
        words: NullTranslations,
        calendar: Calendar,
        now: Callable[[], int],
        standing: Mapping[str, object],
    ) -> None:
        """Build the environment once.

        Args:
            words: translations; the source strings are French.
            calendar: how times are written.
            now: the node's clock, Unix seconds.
            standing: values that every page has.
        """
        self.assets = Assets()
        self.words = words
        self._environment = Environment(
            loader=FileSystemLoader(WEB / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            extensions=["jinja2.ext.i18n"],
            trim_blocks=True,
            lstrip_blocks=True,
        )
        # Installed by the i18n extension, which the type stubs do not know.
        environment: Any = self._environment
        environment.install_gettext_translations(words, newstyle=True)
        environment.policies["ext.i18n.trimmed"] = True
        self._environment.globals.update(standing)
        self._environment.globals.update(asset=self.assets.address, now=now)
        self._environment.filters.update(
            ago=lambda moment: calendar.ago(moment, now()),
            exact=calendar.exact,
            day=calendar.day,
            machine=calendar.machine,
            month=calendar.month,
            area=lambda code: AREAS.get(code, code),
            label=self.label,
        )

    def label(self, word: Coded | Unknown) -> str:
        """Return what a person reads for a word of a vocabulary."""
        return shown(word, self.words.gettext)

    def render(self, template: str, values: Mapping[str, object]) -> str:
        """Return the page that `templates/<template>` makes of `values`."""
        return self._environment.get_template(template).render(values)
