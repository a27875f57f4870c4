"""Handing in a report: the form, and what happens next."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response

from node.errors import InvalidError, VaultLockedError
from node.permissions import Permission
from node.services.model import MAX_NARRATIVE
from node.services.views import ReportView
from node.web.choices import MONTHS_BACK, Choices, countries
from node.web.forms import Form
from node.web.presenting import report_path
from node.web.report_form import describes, draft_of, put_errors, read_number
from node.web.site import Site, Visitor, page_route
from protocol.vocabulary import Knowledge

_ONCE_SIZE: Final = 16

ReportId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]


def reporting_pages(site: Site) -> APIRouter:
    """Return the pages of a new report."""
    router = APIRouter(route_class=page_route(site), include_in_schema=False)

    @router.get("/signaler")
    async def ask(request: Request) -> Response:
        visitor = await site.visitor(request, Permission.REPORT_CREATE)
        once = site.node.entropy(_ONCE_SIZE).hex()
        form = Form({"knowledge": (Knowledge.FIRST_HAND,), "once": (once,)})
        return _form_page(site, request, visitor, form)

    @router.post("/signaler")
    async def hand_in(request: Request) -> Response:
        visitor, form = await site.submitted(request, Permission.REPORT_CREATE)
        translate = site.words.gettext
        regions = read_number(form, site.region, translate)
        months = site.calendar.months(site.node.clock.now(), MONTHS_BACK)
        draft = draft_of(form, months, translate)
        if draft is None:
            return _form_page(site, request, visitor, form, regions)
        try:
            report = await site.node.reports.create(visitor.account, draft)
        except InvalidError as error:
            regions = put_errors(form, error, translate) or regions
            return _form_page(site, request, visitor, form, regions)
        # To another address: loading the page again must not hand it in twice.
        return site.go(f"{report_path(report.id)}/recu")

    @router.get("/signalements/{report_id}/recu")
    async def received(request: Request, report_id: ReportId) -> Response:
        visitor = await site.visitor(request, Permission.REPORT_CREATE)
        try:
            report = await site.node.reports.get(visitor.account, report_id)
        except VaultLockedError:
            steps, path = _steps_locked(site), ""
        else:
            steps, path = _steps(site, report), report_path(report_id)
        return site.page(request, "received.html", visitor, steps=steps, report_path=path)

    return router


def _form_page(
    site: Site, request: Request, visitor: Visitor, form: Form, regions: tuple[str, ...] = ()
) -> Response:
    return site.page(
        request,
        "report_new.html",
        visitor,
        status=422 if form.errors else 200,
        form=form,
        countries=countries(regions, site.calendar.locale),
        choices=Choices(site.words.gettext, site.calendar, site.node.clock.now()),
        details_open=describes(form),
        narrative_limit=MAX_NARRATIVE,
    )


def _steps(site: Site, report: ReportView) -> tuple[str, ...]:
    _ = site.words.gettext
    readers = (
        _("Deux personnes de votre association le relisent, séparément.")
        if report.approvals_needed > 1
        else _("Une personne de votre association le relit.")
    )
    if not report.federated:
        return (
            readers,
            _("Il reste ici : les autres associations ne seront pas prévenues."),
            _("Vous pouvez le retirer à tout moment, depuis sa page."),
        )
    return (
        readers,
        _("Si elles ou ils l’approuvent, il est publié en moins d’une minute."),
        _(
            "Les associations qui cherchent ce numéro voient la gravité, les faits, le mois, "
            "le lieu et la description. Jamais le récit."
        ),
        _("Vous pouvez le retirer à tout moment, depuis sa page."),
    )


def _steps_locked(site: Site) -> tuple[str, ...]:
    _ = site.words.gettext
    return (
        _("Le coffre de votre association est fermé : le signalement attend, chiffré."),
        _("Quand la personne qui administre l’ouvre, l’équipe peut le relire."),
        _("Rien n’est publié avant cette relecture."),
    )
