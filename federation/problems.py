"""Errors on the wire: one HTTP status for each error, and a small problem document.

`{"code": …, "title": …}` (RFC 9457, canonical JSON). The code is what programs read; the title is
the error's own sentence, which by the rule of the error tree never holds a secret or an identifier.
Specification: docs/spec/mirroring.md#problems.
"""

import re
from dataclasses import dataclass
from typing import Final

from crypto.errors import BatchError, EncodingError, VeilleuseError
from federation.errors import (
    CustodyLockedError,
    EpochError,
    MovedError,
    NotCustodianError,
    NotFoundError,
    NotMemberError,
    OversizeError,
    PeerClockError,
    QuotaError,
    RefusedError,
    ReplayError,
)
from protocol.canonical import dumps, loads
from protocol.errors import CanonicalError, PeerError
from protocol.requests import (
    RequestClockError,
    RequestDigestError,
    RequestError,
    RequestExpiredError,
    RequestKeyError,
    RequestMisdirectedError,
    RequestSignatureError,
)
from protocol.tiles import TileError

CONTENT_TYPE: Final = "application/problem+json"
MAX_PROBLEM_SIZE: Final = 2048
"""Bytes of an error answer that are read at all."""

UNKNOWN: Final = "unknown"
_INTERNAL: Final = 500
_MAX_RETRY_AFTER: Final = 86_400
_CODE: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_MAX_CODE: Final = 40
_SECONDS: Final = re.compile(r"[0-9]{1,9}")

STATUS: Final[dict[type[VeilleuseError], int]] = {
    RequestKeyError: 401,
    RequestSignatureError: 401,
    RequestClockError: 401,
    RequestExpiredError: 401,
    RequestDigestError: 401,
    RequestMisdirectedError: 421,
    RequestError: 400,
    NotMemberError: 403,
    NotFoundError: 404,
    TileError: 404,
    ReplayError: 409,
    MovedError: 409,
    EpochError: 409,
    OversizeError: 413,
    QuotaError: 429,
    NotCustodianError: 503,
    CustodyLockedError: 503,
    EncodingError: 400,
    BatchError: 400,
    PeerClockError: 400,
    PeerError: 400,
}
"""By class; a subclass without a row of its own takes its nearest ancestor's status."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An error answer, ready for any HTTP server.

    Attributes:
        status: HTTP status.
        body: canonical JSON, of media type `CONTENT_TYPE`.
        headers: further header fields.
    """

    status: int
    body: bytes
    headers: dict[str, str]


def problem_of(error: VeilleuseError) -> Problem:
    """Return what a peer is told about `error`.

    An error without a row in `STATUS` is our own bug: the peer learns that, and nothing else.
    """
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), _INTERNAL)
    headers: dict[str, str] = {}
    content: dict[str, str | int] = {"code": error.code, "title": str(error)}
    if status == _INTERNAL:
        content = {"code": VeilleuseError.code, "title": "This node could not answer."}
    if isinstance(error, QuotaError):
        headers["retry-after"] = str(error.retry_after)
    if isinstance(error, RequestClockError):
        content["server_time"] = error.server_time
    return Problem(status, dumps(content), headers)


def read_problem(status: int, body: bytes, retry_after: str | None) -> RefusedError:
    """Return the error that a peer's answer stands for. Never raises: any bytes are a refusal.

    Args:
        status: the answer's HTTP status, anything but 200.
        body: at most `MAX_PROBLEM_SIZE` bytes of it.
        retry_after: the header as received; only a number of seconds is understood, and at most a
            day of it believed.
    """
    try:
        content = loads(body, MAX_PROBLEM_SIZE)
    except CanonicalError:
        content = None
    code: object = content.get("code") if isinstance(content, dict) else None
    time: object = content.get("server_time") if isinstance(content, dict) else None
    wait = None
    if retry_after is not None and _SECONDS.fullmatch(retry_after):
        wait = min(int(retry_after), _MAX_RETRY_AFTER)
    return RefusedError(
        status,
        # A code from a peer ends up in logs and on pages: only the form of a code gets there.
        code if isinstance(code, str) and _is_code(code) else UNKNOWN,
        wait,
        time if type(time) is int else None,
    )


def _is_code(text: str) -> bool:
    return len(text) <= _MAX_CODE and _CODE.fullmatch(text) is not None
