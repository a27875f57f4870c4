"""The association's own reports: the list, those that wait, one of them and what to decide."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response

from node.permissions import Permission
from node.services.model import Decision, Status
from node.services.views import ReportView
from node.web.presenting import report_path
from node.web.site import Site, Visitor, page_route

ReportId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
SAID: Final = "fait"
"""Query field that says which decision was just made."""


@dataclass(frozen=True, slots=True)
class Approval:
    """What approving would do now."""

    title: str
    effect: str
    verb: str


@dataclass(frozen=True, slots=True)
class Deciding:
    """What this person may decide, and what each decision does."""

    waiting: str
    approve: Approval | None
    refuse: str


def report_pages(site: Site) -> APIRouter:
    """Return the pages of reports that exist."""
    router = APIRouter(route_class=page_route(site), include_in_schema=False)

    @router.get("/signalements")
    async def list_all(request: Request) -> Response:
        visitor = await site.visitor(request, Permission.REPORT_READ)
        return await _list(site, request, visitor, None)

    @router.get("/a-relire")
    async def list_waiting(request: Request) -> Response:
        visitor = await site.visitor(request, Permission.REPORT_DECIDE)
        return await _list(site, request, visitor, Status.PENDING)

    @router.get("/signalements/{report_id}")
    async def show(request: Request, report_id: ReportId) -> Response:
        visitor = await site.visitor(request, Permission.REPORT_READ)
        report = await site.node.reports.get(visitor.account, report_id)
        return _detail(site, request, visitor, report)

    @router.post("/signalements/{report_id}/approuver")
    async def approve(request: Request, report_id: ReportId) -> Response:
        visitor, _form = await site.submitted(request, Permission.REPORT_DECIDE)
        await site.node.reports.approve(visitor.account, report_id)
        return site.go(f"{report_path(report_id)}?{SAID}={Decision.APPROVE}")

    @router.post("/signalements/{report_id}/refuser")
    async def refuse(request: Request, report_id: ReportId) -> Response:
        visitor, _form = await site.submitted(request, Permission.REPORT_DECIDE)
        await site.node.reports.refuse(visitor.account, report_id)
        return site.go(f"{report_path(report_id)}?{SAID}={Decision.REFUSE}")

    @router.post("/signalements/{report_id}/retirer")
    async def withdraw(request: Request, report_id: ReportId) -> Response:
        visitor, _form = await site.submitted(request, Permission.REPORT_WITHDRAW_OWN)
        await site.node.reports.withdraw(visitor.account, report_id)
        return site.go(f"{report_path(report_id)}?{SAID}={Decision.WITHDRAW}")

    return router


async def _list(site: Site, request: Request, visitor: Visitor, status: Status | None) -> Response:
    _ = site.words.gettext
    reports = await site.node.reports.list(visitor.account, status)
    waiting = status is Status.PENDING
    return site.page(
        request,
        "reports.html",
        visitor,
        title=_("À relire") if waiting else _("Signalements"),
        introduction=_("Lisez, puis approuvez ou refusez. Rien n’est publié avant.")
        if waiting
        else _("Les signalements de votre association. Personne d’autre ne voit cette page."),
        empty=_("Rien à relire. Un nouveau signalement apparaîtra ici dès qu’il est enregistré.")
        if waiting
        else _("Aucun signalement pour l’instant. Le premier apparaîtra ici."),
        reports=[site.presenter.report_card(report) for report in reports],
        can_create=not waiting and visitor.account.allows(Permission.REPORT_CREATE),
    )


def _detail(site: Site, request: Request, visitor: Visitor, report: ReportView) -> Response:
    card = site.presenter.report_card(report)
    return site.page(
        request,
        "report.html",
        visitor,
        card=card,
        said=_said(site, request.query_params.get(SAID), report),
        rows=site.presenter.report_rows(report),
        narrative=report.narrative,
        consents=site.presenter.consents(report) if report.status.live else None,
        deciding=_deciding(site, report),
        withdrawing=_withdrawing(site, report) if report.may_withdraw else (),
    )


def _said(site: Site, decision: str | None, report: ReportView) -> str:
    """Return what the decision just made did: as the report's state tells, not the address."""
    _ = site.words.gettext
    if decision == Decision.APPROVE and report.status is Status.PENDING:
        return _("Votre approbation est enregistrée. Une deuxième personne doit relire.")
    done = {
        Decision.APPROVE: ((Status.APPROVED, Status.PUBLISHED), _("Signalement approuvé.")),
        Decision.REFUSE: ((Status.REFUSED,), _("Signalement refusé. Son contenu est effacé.")),
        Decision.WITHDRAW: (
            (Status.WITHDRAWN,),
            _("Signalement retiré. Les autres associations l’effacent aussi, en une minute."),
        ),
    }
    for made, (states, sentence) in done.items():
        if decision == made and report.status in states:
            return sentence
    return ""


def _deciding(site: Site, report: ReportView) -> Deciding | None:
    _ = site.words.gettext
    if report.status is not Status.PENDING:
        return None
    two = report.approvals_needed > 1
    names = ", ".join(
        made.account for made in report.decisions if made.decision is Decision.APPROVE
    )
    waiting = ""
    if names:
        waiting = _("Déjà approuvé par %(names)s. Une deuxième personne doit relire.") % {
            "names": names
        }
    elif two:
        waiting = _("Cette gravité demande deux relectures, par deux personnes différentes.")
    if not report.may_approve:
        return Deciding(waiting, None, "") if waiting else None
    return Deciding(
        waiting,
        _approval(site, report),
        _("Le contenu est effacé tout de suite et ne peut pas être retrouvé. Rien n’a été publié."),
    )


def _approval(site: Site, report: ReportView) -> Approval:
    _ = site.words.gettext
    if report.approvals + 1 < report.approvals_needed:
        return Approval(
            _("Approuver, première relecture"),
            _("Rien n’est encore publié : une deuxième personne doit relire."),
            _("Approuver"),
        )
    if not report.federated:
        return Approval(
            _("Approuver"),
            _("Le signalement reste dans votre association : aucune alerte n’est publiée."),
            _("Approuver sans publier"),
        )
    return Approval(
        _("Approuver et publier"),
        _(
            "En moins d’une minute, chaque association qui cherche ce numéro verra la gravité, "
            "les faits, le mois, le lieu, la description, et si c’est de première main. "
            "Jamais le récit, ni qui a parlé."
        ),
        _("Publier l’alerte"),
    )


def _withdrawing(site: Site, report: ReportView) -> tuple[str, ...]:
    _ = site.words.gettext
    here = _("Le récit, le numéro et les réponses sont effacés ici. Ce n’est pas réversible.")
    if report.status is not Status.PUBLISHED:
        return (here,)
    return (
        here,
        _("Chaque association du réseau efface sa copie de l’alerte, en moins d’une minute."),
        _("Une recherche de ce numéro ne trouvera plus ce signalement."),
    )
