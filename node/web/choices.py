"""What a person can pick in a form: words of the closed vocabularies, months, areas, countries."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from babel.core import Locale

from node.labels import N_, label
from node.web.moments import Calendar
from node.web.wording import Translate
from protocol.areas import AREAS
from protocol.coded import Coded
from protocol.description import TRAITS, Trait
from protocol.vocabulary import (
    Consent,
    Knowledge,
    Perpetrator,
    PlaceType,
    Relation,
    Severity,
    TimeOfDay,
    Violence,
)

MONTHS_BACK: Final = 60
"""Five years: nothing older may be kept."""

ASKED_REGIONS: Final = ("FR", "BE", "RE", "YT", "GP", "MQ", "GF", "PM", "NC", "PF", "WF")
"""Countries offered where a number alone does not tell."""

SEVERITY_HINTS: Final = {
    Severity.PENIBLE: N_("Pénible, sans danger. Reste dans votre association."),
    Severity.RISQUE: N_("À connaître avant d’accepter un rendez-vous."),
    Severity.DANGEREUX: N_("Violence ou menace. Deux personnes doivent relire."),
    Severity.TRES_DANGEREUX: N_("Vie ou intégrité en jeu. Deux personnes doivent relire."),
}

KNOWLEDGE_TITLES: Final = {
    Knowledge.FIRST_HAND: N_("La personne concernée me l’a dit, ou c’est moi"),
    Knowledge.RELAYED: N_("Quelqu’un d’autre me l’a rapporté"),
}

CONSENT_HINTS: Final = {
    Consent.KEEP_LOCAL: N_("Sans cet accord, votre équipe doit le retirer après la relecture."),
    Consent.FEDERATED_TAG: N_(
        "Elles verront la gravité, les faits cochés, le mois, le lieu, la description, et si vous "
        "le savez de première main. Jamais le récit, ni qui a parlé."
    ),
    Consent.CONTACT: N_("Une autre association peut demander à votre association de la joindre."),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that can be picked."""

    value: str
    title: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Choices under one title in a menu; no title, no heading."""

    title: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class TraitMenu:
    """The menu of one trait of a description."""

    name: str
    title: str
    choices: tuple[Group, ...]


def trait_field(trait: Trait) -> str:
    """Return the form field that holds a trait's word."""
    return f"trait-{trait.value}"


class Choices:
    """Every list of the report form, in one language, for one moment."""

    def __init__(self, translate: Translate, calendar: Calendar, now: int) -> None:
        self._translate = translate
        self._calendar = calendar
        self._now = now

    @property
    def severity(self) -> tuple[Choice, ...]:
        """Four levels, each with what it means."""
        return self._words(Severity, SEVERITY_HINTS)

    @property
    def violence(self) -> tuple[Choice, ...]:
        """What was done."""
        return self._words(Violence)

    @property
    def knowledge(self) -> tuple[Choice, ...]:
        """How it is known, as a question to who fills the form in."""
        return tuple(
            Choice(word.value, self._translate(KNOWLEDGE_TITLES[word])) for word in Knowledge
        )

    @property
    def consents(self) -> tuple[Choice, ...]:
        """Each consent."""
        return self._words(Consent, CONSENT_HINTS)

    @property
    def perpetrator(self) -> tuple[Group, ...]:
        """What the person presented themselves as."""
        return self._menu(Perpetrator)

    @property
    def place(self) -> tuple[Group, ...]:
        """Kinds of places."""
        return self._menu(PlaceType)

    @property
    def time(self) -> tuple[Group, ...]:
        """Moments of the day."""
        return self._menu(TimeOfDay)

    @property
    def relation(self) -> tuple[Group, ...]:
        """Whether the person was known."""
        return self._menu(Relation)

    @property
    def month(self) -> tuple[Group, ...]:
        """The last five years, newest first, by year."""
        years: dict[str, list[Choice]] = {}
        for code in self._calendar.months(self._now, MONTHS_BACK):
            years.setdefault(code[:4], []).append(Choice(code, self._calendar.month(code)))
        return tuple(Group(year, tuple(months)) for year, months in years.items())

    @property
    def area(self) -> tuple[Group, ...]:
        """Départements first, then the three cities' arrondissements, overseas, Belgium."""
        _ = self._translate
        titles = (
            (_is_city, _("Paris, Lyon, Marseille")),
            (_is_mainland, _("Départements")),
            (_is_overseas, _("Outre-mer")),
            (_is_belgian, _("Belgique")),
        )
        return tuple(
            Group(title, tuple(_area(code) for code in AREAS if belongs(code)))
            for belongs, title in titles
        )

    @property
    def traits(self) -> tuple[TraitMenu, ...]:
        """One menu a trait."""
        return tuple(
            TraitMenu(trait_field(trait), self._translate(label(trait)), self._menu(vocabulary))
            for trait, vocabulary in TRAITS.items()
        )

    def _words(
        self, vocabulary: type[Coded], hints: dict[Severity, str] | dict[Consent, str] | None = None
    ) -> tuple[Choice, ...]:
        found: dict[str, str] = {word.value: hint for word, hint in (hints or {}).items()}
        return tuple(
            Choice(
                word.value,
                self._translate(label(word)),
                self._translate(found[word.value]) if word.value in found else "",
            )
            for word in vocabulary
        )

    def _menu(self, vocabulary: type[Coded]) -> tuple[Group, ...]:
        return (Group("", self._words(vocabulary)),)


def countries(regions: Iterable[str], locale: Locale) -> tuple[Choice, ...]:
    """Return a choice for each region, by its name in the language of `locale`."""
    return tuple(Choice(region, locale.territories.get(region, region)) for region in regions)


def _area(code: str) -> Choice:
    name = AREAS[code]
    return Choice(code, name if _is_city(code) or _is_belgian(code) else f"{name} ({code})")


def _is_belgian(code: str) -> bool:
    return code.startswith("BE-")


def _is_city(code: str) -> bool:
    return len(code) == len("75101") and code.isdigit()


def _is_overseas(code: str) -> bool:
    return len(code) == len("974") and code.isdigit()


def _is_mainland(code: str) -> bool:
    return not (_is_belgian(code) or _is_city(code) or _is_overseas(code))
