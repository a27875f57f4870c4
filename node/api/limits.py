"""Limits that hold for every request, before anything else looks at it."""

from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from protocol.evaluation import MAX_MESSAGE_SIZE

MAX_BODY: Final = MAX_MESSAGE_SIZE
"""Bytes: the largest message between nodes. Forms and JSON stay far below."""

_TOO_LARGE: Final = 413
_PROBLEM: Final = b'{"code":"oversize","title":"The request is larger than this node accepts."}'


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
            await _refuse(send)
            return
        received = 0
        started = False

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limit:
                # An HTTPException, since frameworks turn any other error here into a 400 or 500.
                raise HTTPException(_TOO_LARGE)
            return message

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, counted, watched)
        except HTTPException as error:
            if started or error.status_code != _TOO_LARGE:
                raise
            await _refuse(send)


async def _refuse(send: Send) -> None:
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(_PROBLEM)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": _TOO_LARGE, "headers": headers})
    await send({"type": "http.response.body", "body": _PROBLEM})
