"""A match in words: what an association says about a number, from the API's JSON."""

from collections.abc import Iterator, Mapping
from typing import Any

from node.cli.words import _
from node.labels import LABELS
from protocol.areas import AREAS
from protocol.coded import Coded
from protocol.vocabulary import Severity, Violence


def lines_of(match: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a person reads about one match."""
    title = match["name"]
    if match["disputed"]:
        title += _(" (contesté : contenu retenu jusqu’à la décision d’une personne)")
    yield title
    notice = match["notice"]
    if notice is not None:
        severity = _word(Severity, notice["severity"])
        yield "  " + ", ".join([severity, *(_word(Violence, one) for one in notice["violence"])])
        yield "  " + ", ".join(_circumstances(match, notice))
    if match["contact"]:
        yield _("  joindre l’équipe : {contact}").format(contact=match["contact"])
    if match["reports"]:
        yield _("  vos signalements : {ids}").format(ids=", ".join(match["reports"]))


def _circumstances(match: Mapping[str, Any], notice: Mapping[str, Any]) -> Iterator[str]:
    if notice["area"]:
        yield AREAS.get(notice["area"], notice["area"])
    age = match["age_months"]
    if age is not None:
        yield _("ce mois-ci") if age == 0 else _("il y a {months} mois").format(months=age)
    yield _("{count} fait(s) signalé(s)").format(count=notice["incidents"])


def _word(vocabulary: type[Coded], slug: str) -> str:
    labels = LABELS[vocabulary]
    return next((_(label) for word, label in labels.items() if word.value == slug), slug)
