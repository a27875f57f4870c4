"""Looking a number up: one field, three answers that cannot be taken for one another.

The number is never in an address: the answer is the answer to the POST itself, and nothing keeps
it. No answer says "safe": nothing found is a statement about what was searched, and until when.
"""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from node.errors import InvalidError, NodeError
from node.permissions import Permission
from node.services.views import GapView, LookupView
from node.web.choices import countries
from node.web.forms import Form
from node.web.presenting import Link, number_shown, report_path
from node.web.report_form import NUMBER, check_number, put_errors, region_of
from node.web.site import Site, Visitor, page_route
from node.web.wording import GAPS
from protocol.answer import Unsearched, Verdict


@dataclass(frozen=True, slots=True)
class Answer:
    """The first thing seen: a word, a shape, a frame."""

    kind: str
    shape: str
    word: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Missing:
    """What was not searched, why, and what to do about it."""

    name: str
    why: str
    what_to_do: str


def lookup_pages(site: Site) -> APIRouter:
    """Return the question and its answer."""
    router = APIRouter(route_class=page_route(site), include_in_schema=False)

    @router.get("/chercher")
    async def ask(request: Request) -> Response:
        visitor = await site.visitor(request, Permission.LOOKUP)
        return _question(site, request, visitor, Form())

    @router.post("/chercher")
    async def search(request: Request) -> Response:
        visitor, form = await site.submitted(request, Permission.LOOKUP)
        check_number(form, site.words.gettext)
        if form.errors:
            return _question(site, request, visitor, form)
        region = region_of(form)
        try:
            view = await site.node.lookups.search(visitor.account, form.text(NUMBER), region=region)
        except InvalidError as error:
            regions = put_errors(form, error, site.words.gettext)
            if not regions and region is not None:
                regions = (region,)
            return _question(site, request, visitor, form, regions)
        return await _answer(site, request, visitor, view)

    return router


def _question(
    site: Site, request: Request, visitor: Visitor, form: Form, regions: tuple[str, ...] = ()
) -> Response:
    return site.page(
        request,
        "lookup.html",
        visitor,
        status=422 if form.errors else 200,
        form=form,
        countries=countries(regions, site.calendar.locale),
    )


async def _answer(site: Site, request: Request, visitor: Visitor, view: LookupView) -> Response:
    own = await _own_reports(site, visitor, view.own_reports)
    return site.page(
        request,
        "answer.html",
        visitor,
        answer=_verdict(site, view),
        candidates=[
            Link(
                number_shown(candidate.text),
                site.calendar.locale.territories.get(candidate.region or "", ""),
            )
            for candidate in view.candidates
        ],
        matches=[site.presenter.match(match) for match in view.matches],
        own=own,
        missing=[_missing(site, gap) for gap in view.not_searched],
        searched=_searched(site, view),
        until=view.searched_until,
        can_report=visitor.account.allows(Permission.REPORT_CREATE),
    )


def _verdict(site: Site, view: LookupView) -> Answer:
    _ = site.words.gettext
    if view.answer is Verdict.NO_MATCH:
        return Answer(
            "none",
            "empty",
            _("Rien trouvé"),
            _("Aucun signalement publié ne porte ce numéro. Ce n’est pas une garantie."),
        )
    if view.answer is Verdict.INCOMPLETE:
        return Answer(
            "incomplete",
            "half",
            _("Recherche incomplète"),
            _("Tout n’a pas pu être cherché. N’en tirez pas de conclusion.")
            if not (view.matches or view.own_reports)
            else _("Tout n’a pas pu être cherché, mais ce numéro est déjà signalé : voir dessous."),
        )
    return Answer("match", "alert", _("Signalé"), _where(site, view))


def _where(site: Site, view: LookupView) -> str:
    """Say at which associations: never a sum of incidents, which may be one event told twice."""
    names = {match.association: match.name for match in view.matches}
    if view.own_reports:
        names.setdefault(site.node.identity.id, site.association)
    return site.words.ngettext(
        "Par %(n)d association : %(names)s.",
        "Par %(n)d associations : %(names)s. C’est peut-être un même fait.",
        len(names),
    ) % {"n": len(names), "names": ", ".join(names.values())}


def _missing(site: Site, gap: GapView) -> Missing:
    _ = site.words.gettext
    why, what_to_do = GAPS[gap.reason]
    everywhere = (
        site.association if gap.reason is Unsearched.VAULT_LOCKED else _("Toutes les associations")
    )
    return Missing(gap.name or everywhere, _(why), _(what_to_do))


def _searched(site: Site, view: LookupView) -> tuple[str, ...]:
    """Return the names of the associations whose reports were searched."""
    skipped = {gap.member for gap in view.not_searched}
    vault = any(gap.reason is Unsearched.VAULT_LOCKED for gap in view.not_searched)
    quorum = all(gap.reason is not Unsearched.NO_QUORUM for gap in view.not_searched)
    own = site.node.identity.id
    return tuple(
        member.name
        for member in site.node.roster.members
        if (not vault if member.id == own else quorum and member.id not in skipped)
    )


async def _own_reports(site: Site, visitor: Visitor, ids: tuple[str, ...]) -> list[Link]:
    links = []
    for report_id in ids:
        try:
            report = await site.node.reports.get(visitor.account, report_id)
        except NodeError:
            continue  # withdrawn since, or the vault was closed: then there is no page to link to
        state = site.presenter.report_state(report)
        links.append(Link(report_path(report_id), state.words))
    return links
