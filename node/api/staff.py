"""The JSON API for the association's own programs: the same services as the pages.

Bearer token, or the pages' session with its token in `X-CSRF-Token`. OpenAPI: `openapi.json`.
"""

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, FastAPI, Path, Query
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from starlette.exceptions import HTTPException

from crypto.errors import VeilleuseError
from node.accounts import Account
from node.api.callers import caller_of
from node.api.errors import on_error, on_invalid
from node.api.headers import StaffHeaders
from node.api.limits import on_http
from node.permissions import Permission
from node.services.model import MAX_TYPED, ReportDraft, Status
from node.services.unlocking import Level
from node.services.views import (
    LookupView,
    MatchView,
    NetworkView,
    ReportSummary,
    ReportView,
)

if TYPE_CHECKING:  # node.app mounts this: at run time it imports this file
    from node.app import Node

_MAX_PASSPHRASE = 1024

ReportId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
MemberId = Annotated[str, Path(max_length=32)]
MatchKey = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]


class _Asked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class LookupQuestion(_Asked):
    """What to look up. `region` is needed only where a text could be too many numbers."""

    text: Annotated[str, Field(min_length=1, max_length=MAX_TYPED, repr=False)]
    kind: Annotated[str, Field(max_length=32)] = "phone"
    region: Annotated[str, Field(max_length=8)] | None = None


class UnlockRequest(_Asked):
    """Which level to open, and its passphrase."""

    level: Level
    passphrase: Annotated[SecretStr, Field(min_length=1, max_length=_MAX_PASSPHRASE)]


class Created(BaseModel):
    """A report that is on disk."""

    id: str
    status: Status


class Decided(Created):
    """A report after someone's decision."""

    approvals: int
    approvals_needed: int


class Seen(BaseModel):
    """A match that was read."""

    key: str
    seen: bool = True


class Lifted(BaseModel):
    """A member whose log is read again."""

    member: str
    quarantine: str | None
    """Code of what had stopped it; None if nothing had."""


class Opened(BaseModel):
    """A level that is open."""

    level: Level
    state: str = "open"


def staff_api(node: "Node") -> FastAPI:
    """Return the application mounted at `/api/v1`."""
    caller = caller_of(node)
    api = FastAPI(
        title="Veilleuse",
        version="1",
        docs_url=None,  # the built-in ones load a third party's scripts
        redoc_url=None,
        exception_handlers={
            VeilleuseError: on_error,
            RequestValidationError: on_invalid,
            HTTPException: on_http,
        },
    )
    api.include_router(_reports(node, caller))
    api.include_router(_questions(node, caller))
    api.add_middleware(StaffHeaders)
    return api


def _reports(node: "Node", caller: object) -> APIRouter:
    router = APIRouter(tags=["reports"])
    who = Depends(caller)  # type: ignore[arg-type]

    @router.post("/reports", status_code=201)
    async def create_report(draft: ReportDraft, account: Account = who) -> Created:
        view = await node.reports.create(account, draft)
        return Created(id=view.id, status=view.status)

    @router.get("/reports")
    async def list_reports(
        account: Account = who, status: Annotated[Status | None, Query()] = None
    ) -> list[ReportSummary]:
        return await node.reports.list(account, status)

    @router.get("/reports/{report_id}")
    async def read_report(report_id: ReportId, account: Account = who) -> ReportView:
        return await node.reports.get(account, report_id)

    @router.post("/reports/{report_id}/approve")
    async def approve_report(report_id: ReportId, account: Account = who) -> Decided:
        return _decided(await node.reports.approve(account, report_id))

    @router.post("/reports/{report_id}/refuse")
    async def refuse_report(report_id: ReportId, account: Account = who) -> Decided:
        return _decided(await node.reports.refuse(account, report_id))

    @router.post("/reports/{report_id}/withdraw")
    async def withdraw_report(report_id: ReportId, account: Account = who) -> Decided:
        return _decided(await node.reports.withdraw(account, report_id))

    return router


def _questions(node: "Node", caller: object) -> APIRouter:
    router = APIRouter(tags=["network"])
    who = Depends(caller)  # type: ignore[arg-type]

    @router.post("/lookups")
    async def look_up(question: LookupQuestion, account: Account = who) -> LookupView:
        return await node.lookups.search(
            account, question.text, question.kind, question.region or None
        )

    @router.get("/matches")
    async def list_matches(account: Account = who) -> list[MatchView]:
        return list(await node.matches.list(account))

    @router.post("/matches/{key}/seen")
    async def mark_match_seen(key: MatchKey, account: Account = who) -> Seen:
        await node.matches.acknowledge(account, key)
        return Seen(key=key)

    @router.get("/network")
    async def read_network(account: Account = who) -> NetworkView:
        return await node.network.status(account)

    @router.post("/network/{member}/lift")
    async def lift_quarantine(member: MemberId, account: Account = who) -> Lifted:
        return Lifted(member=member, quarantine=await node.network.lift(account, member))

    @router.post("/unlock")
    async def unlock(request: UnlockRequest, account: Account = who) -> Opened:
        account.require(Permission.UNLOCK)
        await node.unlock(request.level, request.passphrase.get_secret_value())
        return Opened(level=request.level)

    return router


def _decided(view: ReportView) -> Decided:
    return Decided(
        id=view.id,
        status=view.status,
        approvals=view.approvals,
        approvals_needed=view.approvals_needed,
    )
