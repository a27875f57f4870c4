"""Errors of the staff API: one HTTP status for each error, and the document that says it.

RFC 9457: `{"code", "title"}`, and `fields`, `candidates` or `retry_after` where the error has them.
The code is stable; the title is for whoever writes a client. What was sent is never repeated.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from crypto.errors import VeilleuseError
from federation.errors import FederationError
from node.errors import (
    ConflictError,
    CsrfError,
    InvalidError,
    LookupLimitError,
    NodeError,
    NotFoundError,
    NotSignedInError,
    PermissionDeniedError,
    SigninError,
    ThrottledError,
    VaultLockedError,
)
from node.vault.errors import WeakPassphraseError, WrongPassphraseError
from protocol.errors import IdentifierError

CONTENT_TYPE: Final = "application/problem+json"
INTERNAL: Final = 500

STATUS: Final[Mapping[type[VeilleuseError], int]] = MappingProxyType(
    {
        NotSignedInError: 401,
        SigninError: 401,
        CsrfError: 403,
        PermissionDeniedError: 403,
        WrongPassphraseError: 403,
        NotFoundError: 404,
        ConflictError: 409,
        IdentifierError: 422,
        InvalidError: 422,
        WeakPassphraseError: 422,
        VaultLockedError: 423,
        ThrottledError: 429,
        LookupLimitError: 429,
        FederationError: 503,
        NodeError: INTERNAL,
    }
)
"""By class; a subclass without a row of its own takes its nearest ancestor's status."""


def status_of(error: VeilleuseError) -> int:
    """Return the HTTP status that says `error`; 500 when only this node is at fault."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), INTERNAL)


def answer(error: VeilleuseError) -> Response:
    """Return the answer that says `error`. Our own faults show their code and nothing else."""
    status = status_of(error)
    title = "This node could not answer." if status == INTERNAL else str(error)
    content: dict[str, Any] = {"code": error.code, "title": title}
    headers: dict[str, str] = {}
    for detail in ("fields", "candidates"):
        value = getattr(error, detail, None)
        if value is not None:
            content[detail] = value
    if isinstance(error, ThrottledError | LookupLimitError):
        content["retry_after"] = error.retry_after
        headers["retry-after"] = str(error.retry_after)
    if status == STATUS[NotSignedInError]:
        headers["www-authenticate"] = "Bearer"
    return JSONResponse(content, status, headers, CONTENT_TYPE)


async def on_error(_request: Request, error: Exception) -> Response:
    """FastAPI's handler for `VeilleuseError`."""
    return answer(error if isinstance(error, VeilleuseError) else VeilleuseError())


async def on_invalid(_request: Request, error: Exception) -> Response:
    """FastAPI's handler for `RequestValidationError`: its own one sends back what was typed."""
    problems = error.errors() if isinstance(error, RequestValidationError) else ()
    # loc is ("body", "identifiers", 0, "text"); the first says only where FastAPI looked.
    return answer(
        InvalidError(
            {
                ".".join(str(part) for part in problem["loc"][1:]) or "body": str(problem["type"])
                for problem in problems
            }
        )
    )
