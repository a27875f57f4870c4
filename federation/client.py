"""One peer, over HTTP: signed requests out, bounded bytes in. The only module that knows httpx.

Each peer has its own client with its own connections, so that a peer that hangs takes nothing away
from the others. Within a peer, pulls, hints and evaluations have a lane each: a long pull does not
make a lookup wait.
Specification: docs/spec/mirroring.md#pacing; docs/spec/requests.md.
"""

import asyncio
import math
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import MappingProxyType
from typing import Final

import httpx

from crypto.errors import VeilleuseError
from federation.errors import (
    AnswerSizeError,
    QuotaError,
    RefusedError,
    StalledError,
    UnreachableError,
)
from federation.identity import Identity
from federation.pacing import LONGEST_BACKOFF, LONGEST_QUOTA_WAIT, Breaker, chance
from federation.ports import Clock, Entropy
from federation.problems import MAX_PROBLEM_SIZE, read_problem
from protocol.requests import NONCE_SIZE, Request, sign_request
from protocol.roster import Member

CONTENT_TYPE: Final = "application/json"
_OK: Final = 200
_TOO_MANY: Final = 429
_SERVER_ERRORS: Final = 500
_WAITS: Final = frozenset({429, 503})

# Below uvicorn's default of 5 s: a connection that the server is about to close is not used again.
_KEEP_ALIVE: Final = 4.0
_CONNECTIONS: Final = 10


class Lane(StrEnum):
    """What a request is for; lanes of one peer do not wait for each other."""

    PULL = "pull"
    HINT = "hint"
    EVALUATE = "evaluate"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a peer, in seconds of real time.

    Attributes:
        connect: for a connection.
        window: for each `least` bytes of the answer, its header fields included in the first.
        least: bytes. An answer that trickles in more slowly than that is given up.
        total: for everything.
    """

    connect: float = 5.0
    window: float = 10.0
    least: int = 4096
    total: float = 300.0


PATIENCE: Final[Mapping[Lane, Patience]] = MappingProxyType(
    {
        Lane.PULL: Patience(),
        Lane.HINT: Patience(total=15.0),
        Lane.EVALUATE: Patience(connect=3.0, window=10.0, total=12.0),
    }
)

_AT_ONCE: Final[Mapping[Lane, int]] = MappingProxyType(
    {Lane.PULL: 1, Lane.HINT: 1, Lane.EVALUATE: 4}
)


@dataclass(slots=True)
class _LaneState:
    turns: asyncio.Semaphore
    breaker: Breaker
    refusal: RefusedError | None = None


@dataclass(slots=True)
class PeerClient:
    """Requests to one peer, signed as `identity`. Close it when the node stops.

    Attributes:
        peer: its association id, which each request names as its recipient.
        url: its public base URL, as the roster has it.
        transport: for tests; None for the network.
        tls: shared by all clients of a node, since loading the trust store takes 20 ms.
    """

    peer: str
    url: str
    identity: Identity
    clock: Clock
    entropy: Entropy
    transport: httpx.AsyncBaseTransport | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    patience: Mapping[Lane, Patience] = field(default_factory=lambda: PATIENCE)
    _http: httpx.AsyncClient = field(init=False, repr=False)
    _lanes: dict[Lane, _LaneState] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Prepare the connections; none is opened yet."""
        self._http = httpx.AsyncClient(
            transport=self.transport,
            verify=self.tls or True,
            trust_env=False,  # no proxy, no .netrc from the environment
            follow_redirects=False,
            event_hooks={"response": [_forget_location]},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            limits=httpx.Limits(max_connections=_CONNECTIONS, keepalive_expiry=_KEEP_ALIVE),
            # Every node's requests look the same; "identity" since a compressed answer's length
            # says something about its content, and its unpacked size nothing about its length.
            headers={
                "accept": CONTENT_TYPE,
                "accept-encoding": "identity",
                "user-agent": "veilleuse",
            },
        )
        self._lanes = {
            lane: _LaneState(asyncio.Semaphore(_AT_ONCE[lane]), Breaker()) for lane in Lane
        }

    async def get(self, path: str, limit: int, lane: Lane = Lane.PULL) -> bytes:
        """Return the body of a 200 answer to a signed GET.

        Args:
            path: from `/`, with its query; appended to the peer's URL.
            limit: most bytes of the answer.
            lane: whose turn and whose breaker this request takes.

        Raises:
            UnreachableError: no connection, a broken one, or the breaker is open.
            StalledError: too slow, or no progress.
            RefusedError: any status but 200, redirections included; or the peer's `Retry-After`
                still runs.
            AnswerSizeError: longer than `limit`.
        """
        return await self._send(Request("GET", self.url + path), limit, lane)

    async def post(self, path: str, body: bytes, limit: int, lane: Lane) -> bytes:
        """Return the body of a 200 answer to a signed POST of JSON. Errors as for `get`."""
        return await self._send(Request("POST", self.url + path, body, CONTENT_TYPE), limit, lane)

    def contact(self) -> None:
        """Note that this peer has signed something: nothing that was answered before it counts.

        Whoever stands on the line can answer in a peer's name, so all waits end here, also those
        that an answer asked for. A peer that means it says so again.
        """
        for lane in self._lanes.values():
            lane.breaker.contact()

    def wait(self, lane: Lane) -> float:
        """Return the seconds until `lane` may be used again; 0 for now."""
        return self._lanes[lane].breaker.wait(self.clock.monotonic())

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _send(self, request: Request, limit: int, lane: Lane) -> bytes:
        state = self._lanes[lane]
        async with state.turns:
            self._check_breaker(state, lane)
            try:
                body = await self._exchange(request, limit, self.patience[lane])
            except (UnreachableError, StalledError):
                state.breaker.failed(self.clock.monotonic(), chance(self.entropy(4)))
                raise
            except RefusedError as refusal:
                self._note_refusal(state, refusal)
                raise
            state.breaker.answered()
            return body

    def _check_breaker(self, state: _LaneState, lane: Lane) -> None:
        now = self.clock.monotonic()
        if state.refusal is not None and state.breaker.asked_to_wait(now):
            remaining = math.ceil(state.breaker.wait(now))
            raise RefusedError(state.refusal.status, state.refusal.problem, remaining)
        # A person waits for an evaluation, and asking a dead custodian in parallel with live ones
        # costs nothing: there the breaker only puts it last in the ranking (federation.gather).
        if lane is not Lane.EVALUATE and state.breaker.wait(now) > 0:
            raise UnreachableError(f"{self.peer} failed several times and is left alone for now.")

    def _note_refusal(self, state: _LaneState, refusal: RefusedError) -> None:
        now = self.clock.monotonic()
        if refusal.status in _WAITS and refusal.retry_after is not None:
            state.refusal = refusal
            state.breaker.retry_after(now, refusal.retry_after, _longest_wait(refusal))
        elif refusal.status >= _SERVER_ERRORS:
            state.breaker.failed(now, chance(self.entropy(4)))

    async def _exchange(self, request: Request, limit: int, patience: Patience) -> bytes:
        try:
            async with (
                asyncio.timeout(patience.total),
                self._answer(request, patience) as answer,
            ):
                return await _content(answer, limit, patience)
        except TimeoutError as error:
            raise StalledError(f"{self.peer} answers too slowly.") from error
        except httpx.ConnectTimeout as error:
            raise UnreachableError(f"{self.peer} cannot be reached.") from error
        except httpx.TimeoutException as error:
            raise StalledError(f"{self.peer} does not answer.") from error
        except VeilleuseError:
            raise
        except Exception as error:
            # Not only httpx.HTTPError: what parses an address, a name or a header raises errors of
            # its own, and whatever a peer answers may cost us no more than that peer.
            raise UnreachableError(f"{self.peer} cannot be reached.") from error

    @asynccontextmanager
    async def _answer(self, request: Request, patience: Patience) -> AsyncIterator[httpx.Response]:
        signed = sign_request(
            request,
            self.identity.transport,
            keyid=self.identity.id,
            to=self.peer,
            created=self.clock.now(),
            nonce=self.entropy(NONCE_SIZE),
        )
        async with self._http.stream(
            request.method,
            request.target_uri,
            content=request.body or None,
            headers=signed,
            timeout=httpx.Timeout(patience.window, connect=patience.connect),
        ) as answer:
            yield answer


async def _forget_location(answer: httpx.Response) -> None:
    """Drop where a redirection leads: it is not followed, so nothing of it is parsed either."""
    answer.headers.pop("location", None)


def _longest_wait(refusal: RefusedError) -> float:
    """Return the most seconds that a refusal may silence a lane: a quota comes back at midnight."""
    quota = refusal.status == _TOO_MANY and refusal.problem == QuotaError.code
    return LONGEST_QUOTA_WAIT if quota else LONGEST_BACKOFF


async def _content(answer: httpx.Response, limit: int, patience: Patience) -> bytes:
    """Return the body of a 200; raise what any other status stands for."""
    if answer.status_code != _OK:
        body = await _read(answer, MAX_PROBLEM_SIZE, patience, cut=True)
        raise read_problem(answer.status_code, body, answer.headers.get("retry-after"))
    return await _read(answer, limit, patience)


async def _read(
    answer: httpx.Response, limit: int, patience: Patience, *, cut: bool = False
) -> bytes:
    """Return the body, giving up when a window passes without `patience.least` bytes of progress.

    `cut` returns the first `limit` bytes of a longer body, instead of refusing it.
    """
    declared = answer.headers.get("content-length", "")
    if not cut and declared.isdecimal() and int(declared) > limit:
        raise AnswerSizeError("The peer announces a longer answer than was asked for.")
    body = bytearray()
    stream = answer.aiter_raw()
    while True:
        goal = len(body) + patience.least
        async with asyncio.timeout(patience.window):
            while len(body) < goal:
                chunk = await anext(stream, None)
                if chunk is None:
                    return bytes(body)
                body += chunk
                if len(body) > limit:
                    if cut:
                        return bytes(body[:limit])
                    raise AnswerSizeError("The peer's answer is longer than was asked for.")


def open_clients(
    members: Iterable[Member], identity: Identity, clock: Clock, entropy: Entropy
) -> dict[str, PeerClient]:
    """Return a client for each of `members` but this node itself, by association id."""
    tls = httpx.create_ssl_context(trust_env=False)
    return {
        member.id: PeerClient(member.id, member.url, identity, clock, entropy, tls=tls)
        for member in members
        if member.id != identity.id
    }
