"""Limits that hold for every request, before anything else looks at it."""

from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from protocol.evaluation import MAX_MESSAGE_SIZE

MAX_BODY: Final = MAX_MESSAGE_SIZE
"""Bytes: the largest message between nodes. Forms and JSON stay far below."""

_TOO_LARGE: Final = 413
_PROBLEMS: Final = {
    400: ("invalid", "The request's body cannot be read."),
    404: ("not-found", "There is nothing here under this name."),
    405: ("method", "This is not done with this method."),
    _TOO_LARGE: ("oversize", "The request is larger than this node accepts."),
}


class BodyLimit:
    """Refuses bodies above a size, announced or not, without reading them to the end."""

    def __init__(self, app: ASGIApp, limit: int = MAX_BODY) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting what it sends."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdecimal() or int(announced) > self._limit:
            await self._refuse(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limit:
                # An HTTPException, since frameworks turn any other error here into a 400 or 500.
                raise HTTPException(_TOO_LARGE)
            return message

        await self._app(scope, counted, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await on_http(Request(scope), HTTPException(_TOO_LARGE))
        answer.headers["connection"] = "close"
        await answer(scope, receive, send)


async def on_http(_request: Request, error: Exception) -> Response:
    """FastAPI's handler for its own refusals: no such path, another method, too large."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    code, title = _PROBLEMS.get(status, ("http", "The request cannot be answered."))
    return JSONResponse(
        {"code": code, "title": title}, status, media_type="application/problem+json"
    )
