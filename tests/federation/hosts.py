"""Whole nodes as federation/ sees them, in one process: real signatures, real logs, real HTTP.

Each host is a small ASGI app over `federation.serving` and friends; hosts reach each other through
a transport that routes by address and can be cut, bent and listened to.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from crypto.errors import VeilleuseError
from crypto.values import SecretScalar
from federation.applying import append_own, ceiling_at
from federation.client import PeerClient
from federation.errors import CustodyLockedError
from federation.evaluation import EvaluationServer
from federation.gather import Gatherer
from federation.hints import HintReceiver, HintSender
from federation.identity import Identity
from federation.mirror import Mirror
from federation.pacing import Schedule
from federation.ports import Stored
from federation.problems import problem_of
from federation.puller import Puller
from federation.serving import Serving
from protocol.checkpoint import Checkpoint, cosign, sign_checkpoint
from protocol.fold import Effect
from protocol.merkle import CompactRange, Hash, leaf_hash
from protocol.requests import Request, VerifiedRequest, join_fields, verify_request
from tests.federation.memory_ledger import MemoryLedger, MemoryTransaction
from tests.protocol.builders import LogBuilder, Network, network, seed

if TYPE_CHECKING:
    from federation.ports import Ledger, Transaction

NOW = 1_795_000_000
"""Some moment in November 2026."""


@dataclass
class Watch:
    """A clock that only tests move."""

    seconds: int = NOW
    running: float = 1000.0

    def now(self) -> int:
        return self.seconds

    def monotonic(self) -> float:
        return self.running

    def advance(self, seconds: float) -> None:
        self.seconds += int(seconds)
        self.running += seconds


@dataclass
class Safe:
    """A custody that can be locked."""

    held: SecretScalar
    index: int
    locked: bool = False

    def share(self, epoch_id: bytes) -> tuple[SecretScalar, int]:
        del epoch_id
        if self.locked:
            raise CustodyLockedError("The share is locked.")
        return self.held, self.index


@dataclass(frozen=True)
class Exchange:
    """One request and its answer, as somebody on the wire sees them."""

    sender: str
    receiver: str
    method: str
    path: str
    sent: int
    status: int
    received: int
    body: bytes


@dataclass
class Wire(httpx.AsyncBaseTransport):
    """Carries requests of one host to the others."""

    world: "World"
    sender: str

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        receiver = self.world.by_port(request.url.port or 0)
        if receiver.down:
            raise httpx.ConnectError("refused", request=request)
        body = await request.aread()
        answer = await httpx.ASGITransport(receiver.app).handle_async_request(request)
        content = await answer.aread()
        bend = receiver.bend
        if bend is not None and answer.status_code == 200:
            content = bend(request.url.raw_path.decode(), content)
        self.world.wire.append(
            Exchange(
                self.sender,
                receiver.id,
                request.method,
                request.url.raw_path.decode(),
                len(body),
                answer.status_code,
                len(content),
                body,
            )
        )
        headers = {k: v for k, v in answer.headers.items() if k != "content-length"}
        return httpx.Response(answer.status_code, headers=headers, stream=httpx.ByteStream(content))


@dataclass
class Host:
    """One association's node."""

    world: "World"
    id: str
    clock: Watch
    down: bool = False
    bend: Callable[[str, bytes], bytes] | None = None
    effects: list[Effect] = field(default_factory=list)

    def __post_init__(self) -> None:
        net, others = self.world.net, tuple(m for m in self.world.names if m != self.id)
        self.ledger = MemoryLedger(others)
        ledger: Ledger = self.ledger
        roster = net.roster
        self.identity = Identity(self.id, seed(f"{self.id} transport"), seed(f"{self.id} witness"))
        self.random = random.Random(self.id)
        self.log = LogBuilder(self.id)
        self.clients = {
            member.id: PeerClient(
                member.id,
                member.url,
                self.identity,
                self.clock,
                self.random.randbytes,
                transport=Wire(self.world, self.id),
            )
            for member in roster.members
            if member.id != self.id
        }
        index = 1 + self.world.names.index(self.id)
        self.safe = Safe(net.dealing.shares[index], index)
        self.serving = Serving(roster, ledger, self.identity, self.clock)
        self.evaluation = EvaluationServer(
            self.safe, roster, ledger, self.clock, self.random.randbytes
        )
        self.schedule = Schedule()
        self.mirror = Mirror(roster, ledger, self.clock, self._told)
        self.puller = Puller(
            self.mirror, self.clients, self.schedule, self.clock, self.random.randbytes
        )
        self.sender = HintSender(roster, ledger, self.identity, self.clock, self.clients)
        self.receiver = HintReceiver(ledger, self.clock, self.schedule, self.puller)
        self.gatherer = Gatherer(
            roster, self.id, self.clients, self.safe, self.clock, self.random.randbytes
        )
        self.app = Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST"])])

    async def _told(self, effects: tuple[Effect, ...]) -> None:
        self.effects += effects

    async def publish(self) -> None:
        """Append what the builder has and the log has not, and sign the new head."""

        def work(tx: "Transaction") -> None:
            start = tx.position(self.id).applied.size
            rows = self.rows()[start:]
            retention = self.world.net.roster.parameters.retention_months
            done = append_own(tx, self.id, rows, ceiling_at(self.clock.now(), retention))
            note = self.sign(done.range.size, done.range.root())
            tx.set_head(self.id, note, done.range.size, self.clock.now())

        await self.ledger.write(work)

    def rows(self) -> list[Stored]:
        return stored(self.log)

    def sign(self, size: int, root: Hash, *, cosigned: int | None = None) -> bytes:
        """A signed, cosigned head of any content, as a bad host would sign it."""
        roster = self.world.net.roster
        origin = roster.log_origin(self.id)
        note = sign_checkpoint(Checkpoint(origin, size, root), origin, seed(f"{self.id} log"))
        time = self.clock.now() if cosigned is None else cosigned
        return cosign(note, roster.witness_name(self.id), self.identity.witness, time)

    def impose(self, rows: Sequence[Stored], *, root: Hash | None = None) -> None:
        """Replace this host's log by any rows, unchecked, under a head that it signs."""
        tx = MemoryTransaction(self.ledger.state)
        grown = CompactRange().extend(leaf_hash(row.raw) for row in rows)
        log = self.ledger.log(self.id)
        log.rows, log.applied = list(rows), grown
        note = self.sign(grown.size, root or grown.root())
        log.head, log.head_size, log.head_time = note, grown.size, tx.position(self.id).head_time

    async def _answer(self, http: HttpRequest) -> Response:
        try:
            verified = await self._verified(http)
            content = await self._dispatch(http, verified)
        except VeilleuseError as error:
            problem = problem_of(error)
            return Response(problem.body, problem.status, problem.headers)
        return Response(content)

    async def _verified(self, http: HttpRequest) -> VerifiedRequest:
        roster = self.world.net.roster
        member = roster.member(self.id)
        assert member is not None
        path = http.scope["raw_path"].decode()
        query = http.scope["query_string"].decode()
        target = member.url + path + (f"?{query}" if query else "")
        headers = join_fields(http.headers.raw)
        request = Request(http.method, target, await http.body(), headers.get("content-type"))
        return verify_request(request, headers, self.id, self.clock.now(), roster.caller_key)

    async def _dispatch(self, http: HttpRequest, verified: VerifiedRequest) -> bytes:
        caller = verified.keyid
        match http.url.path.strip("/").split("/"):
            case ["log", "checkpoint"]:
                return await self.serving.checkpoint(caller)
            case ["log", "tile", *path]:
                return await self.serving.tile(caller, "/".join(path))
            case ["federation", "v1", "entries", origin, start, end]:
                head = int(http.query_params["head"])
                return await self.serving.entries(caller, origin, int(start), int(end), head)
            case ["federation", "v1", "payloads", origin, start, end]:
                return await self.serving.payloads(caller, origin, int(start), int(end))
            case ["federation", "v1", "hint"]:
                return await self.receiver.receive(caller, verified)
            case _:
                return await self.evaluation.answer(caller, verified)

    async def close(self) -> None:
        await self.puller.close()
        await self.sender.close()
        await self.gatherer.close()
        for client in self.clients.values():
            await client.close()


@dataclass
class World:
    """A network of hosts."""

    net: Network = field(default_factory=network)
    clock: Watch = field(default_factory=Watch)
    wire: list[Exchange] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.names = tuple(member.id for member in self.net.roster.members)
        self.hosts = {name: Host(self, name, self.clock) for name in self.names}

    def __getitem__(self, name: str) -> Host:
        return self.hosts[name]

    def by_port(self, port: int) -> Host:
        found = next(m for m in self.net.roster.members if m.url.endswith(f":{port}"))
        return self.hosts[found.id]

    async def close(self) -> None:
        for host in self.hosts.values():
            await host.close()


def stored(log: LogBuilder) -> list[Stored]:
    """Return a log's rows; the builder keeps each entry's pieces in `slots_of` order."""
    return [
        Stored(raw, tuple(pieces.values()))
        for raw, pieces in zip(log.raws, log.pieces, strict=True)
    ]
