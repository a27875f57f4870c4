"""The state of the network, in words: who was heard of, when, and what is missing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request, Response

from node.labels import N_
from node.permissions import Permission
from node.services.views import LockState, MemberView, NetworkView
from node.web.site import Site, page_route
from node.web.wording import GAPS, Mark
from protocol.answer import Unsearched
from protocol.lookup import Fault

FAULTS: Final[Mapping[Fault, str]] = {
    Fault.UNREACHABLE: N_("Injoignable la dernière fois"),
    Fault.SLOW: N_("N’a pas répondu à temps la dernière fois"),
    Fault.LOCKED: N_("Sa part de la clé est fermée"),
    Fault.QUOTA: N_("Nous lui avons trop demandé aujourd’hui"),
    Fault.REFUSED: N_("A refusé notre demande"),
    Fault.LYING: N_("A donné une réponse fausse, que nous avons détectée et écartée"),
}
"""What was wrong when an association was last asked to help with a search."""


_SET_ASIDE: Final = frozenset({Unsearched.QUARANTINED, Unsearched.CRITICAL_ENTRY})


@dataclass(frozen=True, slots=True)
class Part:
    """One of the levels of unlock of this node."""

    name: str
    title: str
    state: Mark
    detail: str
    locked: bool


@dataclass(frozen=True, slots=True)
class MemberCard:
    """One association."""

    name: str
    state: Mark
    why: str
    head_time: int | None
    lag: str
    helps: str
    lift: str
    """Path that takes its log up again after it was set aside; "" where it was not."""


def network_pages(site: Site) -> APIRouter:
    """Return the network page."""
    router = APIRouter(route_class=page_route(site), include_in_schema=False)

    @router.get("/reseau")
    async def show(request: Request) -> Response:
        visitor = await site.visitor(request, Permission.NETWORK_READ)
        view = await site.node.network.status(visitor.account)
        parts = levels(site, view)
        return site.page(
            request,
            "network.html",
            visitor,
            overall=_overall(site, view),
            parts=parts,
            locked=any(part.locked for part in parts),
            can_lift=visitor.account.allows(Permission.NETWORK_LIFT),
            can_unlock=visitor.account.allows(Permission.UNLOCK),
            members=[_card(site, view, member) for member in view.members if not member.own],
        )

    @router.post("/reseau/{member}/reprendre")
    async def lift(request: Request, member: str) -> Response:
        visitor, _form = await site.submitted(request, Permission.NETWORK_LIFT)
        await site.node.network.lift(visitor.account, member)
        return site.go("/reseau")

    return router


def levels(site: Site, view: NetworkView) -> tuple[Part, ...]:
    """Return the two levels that a passphrase opens, and their states."""
    _ = site.words.gettext
    vault, custody = view.vault, view.custody
    return (
        Part(
            "vault",
            _("Coffre des signalements"),
            _lock(site, vault),
            _("L’équipe peut lire et relire les signalements.")
            if vault == "open"
            else _("Les signalements ne peuvent pas être lus, ni publiés. Les nouveaux attendent."),
            vault == "locked",
        ),
        Part(
            "custody",
            _("Part de la clé commune"),
            _lock(site, custody),
            _("Cette association aide les autres à chercher, sans voir ce qu’elles cherchent.")
            if custody == "open"
            else _("Cette association ne garde pas de part de la clé.")
            if custody == "none"
            else _("Cette association n’aide pas les autres à chercher tant que c’est fermé."),
            custody == "locked",
        ),
    )


def _lock(site: Site, state: LockState) -> Mark:
    _ = site.words.gettext
    return {
        "open": Mark("good", "done", _("Ouvert")),
        "locked": Mark("bad", "stop", _("Fermé")),
        "none": Mark("none", "gone", _("Pas ici")),
    }[state]


def _overall(site: Site, view: NetworkView) -> Mark:
    _ = site.words.gettext
    if view.complete:
        return Mark("good", "done", _("Tout est à jour : une recherche verra chaque association."))
    return Mark("wait", "half", _("Incomplet : une recherche faite maintenant ne verra pas tout."))


def _card(site: Site, view: NetworkView, member: MemberView) -> MemberCard:
    _, ngettext = site.words.gettext, site.words.ngettext
    late = ngettext("%(n)d élément à recevoir", "%(n)d éléments à recevoir", member.lag)
    missing = ngettext("%(n)d contenu manquant", "%(n)d contenus manquants", member.missing)
    counts = [(member.lag, late), (member.missing, missing)]
    return MemberCard(
        name=member.name,
        state=_member_state(site, member),
        why="" if member.not_searched is None else _(GAPS[member.not_searched][0]),
        head_time=member.head_time,
        lag=", ".join(words % {"n": count} for count, words in counts if count) or _("aucun"),
        helps=_helps(site, view, member),
        lift=f"/reseau/{member.id}/reprendre" if member.not_searched in _SET_ASIDE else "",
    )


def _member_state(site: Site, member: MemberView) -> Mark:
    _ = site.words.gettext
    reason = member.not_searched
    if reason is None:
        return Mark("good", "done", _("À jour"))
    if reason in _SET_ASIDE:
        return Mark("bad", "stop", _("Mise de côté"))
    if reason is Unsearched.NEVER_SEEN:
        return Mark("wait", "empty", _("Jamais vue"))
    if reason is Unsearched.SILENT:
        return Mark("bad", "gone", _("Silencieuse"))
    return Mark("wait", "half", _("En cours de réception"))


def _helps(site: Site, view: NetworkView, member: MemberView) -> str:
    """Say whether it takes part in searching; its part of the key is nobody's word on screen."""
    _ = site.words.gettext
    if not member.custodian:
        return _("Ne garde pas de part de la clé")
    if member.fault is not None:
        return _(FAULTS[member.fault])
    return _("Aide à chercher (%(needed)d sur %(all)d suffisent)") % {
        "needed": view.threshold,
        "all": view.custodians,
    }
