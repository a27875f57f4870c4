"""What every page handler is given: the node, who is asking, and how to answer.

A handler that shows asks `visitor`, one that changes something asks `submitted`, which also checks
where the form came from. Errors of the services become pages here, in one place.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from gettext import NullTranslations
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute

from crypto.errors import VeilleuseError
from node.accounts import Account
from node.errors import CsrfError, NodeError, NotFoundError, NotSignedInError
from node.labels import N_
from node.permissions import Permission, Role
from node.web.forms import MAX_FORM, Form, FormError, parse
from node.web.moments import Calendar
from node.web.presenting import Link, Presenter
from node.web.problems import problem_of
from node.web.rendering import Renderer
from node.web.security import (
    PAGE_HEADERS,
    Cookies,
    cookies_for,
    origin_of,
    same_token,
    sent_from_here,
)

if TYPE_CHECKING:  # node.app builds the pages: at run time it imports this file
    from node.app import Node

FORM_COOKIE_SECONDS = 3600

ROLES: dict[Role, str] = {
    Role.CASEWORKER: N_("équipe"),
    Role.MODERATOR: N_("relecture"),
    Role.ADMINISTRATOR: N_("administration"),
}

MENU: tuple[tuple[str, str, Permission | None], ...] = (
    ("/", N_("Accueil"), None),
    ("/chercher", N_("Chercher un numéro"), Permission.LOOKUP),
    ("/signaler", N_("Nouveau signalement"), Permission.REPORT_CREATE),
    ("/signalements", N_("Signalements"), Permission.REPORT_READ),
    ("/a-relire", N_("À relire"), Permission.REPORT_DECIDE),
    ("/recoupements", N_("Recoupements"), Permission.MATCHES_READ),
    ("/reseau", N_("Le réseau"), Permission.NETWORK_READ),
    ("/ouvrir", N_("Coffre et clé"), Permission.UNLOCK),
)
"""Path, title, and who sees it."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """The person whose session it is."""

    account: Account
    csrf: str
    role: str
    menu: tuple[Link, ...]

    @property
    def name(self) -> str:
        """How the account is called."""
        return self.account.name


class Site:
    """One node's pages: built once, used by every handler."""

    def __init__(self, node: "Node", words: NullTranslations) -> None:
        self.node = node
        self.words = words
        self.association = association_of(node)
        self.cookies: Cookies = cookies_for(node.identity.id, node.settings.public_url)
        self.origin = origin_of(node.settings.public_url)
        self.region = region_of(node)
        self.calendar = Calendar.of(self.region, words)
        self.presenter = Presenter(words.gettext, self.calendar)
        self.renderer = Renderer(
            words,
            self.calendar,
            node.clock.now,
            {"association": self.association, "demo": node.settings.demo, "visitor": None},
        )

    # --- who is asking -----------------------------------------------------------------

    async def visitor(self, request: Request, permission: Permission | None = None) -> Visitor:
        """Return who is signed in.

        Raises:
            NotSignedInError: nobody.
            PermissionDeniedError: their role may not see this page.
        """
        cookie = request.cookies.get(self.cookies.session)
        if cookie is None:
            raise NotSignedInError("Nobody is signed in.")
        signed_in = await self.node.sessions.session(cookie)
        account = signed_in.account
        if permission is not None:
            account.require(permission)
        menu = tuple(
            Link(path, self.words.gettext(title))
            for path, title, needed in MENU
            if needed is None or account.allows(needed)
        )
        return Visitor(account, signed_in.csrf, self.words.gettext(ROLES[account.role]), menu)

    async def submitted(
        self, request: Request, permission: Permission | None = None
    ) -> tuple[Visitor, Form]:
        """Return who is signed in and the form that they sent from one of our pages.

        Raises:
            NotSignedInError: nobody is signed in.
            PermissionDeniedError: their role may not do this.
            CsrfError: the form is not from a page of this session.
            FormError: it cannot be read.
        """
        visitor = await self.visitor(request, permission)
        form = await self.form(request)
        if not same_token(form.raw("token"), visitor.csrf):
            raise CsrfError("This form is not from a page of this session.")
        return visitor, form

    async def submitted_unsigned(self, request: Request) -> Form:
        """Return a form sent before there is a session: its token is in a cookie of its own.

        Raises:
            CsrfError: the form is not from our page.
            FormError: it cannot be read.
        """
        form = await self.form(request)
        if not same_token(form.raw("token"), request.cookies.get(self.cookies.form)):
            raise CsrfError("This form is not from our page, or the page is too old.")
        return form

    async def form(self, request: Request) -> Form:
        """Return the form in a request that came from our own pages.

        Raises:
            CsrfError: the browser says that it came from elsewhere.
            FormError: it cannot be read.
        """
        if not sent_from_here(request.headers, self.origin):
            raise CsrfError("This form was sent by another site.")
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_FORM:
                raise FormError("This form is too large.")
        return parse(request.headers.get("content-type", ""), bytes(body))

    # --- answers -------------------------------------------------------------------------

    def page(
        self,
        request: Request,
        template: str,
        visitor: Visitor | None = None,
        status: int = 200,
        **values: object,
    ) -> HTMLResponse:
        """Return a page."""
        standing = {"visitor": visitor, "here": request.url.path}
        return HTMLResponse(self.renderer.render(template, standing | values), status)

    def unsigned_page(
        self, request: Request, template: str, status: int = 200, **values: object
    ) -> HTMLResponse:
        """Return a page whose form can be sent before there is a session."""
        held = request.cookies.get(self.cookies.form)
        token = held or self.node.entropy(32).hex()
        response = self.page(request, template, None, status, token=token, **values)
        if held is None:
            self.cookies.put(response, self.cookies.form, token, FORM_COOKIE_SECONDS)
        return response

    @staticmethod
    def go(path: str) -> RedirectResponse:
        """Return the answer to a form that was accepted: look at `path` now."""
        return RedirectResponse(path, status_code=303)

    async def problem(self, request: Request, error: VeilleuseError) -> Response:
        """Return the page that says what went wrong and what to do."""
        if isinstance(error, NotSignedInError):
            return self.go("/connexion")
        try:
            visitor = await self.visitor(request)
        except NodeError:
            visitor = None
        problem = problem_of(error, self.words.gettext, signed_in=visitor is not None)
        values: Mapping[str, Any] = {
            "title": problem.title,
            "sentences": problem.sentences,
            "way_out": problem.way_out,
        }
        return self.page(request, "problem.html", visitor, problem.status, **values)


def page_route(site: Site) -> type[APIRoute]:
    """Return the kind of route that all pages have: headers on each answer, errors as pages."""

    class PageRoute(APIRoute):
        owner: ClassVar[Site] = site

        def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
            handle = super().get_route_handler()

            async def handle_page(request: Request) -> Response:
                try:
                    response: Response = await handle(request)
                except VeilleuseError as error:
                    response = await self.owner.problem(request, error)
                except RequestValidationError:
                    # An address whose parts have an impossible shape leads nowhere.
                    nowhere = NotFoundError("There is nothing at this address.")
                    response = await self.owner.problem(request, nowhere)
                for name, value in PAGE_HEADERS.items():
                    response.headers.setdefault(name, value)
                return response

            return handle_page

    return PageRoute


def association_of(node: "Node") -> str:
    """Return the association's name, as the roster has it."""
    member = node.roster.member(node.identity.id)
    return node.identity.id if member is None else member.name


def region_of(node: "Node") -> str:
    """Return the association's region profile."""
    member = node.roster.member(node.identity.id)
    return "FR" if member is None else member.region


def link_path(secret: str) -> str:
    """Return the path of a single-use sign-in link."""
    return f"/entrer/{quote(secret, safe='')}"
