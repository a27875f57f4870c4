"""Views of the services, as rows and states that a template shows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import phonenumbers

from node.labels import shown
from node.services.model import Status
from node.services.views import MatchView, ReportSummary, ReportView
from node.web.moments import Calendar
from node.web.wording import Mark, Translate
from protocol.areas import AREAS
from protocol.coded import Coded, Unknown
from protocol.description import TRAITS, Trait
from protocol.notice import Notice
from protocol.vocabulary import Consent, Severity


@dataclass(frozen=True, slots=True)
class Row:
    """One fact: its title and its words."""

    title: str
    words: str
    number: bool = False


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """One consent and whether it was given."""

    title: str
    given: bool


@dataclass(frozen=True, slots=True)
class Link:
    """Where to go, and how it is called."""

    path: str
    title: str


@dataclass(frozen=True, slots=True)
class ReportCard:
    """One line of a list of reports."""

    path: str
    title: str
    state: Mark
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MatchCard:
    """What one association says about one number."""

    title: str
    disputed: bool
    tone: str
    severity: str
    violence: str
    rows: tuple[Row, ...]
    contact: str
    key: str | None
    seen: bool
    reports: tuple[Link, ...]


def number_shown(text: str) -> str:
    """Return a number in normal form with the spaces that its country puts."""
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return text  # of another kind
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def report_path(report_id: str) -> str:
    """Return the address of a report's page. The id is random: it says nothing."""
    return f"/signalements/{report_id}"


class Presenter:
    """Puts views into words, in one language."""

    def __init__(self, translate: Translate, calendar: Calendar) -> None:
        self._translate = translate
        self._calendar = calendar

    def report_state(self, report: ReportSummary) -> Mark:
        """Return where a report stands."""
        _ = self._translate
        if report.status is Status.PENDING and report.approvals:
            return Mark("wait", "wait", _("À relire par une deuxième personne"))
        if report.status is Status.PUBLISHED:
            return Mark("good", "shared", _("Publié : les autres associations le trouvent"))
        if report.status is Status.APPROVED and report.federated:
            return Mark("wait", "wait", _("Approuvé, la publication est en cours"))
        if report.status is Status.APPROVED:
            return Mark("good", "done", _("Approuvé, reste dans votre association"))
        return {
            Status.PENDING: Mark("wait", "wait", _("À relire")),
            Status.REFUSED: Mark("none", "gone", _("Refusé, contenu effacé")),
            Status.WITHDRAWN: Mark("none", "gone", _("Retiré, contenu effacé")),
        }[report.status]

    def report_title(self, report: ReportSummary) -> str:
        """Return the name of a report: its numbers, or its day where they are erased."""
        if report.identifiers:
            return ", ".join(identifier.typed for identifier in report.identifiers)
        _ = self._translate
        return _("du %(day)s") % {"day": self._calendar.day(report.created)}

    def report_card(self, report: ReportSummary) -> ReportCard:
        """Return one line of a list."""
        _ = self._translate
        facts = []
        if report.severity is not None:
            facts.append(self._word(report.severity))
        if report.area is not None:
            facts.append(AREAS[report.area])
        if report.month is not None:
            facts.append(self._calendar.month(report.month))
        if report.author is not None:
            facts.append(_("par %(name)s") % {"name": report.author})
        return ReportCard(
            path=report_path(report.id),
            title=self.report_title(report),
            state=self.report_state(report),
            facts=tuple(facts),
        )

    def report_rows(self, report: ReportView) -> tuple[Row, ...]:
        """Return what a report says, but its story."""
        _ = self._translate
        rows = [
            Row(_("Numéro"), identifier.typed, number=True) for identifier in report.identifiers
        ]
        if report.severity is None:
            return ()
        rows.append(Row(_("Gravité"), self._word(report.severity)))
        rows.append(Row(_("Faits"), self._words(report.violence)))
        rows += self._circumstances(report)
        rows += self._description(
            {trait: TRAITS[trait].named(slug) for trait, slug in report.description.items()}
        )
        if report.knowledge is not None:
            rows.append(Row(_("Source"), self._word(report.knowledge)))
        if report.author is not None:
            rows.append(Row(_("Enregistré par"), report.author))
        rows.append(Row(_("Enregistré le"), self._calendar.day(report.created)))
        return tuple(rows)

    def consents(self, report: ReportView) -> tuple[ConsentLine, ...]:
        """Return every consent, given or not."""
        return tuple(
            ConsentLine(self._word(consent), consent in report.consents) for consent in Consent
        )

    def match(self, match: MatchView, reports: Mapping[str, Link] | None = None) -> MatchCard:
        """Return one association's notice; `reports` names the own ones by id."""
        _ = self._translate
        links = [(reports or {}).get(report) for report in match.reports]
        title = _("Signalé à %(name)s") if reports is None else _("Aussi signalé à %(name)s")
        notice = match.notice
        return MatchCard(
            title=title % {"name": match.name},
            disputed=match.disputed,
            tone="bad" if notice is not None and _is_grave(notice.severity) else "wait",
            severity="" if notice is None else self._word(notice.severity),
            violence="" if notice is None else self._words(notice.violence),
            rows=() if notice is None else self._notice_rows(notice, match.age_months),
            contact=_("Pour en parler : %(contact)s") % {"contact": match.contact}
            if match.contact
            else "",
            key=match.key,
            seen=match.seen,
            reports=tuple(link for link in links if link is not None),
        )

    def _notice_rows(self, notice: Notice, age_months: int | None) -> tuple[Row, ...]:
        _ = self._translate
        rows = self._circumstances(notice, age_months)
        if notice.month is None:
            # A number may have changed hands since: a missing age is said, not left out.
            rows.insert(0, Row(_("Mois"), _("non précisé")))
        rows += self._description(notice.description)
        rows.append(Row(_("Source"), self._word(notice.knowledge)))
        if notice.incidents > 1:
            rows.append(Row(_("Nombre"), _("%(n)d signalements") % {"n": notice.incidents}))
        if notice.contact:
            rows.append(Row(_("Contact"), _("La personne accepte d’être recontactée")))
        return tuple(rows)

    def _circumstances(self, said: ReportView | Notice, age_months: int | None = None) -> list[Row]:
        _ = self._translate
        rows = []
        if said.month is not None:
            month = self._calendar.month(said.month)
            if age_months:
                month = _("%(month)s (il y a %(count)d mois)") % {
                    "month": month,
                    "count": age_months,
                }
            rows.append(Row(_("Mois"), month))
        if said.area is not None:
            rows.append(Row(_("Lieu"), AREAS.get(said.area, said.area)))
        words = (
            (_("Type de lieu"), said.place),
            (_("Moment"), said.time),
            (_("Qui était-ce"), said.perpetrator),
            (_("Déjà vu"), said.relation),
        )
        rows += [Row(title, self._word(word)) for title, word in words if word is not None]
        return rows

    def _description(
        self, description: Mapping[Trait, Coded] | Mapping[Trait | Unknown, Coded | Unknown]
    ) -> list[Row]:
        return [Row(self._word(trait), self._word(word)) for trait, word in description.items()]

    def _word(self, word: Coded | Unknown) -> str:
        return shown(word, self._translate)

    def _words(self, words: Iterable[Coded | Unknown]) -> str:
        return ", ".join(self._word(word) for word in words)


def _is_grave(severity: Severity | Unknown) -> bool:
    """Return whether to show it as the worst; a newer, unknown word counts as grave."""
    return isinstance(severity, Unknown) or severity.needs_two
