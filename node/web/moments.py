"""Times as a person reads them: relative, with the exact one beside it, in local time."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from gettext import NullTranslations
from zoneinfo import ZoneInfo

from babel.core import Locale
from babel.dates import format_date, format_datetime

ZONES = {"FR": "Europe/Paris", "BE": "Europe/Brussels"}
"""By the association's region profile."""

MINUTE, HOUR, DAY = 60, 3600, 86_400


@dataclass(frozen=True, slots=True)
class Calendar:
    """How one association writes times: its language and its time zone."""

    locale: Locale
    zone: ZoneInfo
    words: NullTranslations

    @classmethod
    def of(cls, region: str, words: NullTranslations, language: str = "fr") -> "Calendar":
        """Return the calendar of a region profile, `FR` or `BE`."""
        return cls(Locale.parse(language), ZoneInfo(ZONES[region]), words)

    def local(self, moment: int) -> datetime:
        """Return Unix seconds `moment` as local time."""
        return datetime.fromtimestamp(moment, UTC).astimezone(self.zone)

    def exact(self, moment: int) -> str:
        """Return "21 novembre 2026, 18:04" for Unix seconds `moment`."""
        return format_datetime(self.local(moment), "d MMMM y, HH:mm", locale=self.locale)

    def day(self, moment: int) -> str:
        """Return "21 novembre 2026" for Unix seconds `moment`."""
        return format_date(self.local(moment).date(), "d MMMM y", locale=self.locale)

    def machine(self, moment: int) -> str:
        """Return `moment` for the `datetime` attribute of a `time` element."""
        return self.local(moment).isoformat(timespec="minutes")

    def ago(self, moment: int, now: int) -> str:
        """Return "il y a 3 minutes"; the last minute, and a clock ahead of ours, are now."""
        gettext, ngettext = self.words.gettext, self.words.ngettext
        seconds = now - moment
        if seconds < MINUTE:
            return gettext("à l’instant")
        if seconds < HOUR:
            n = seconds // MINUTE
            return ngettext("il y a %(n)d minute", "il y a %(n)d minutes", n) % {"n": n}
        if seconds < DAY:
            n = seconds // HOUR
            return ngettext("il y a %(n)d heure", "il y a %(n)d heures", n) % {"n": n}
        n = seconds // DAY
        return ngettext("il y a %(n)d jour", "il y a %(n)d jours", n) % {"n": n}

    def month(self, code: str) -> str:
        """Return "novembre 2026" for "2026-11"."""
        year, month = code.split("-")
        return format_date(date(int(year), int(month), 1), "MMMM y", locale=self.locale)

    def months(self, now: int, count: int) -> list[str]:
        """Return the codes of the last `count` months, this one first: "2026-11", "2026-10"..."""
        today = self.local(now)
        first = today.year * 12 + today.month - 1
        return [f"{(first - back) // 12:04}-{(first - back) % 12 + 1:02}" for back in range(count)]
