"""The endpoints for peers: bytes in, bytes out. What they say is decided in federation/.

Every answer has the same header fields, and a length that depends on nothing but its public
content: hit and miss of a lookup look alike on the wire (P2).
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from crypto.errors import VeilleuseError
from federation.errors import NotFoundError
from federation.problems import CONTENT_TYPE as PROBLEM_TYPE
from federation.problems import Problem, problem_of
from node.api.limits import on_http
from protocol.requests import Request, VerifiedRequest, join_fields, verify_request

if TYPE_CHECKING:  # node.app mounts these routes: at run time it imports this file
    from node.app import Node

JSON: Final = "application/json"
NOTE: Final = "text/plain; charset=utf-8"
BYTES: Final = "application/octet-stream"

Answer = Callable[[HttpRequest], Awaitable[bytes]]

_log = structlog.get_logger(__name__)


def federation_routes(node: "Node") -> list[Route]:
    """Return the routes that peers and auditors use."""

    async def authenticated(request: HttpRequest) -> VerifiedRequest:
        """Return who asks. The URI is built from the configured one, never from a Host field.

        Whatever a peer asks for, it has signed it: it is alive, and what was answered in its name
        while it could not be reached is over.
        """
        verified = verify_request(
            Request(
                request.method,
                node.settings.public_url + _raw_target(request),
                await request.body(),
                request.headers.get("content-type"),
            ),
            join_fields(request.headers.raw),
            node.identity.id,
            node.clock.now(),
            node.roster.caller_key,
        )
        node.puller.contact(verified.keyid)
        return verified

    async def well_known(_: HttpRequest) -> bytes:
        return node.serving.well_known()

    async def checkpoint(request: HttpRequest) -> bytes:
        return await node.serving.checkpoint((await authenticated(request)).keyid)

    async def tile(request: HttpRequest) -> bytes:
        caller = (await authenticated(request)).keyid
        return await node.serving.tile(caller, request.path_params["path"])

    async def entries(request: HttpRequest) -> bytes:
        caller = (await authenticated(request)).keyid
        origin, start, end = _range(request)
        head = request.query_params.get("head", "")
        return await node.serving.entries(caller, origin, start, end, _number(head))

    async def payloads(request: HttpRequest) -> bytes:
        caller = (await authenticated(request)).keyid
        return await node.serving.payloads(caller, *_range(request))

    async def hint(request: HttpRequest) -> bytes:
        verified = await authenticated(request)
        return await node.hint_receiver.receive(verified.keyid, verified)

    async def evaluate(request: HttpRequest) -> bytes:
        verified = await authenticated(request)
        return await node.evaluation.answer(verified.keyid, verified)

    return [
        _route("/.well-known/veilleuse", "GET", JSON, well_known),
        _route("/log/checkpoint", "GET", NOTE, checkpoint),
        _route("/log/tile/{path:path}", "GET", BYTES, tile),
        _route("/federation/v1/entries/{origin}/{start}/{end}", "GET", JSON, entries),
        _route("/federation/v1/payloads/{origin}/{start}/{end}", "GET", JSON, payloads),
        _route("/federation/v1/hint", "POST", JSON, hint),
        _route("/federation/v1/evaluate", "POST", JSON, evaluate),
    ]


def _route(path: str, method: str, media_type: str, answer: Answer) -> Route:
    async def endpoint(request: HttpRequest) -> Response:
        try:
            return Response(await answer(request), media_type=media_type)
        except VeilleuseError as error:
            _log.info("peer-refused", code=error.code)
            return _problem(problem_of(error))
        except HTTPException as error:  # the body limit
            return await on_http(request, error)
        except Exception as error:  # noqa: BLE001  (a peer sees no trace of our own bugs)
            _log.error("peer-crashed", exc_info=error)
            return _problem(problem_of(VeilleuseError()))

    return Route(path, endpoint, methods=[method])


def _problem(problem: Problem) -> Response:
    return Response(problem.body, problem.status, problem.headers, PROBLEM_TYPE)


def _raw_target(request: HttpRequest) -> str:
    """Return path and query byte for byte as they came: they are signed that way."""
    raw: bytes = request.scope["raw_path"]
    query: bytes = request.scope["query_string"]
    return (raw + b"?" + query if query else raw).decode("latin-1")


def _range(request: HttpRequest) -> tuple[str, int, int]:
    found = request.path_params
    return found["origin"], _number(found["start"]), _number(found["end"])


def _number(text: str) -> int:
    """Return a size or an index: plain decimal digits, so that one range has one URL."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 16 and str(int(text)) == text):  # noqa: PLR2004
        raise NotFoundError("This is not a range of a log.")
    return int(text)
