"""Matches: numbers that this association reported and another one reports too."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from node.permissions import Permission
from node.web.presenting import Link, report_path
from node.web.site import Site, page_route

Key = Annotated[str, Path(pattern="^[0-9a-f]{2,128}$")]


def match_pages(site: Site) -> APIRouter:
    """Return the list of matches, and the button that marks one as seen."""
    router = APIRouter(route_class=page_route(site), include_in_schema=False)

    @router.get("/recoupements")
    async def show(request: Request) -> Response:
        visitor = await site.visitor(request, Permission.MATCHES_READ)
        matches = await site.node.matches.list(visitor.account)
        reports = {
            report.id: Link(report_path(report.id), site.presenter.report_title(report))
            for report in await site.node.reports.list(visitor.account)
        }
        new, seen = (
            [site.presenter.match(match, reports) for match in matches if match.seen is already]
            for already in (False, True)
        )
        return site.page(request, "matches.html", visitor, new=new, seen=seen)

    @router.post("/recoupements/{key}/vu")
    async def mark_seen(request: Request, key: Key) -> Response:
        visitor, _form = await site.submitted(request, Permission.MATCHES_READ)
        await site.node.matches.acknowledge(visitor.account, key)
        return site.go("/recoupements")

    return router
