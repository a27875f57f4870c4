"""Signing in by name and password or by a single-use link, and signing out."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from node.accounts import Account
from node.errors import NotSignedInError, SigninError, ThrottledError
from node.web.forms import Form
from node.web.problems import wait_of
from node.web.site import Site, page_route
from node.web.wording import field_problem

Secret = Annotated[str, Path(max_length=128)]


def signin_pages(site: Site) -> APIRouter:
    """Return the pages that work without a session, and the one that ends it."""
    router = APIRouter(route_class=page_route(site), include_in_schema=False)

    @router.get("/connexion")
    async def ask_password(request: Request) -> Response:
        return site.unsigned_page(request, "signin.html", form=Form())

    @router.post("/connexion")
    async def check_password(request: Request) -> Response:
        return await _check_password(site, request)

    @router.get("/entrer/{secret}")
    async def show_link(request: Request, secret: Secret) -> Response:
        # A GET changes nothing: mail programs and chat previews open links before people do.
        del secret
        return site.unsigned_page(request, "enter.html")

    @router.post("/entrer/{secret}")
    async def use_link(request: Request, secret: Secret) -> Response:
        await site.submitted_unsigned(request)
        return await _enter(site, request, await site.node.sessions.use_signin(secret))

    @router.post("/sortir")
    async def sign_out(request: Request) -> Response:
        response = site.go("/connexion")
        try:
            await site.submitted(request)
        except NotSignedInError:
            return response  # signed out already: what was wanted
        await site.node.sessions.close_session(request.cookies[site.cookies.session])
        site.cookies.drop(response, site.cookies.session)
        return response

    return router


async def _enter(site: Site, request: Request, account: Account) -> Response:
    """Open a session of its own for this browser, and end the one that it had."""
    held = request.cookies.get(site.cookies.session)
    if held is not None:
        await site.node.sessions.close_session(held)
    opened = await site.node.sessions.open_session(account)
    response = site.go("/")
    site.cookies.put(response, site.cookies.session, opened.cookie)
    site.cookies.drop(response, site.cookies.form)
    return response


async def _check_password(site: Site, request: Request) -> Response:
    form = await site.submitted_unsigned(request)
    for field in ("name", "password"):
        if not form.raw(field).strip():
            form.errors[field] = field_problem(field, "required", site.words.gettext)
    if form.errors:
        return site.unsigned_page(request, "signin.html", 422, form=form)
    try:
        account = await site.node.accounts.check_password(form.text("name"), form.raw("password"))
    except SigninError:
        form.errors["name"] = site.words.gettext(
            "Ce nom et ce mot de passe ne vont pas ensemble. Vérifiez les deux."
        )
        return site.unsigned_page(request, "signin.html", 403, form=form)
    except ThrottledError as error:
        form.errors["password"] = wait_of(error, site.words.gettext)
        return site.unsigned_page(request, "signin.html", 429, form=form)
    return await _enter(site, request, account)
