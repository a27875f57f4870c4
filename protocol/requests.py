"""Signed requests between nodes: RFC 9421 in one fixed profile.

A signature covers method, full URI, media type, body, protocol version and recipient, so a
request cannot be altered, sent to somebody else, or moved to another host or path. It says when
it was made and carries a nonce: whoever stores nonces refuses a second use.

At equal method, URI, ids and body length, every header has the same length whatever it carries.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final

from crypto.errors import SignatureError
from crypto.signing import sign, verify
from crypto.values import PublicKey, SigningSeed
from protocol import structured
from protocol.errors import PeerError
from protocol.structured import Parameters

VERSION: Final = "1"
NONCE_SIZE: Final = 16

MAX_AGE: Final = 120
"""Seconds that `created` may lie in the recipient's past. Nonces are kept longer than that."""

MAX_AHEAD: Final = 60
"""Seconds that `created` may lie in the recipient's future."""

LIFETIME: Final = 300
"""Seconds between `created` and `expires`, at most; what `sign_request` writes."""


class RequestError(PeerError):
    """A request that this node does not act on. HTTP status per code: docs/spec/requests.md."""

    code: ClassVar[str] = "request"


class RequestFormatError(RequestError):
    """The request is not exactly of the profile."""

    code: ClassVar[str] = "request-format"


class RequestVersionError(RequestError):
    """The sender speaks another version of the protocol: one of the two nodes needs an update."""

    code: ClassVar[str] = "request-version"


class RequestMisdirectedError(RequestError):
    """The request was signed for another association."""

    code: ClassVar[str] = "request-misdirected"


class RequestClockError(RequestError):
    """The two clocks disagree: the sender's or this node's must be set right.

    `server_time` is this node's, in Unix seconds, for a person to compare. No node adopts it.
    """

    code: ClassVar[str] = "request-clock"

    def __init__(self, message: str, server_time: int) -> None:
        super().__init__(message)
        self.server_time = server_time


class RequestExpiredError(RequestError):
    """The sender's own deadline for this request has passed: it must be signed again."""

    code: ClassVar[str] = "request-expired"


class RequestKeyError(RequestError):
    """The key is not that of a member: the roster of one of the two nodes may be old."""

    code: ClassVar[str] = "request-key"


class RequestSignatureError(RequestError):
    """The signature is not that key's over this method, URI and these fields."""

    code: ClassVar[str] = "request-signature"


class RequestDigestError(RequestError):
    """The body is not the one that was signed."""

    code: ClassVar[str] = "request-digest"


@dataclass(frozen=True, slots=True)
class Request:
    """What is signed of an HTTP request.

    Attributes:
        method: GET or POST.
        target_uri: absolute. The recipient builds it from its configured public URL and the raw
            path and query received, never from a Host field.
        body: empty for a GET.
        content_type: None for a GET, a media type without parameters for a POST.

    Raises:
        RequestFormatError: any of these rules broken.
    """

    method: str
    target_uri: str
    body: bytes = field(default=b"", repr=False)
    content_type: str | None = None

    def __post_init__(self) -> None:
        if not structured.TARGET_URI.fullmatch(self.target_uri):
            raise RequestFormatError("The target is not an absolute http(s) URI in its plain form.")
        if self.method == "GET":
            if self.content_type is not None:
                raise RequestFormatError("A GET has no content-type.")
        elif self.method == "POST":
            if not structured.MEDIA_TYPE.fullmatch(self.content_type or ""):
                raise RequestFormatError("A POST has a content-type without parameters.")
        else:
            raise RequestFormatError("Only GET and POST requests are signed.")


@dataclass(frozen=True, slots=True)
class VerifiedRequest:
    """A request whose sender is known. Only `verify_request` makes one.

    Attributes:
        keyid: the sender's key, known to the recipient.
        nonce: 16 bytes. For a POST the caller stores (keyid, nonce) as a unique row in the
            transaction of the request's effect.
        created: Unix seconds by the sender's clock, within the window.
        request: what was signed.
    """

    keyid: str
    nonce: bytes
    created: int
    request: Request


def join_fields(fields: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Turn raw header lines (ASGI's form) into what `verify_request` takes.

    Lines of the same name are joined with a comma, as in RFC 9110 section 5.3: a field sent twice
    then fails the format check, where a plain dict would silently keep one of the two.
    """
    joined: dict[str, str] = {}
    for raw_name, raw_value in fields:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def sign_request(
    request: Request,
    seed: SigningSeed,
    keyid: str,
    to: str,
    created: int,
    nonce: bytes,
    version: str = VERSION,
) -> dict[str, str]:
    """Return the header fields that make `request` a signed one.

    Args:
        request: what is about to be sent, byte for byte.
        seed: the sender's transport key.
        keyid: its name, as recipients know it.
        to: the recipient association's id.
        created: the sender's clock, Unix seconds.
        nonce: 16 bytes from the system's random source, never used before.
        version: of this protocol; another one only in tests.

    Returns:
        Lower-case names; `content-type` only for a POST.

    Raises:
        RequestFormatError: an argument does not fit the profile.
    Source: RFC 9421 section 3.1; docs/spec/requests.md.
    """
    fields = {
        "content-digest": structured.content_digest(request.body),
        "veilleuse-version": version,
        "veilleuse-to": to,
    }
    if request.content_type is not None:
        fields = {"content-type": request.content_type, **fields}
    parameters = Parameters(
        typed=request.content_type is not None,
        created=created,
        expires=created + LIFETIME,
        keyid=keyid,
        nonce=nonce,
    )
    signature_input = parameters.to_field()
    if (
        Parameters.from_field(signature_input) != parameters
        or not structured.IDENTIFIER.fullmatch(to)
        or not structured.VERSION_NUMBER.fullmatch(version)
    ):
        raise RequestFormatError(
            "Key id, recipient, time, nonce or version do not fit the signed fields."
        )
    base = structured.signature_base(request.method, request.target_uri, fields, parameters)
    return {
        **fields,
        "signature-input": signature_input,
        "signature": structured.signature_to_field(sign(seed, base)),
    }


def verify_request(
    request: Request,
    headers: Mapping[str, str],
    me: str,
    now: int,
    key_of: Callable[[str], PublicKey | None],
) -> VerifiedRequest:
    """Return who sent `request`, or refuse it.

    Checks run in this order, cheap and public ones first, so that the error names the first
    thing that the sender has to put right: version, format, recipient, clock, deadline, key,
    signature, body.

    Args:
        request: as received; see `Request` for where its URI comes from.
        headers: lower-case names, each once (`join_fields`).
        me: this association's id.
        now: this node's clock, Unix seconds.
        key_of: key id to public key; None for a key that is not a member's.

    Raises:
        RequestError: the subclass of the first check that failed.
    Source: RFC 9421 section 3.2; docs/spec/requests.md.
    """
    fields, parameters, signature = _read(request, headers)
    if fields["veilleuse-to"] != me:
        raise RequestMisdirectedError("This request was signed for another association.")
    _check_time(parameters, now)
    key = key_of(parameters.keyid)
    if key is None:
        raise RequestKeyError("The request's key is not that of a member known here.")
    base = structured.signature_base(request.method, request.target_uri, fields, parameters)
    try:
        verify(key, base, signature)
    except SignatureError:
        raise RequestSignatureError(
            "The request's signature does not match its method, URI and fields."
        ) from None
    if fields["content-digest"] != structured.content_digest(request.body):
        raise RequestDigestError("The request's body is not the one that was signed.")
    return VerifiedRequest(parameters.keyid, parameters.nonce, parameters.created, request)


def _read(request: Request, headers: Mapping[str, str]) -> tuple[dict[str, str], Parameters, bytes]:
    """Check version and format; return covered fields in order, parameters and signature."""
    version = headers.get("veilleuse-version", "")
    # Before all else: another version may well have another format.
    if structured.VERSION_NUMBER.fullmatch(version) and version != VERSION:
        raise RequestVersionError(
            f"This node speaks version {VERSION} of the protocol, the request {version}."
        )
    fields = {
        "content-digest": headers.get("content-digest", ""),
        "veilleuse-version": version,
        "veilleuse-to": headers.get("veilleuse-to", ""),
    }
    if request.content_type is not None:
        fields = {"content-type": request.content_type, **fields}
    parameters = Parameters.from_field(headers.get("signature-input", ""))
    signature = structured.signature_from_field(headers.get("signature", ""))
    if (
        parameters is None
        or signature is None
        or version != VERSION
        or headers.get("content-type") != request.content_type
        or parameters.typed != (request.content_type is not None)
        or not structured.CONTENT_DIGEST.fullmatch(fields["content-digest"])
        or not structured.IDENTIFIER.fullmatch(fields["veilleuse-to"])
        or not parameters.created < parameters.expires <= parameters.created + LIFETIME
    ):
        raise RequestFormatError(
            "The request's signed fields are not exactly those of docs/spec/requests.md."
        )
    return fields, parameters, signature


def _check_time(parameters: Parameters, now: int) -> None:
    if not now - MAX_AGE <= parameters.created <= now + MAX_AHEAD:
        raise RequestClockError(
            f"The request was made {parameters.created - now:+d} s from this node's time:"
            " one of the two clocks must be set right.",
            server_time=now,
        )
    if parameters.expires < now:
        raise RequestExpiredError("The request's own deadline has passed.")
