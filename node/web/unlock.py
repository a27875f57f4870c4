"""Opening the vault and the share of the key: an administrator's page, one passphrase for each."""

from typing import Final

from fastapi import APIRouter, Request, Response

from node.errors import NodeError
from node.labels import N_
from node.permissions import Permission
from node.web.forms import Form
from node.web.network import levels
from node.web.site import Site, Visitor, page_route

PROBLEMS: Final = {
    "wrong-passphrase": N_(
        "Cette phrase n’ouvre pas. Vérifiez la langue du clavier, puis réessayez."
    ),
    "key-file": N_("Le fichier de clé manque ou est abîmé. Rétablissez-le depuis la copie."),
}


def unlock_pages(site: Site) -> APIRouter:
    """Return the page that opens what a start of the machine closed."""
    router = APIRouter(route_class=page_route(site), include_in_schema=False)

    @router.get("/ouvrir")
    async def ask(request: Request) -> Response:
        visitor = await site.visitor(request, Permission.UNLOCK)
        return await _page(site, request, visitor, Form())

    @router.post("/ouvrir")
    async def unlock(request: Request) -> Response:
        visitor, form = await site.submitted(request, Permission.UNLOCK)
        level = form.one_of("level", ("vault", "custody")) or "vault"
        if not form.raw(level):
            form.errors[level] = site.words.gettext("Écrivez la phrase secrète.")
            return await _page(site, request, visitor, form)
        try:
            await site.node.unlock(level, form.raw(level))
        except NodeError as error:
            if error.code not in PROBLEMS:
                raise
            form.errors[level] = site.words.gettext(PROBLEMS[error.code])
            return await _page(site, request, visitor, form)
        return site.go("/ouvrir")

    return router


async def _page(site: Site, request: Request, visitor: Visitor, form: Form) -> Response:
    view = await site.node.network.status(visitor.account)
    return site.page(
        request,
        "unlock.html",
        visitor,
        status=422 if form.errors else 200,
        form=form,
        levels=levels(site, view),
    )
