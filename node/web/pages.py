"""All pages of a node, as one router that node/app.py mounts at the root."""

from gettext import NullTranslations
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Response

from node.errors import NotFoundError
from node.web.home import home_pages
from node.web.lookup import lookup_pages
from node.web.matches import match_pages
from node.web.network import network_pages
from node.web.reporting import reporting_pages
from node.web.reports import report_pages
from node.web.security import ASSET_HEADERS
from node.web.signin import signin_pages
from node.web.site import Site, page_route
from node.web.unlock import unlock_pages

if TYPE_CHECKING:  # node.app imports this file
    from node.app import Node


def pages(node: "Node", words: NullTranslations | None = None) -> APIRouter:
    """Return the pages of `node`.

    Args:
        node: the running parts.
        words: translations; without them the French source strings are shown.
    """
    site = Site(node, words or NullTranslations())
    router = APIRouter(include_in_schema=False)
    for part in (
        home_pages,
        signin_pages,
        lookup_pages,
        reporting_pages,
        report_pages,
        match_pages,
        network_pages,
        unlock_pages,
        _asset_pages,
    ):
        router.include_router(part(site))
    return router


def _asset_pages(site: Site) -> APIRouter:
    router = APIRouter(route_class=page_route(site), include_in_schema=False)

    @router.get("/static/{digest}/{name}")
    async def asset(digest: Annotated[str, Path()], name: Annotated[str, Path()]) -> Response:
        found = site.renderer.assets.files.get(f"{digest}/{name}")
        if found is None:
            raise NotFoundError("No such file.")
        content, media_type = found
        return Response(content, media_type=media_type, headers=dict(ASSET_HEADERS))

    return router
