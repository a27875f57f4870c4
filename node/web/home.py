"""The first page: what needs a person now, and the three things that people come for."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from node.permissions import Permission
from node.services.model import Status
from node.services.views import NetworkView
from node.web.presenting import Link
from node.web.site import Site, Visitor, page_route


@dataclass(frozen=True, slots=True)
class Attention:
    """One thing that waits for somebody."""

    tone: str
    shape: str
    words: str
    detail: str
    path: str
    action: str


def home_pages(site: Site) -> APIRouter:
    """Return the home page."""
    router = APIRouter(route_class=page_route(site), include_in_schema=False)

    @router.get("/")
    async def home(request: Request) -> Response:
        visitor = await site.visitor(request)
        return site.page(
            request,
            "home.html",
            visitor,
            attention=await _attention(site, visitor),
            actions=_actions(site, visitor),
        )

    return router


def _actions(site: Site, visitor: Visitor) -> tuple[Link, ...]:
    _ = site.words.gettext
    offered = (
        (Permission.LOOKUP, Link("/chercher", _("Chercher un numéro"))),
        (Permission.REPORT_CREATE, Link("/signaler", _("Nouveau signalement"))),
        (Permission.REPORT_DECIDE, Link("/a-relire", _("À relire"))),
        (Permission.UNLOCK, Link("/ouvrir", _("Coffre et clé"))),
        (Permission.NETWORK_READ, Link("/reseau", _("Voir le réseau"))),
    )
    return tuple(link for needed, link in offered if visitor.account.allows(needed))[:3]


async def _attention(site: Site, visitor: Visitor) -> list[Attention]:
    account, node = visitor.account, site.node
    network = await node.network.status(account)
    items = _locks(site, visitor, network)
    if network.vault == "open" and account.allows(Permission.MATCHES_READ):
        matches = await node.matches.list(account)
        items += _new_matches(site, sum(not match.seen for match in matches))
    if account.allows(Permission.REPORT_DECIDE):
        items += _waiting(site, await node.reports.count(account, Status.PENDING))
    if not network.complete:
        items.append(_incomplete(site))
    return items


def _locks(site: Site, visitor: Visitor, network: NetworkView) -> list[Attention]:
    _ = site.words.gettext
    closed = [
        (network.vault, _("Le coffre est fermé"), _("Les signalements ne peuvent pas être lus.")),
        (
            network.custody,
            _("La clé partagée est fermée"),
            _("Cette association n’aide pas les autres à chercher."),
        ),
    ]
    may_open = visitor.account.allows(Permission.UNLOCK)
    path, action = ("/ouvrir", _("Ouvrir")) if may_open else ("/reseau", _("Voir le réseau"))
    return [
        Attention("bad", "stop", words, detail, path, action)
        for lock, words, detail in closed
        if lock == "locked"
    ]


def _new_matches(site: Site, count: int) -> list[Attention]:
    if not count:
        return []
    words = site.words.ngettext(
        "%(n)d nouveau recoupement", "%(n)d nouveaux recoupements", count
    ) % {"n": count}
    _ = site.words.gettext
    detail = _("Une autre association signale le même numéro que vous.")
    return [Attention("bad", "alert", words, detail, "/recoupements", _("Regarder"))]


def _waiting(site: Site, count: int) -> list[Attention]:
    if not count:
        return []
    words = site.words.ngettext(
        "%(n)d signalement à relire", "%(n)d signalements à relire", count
    ) % {"n": count}
    _ = site.words.gettext
    detail = _("Rien n’est publié avant la relecture.")
    return [Attention("wait", "wait", words, detail, "/a-relire", _("Relire"))]


def _incomplete(site: Site) -> Attention:
    _ = site.words.gettext
    return Attention(
        "wait",
        "half",
        _("Le réseau est incomplet"),
        _("Une recherche faite maintenant ne verra pas tout."),
        "/reseau",
        _("Voir pourquoi"),
    )
