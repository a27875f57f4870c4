"""The client against real sockets: signed and uniform requests out, bounded answers in."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from federation.client import PATIENCE, Lane, Patience, PeerClient, open_clients
from federation.errors import AnswerSizeError, RefusedError, StalledError, UnreachableError
from federation.identity import Identity
from protocol.requests import Request, verify_request
from tests.federation.bad_servers import (
    JUNK,
    LOCATIONS,
    Server,
    chunks,
    hang,
    hang_up,
    raw,
    saying,
    serving,
)
from tests.federation.hosts import Watch
from tests.protocol.builders import network, seed

# Long enough for a busy machine: what must not happen takes several times longer.
SHORT = Patience(connect=2, window=0.4, least=100, total=1.2)
IDENTITY = Identity("strass", seed("strass transport"), seed("strass witness"))
ROSTER = network().roster

Connect = Callable[..., PeerClient]


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    made: list[PeerClient] = []

    def build(server: Server | str, clock: Watch | None = None) -> PeerClient:
        url = server if isinstance(server, str) else server.url
        client = PeerClient(
            "cabiria",
            url,
            IDENTITY,
            clock or Watch(),
            random.Random(1).randbytes,
            patience=dict.fromkeys(Lane, SHORT),
        )
        made.append(client)
        return client

    yield build
    for client in made:
        await client.close()


def headers_of(raw: bytes) -> dict[str, str]:
    lines = raw.split(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}


async def test_a_post_is_signed_for_its_recipient(connect: Connect) -> None:
    async with serving(saying("200 OK", b"{}")) as server:
        clock = Watch()
        answer = await connect(server, clock).post("/x?y=1", b'{"a":1}', 10, Lane.HINT)
        assert answer == b"{}"
    raw = server.requests[0]
    assert raw.startswith(b"POST /x?y=1 HTTP/1.1\r\n")
    assert raw.endswith(b'\r\n\r\n{"a":1}')
    request = Request("POST", server.url + "/x?y=1", b'{"a":1}', "application/json")
    verified = verify_request(request, headers_of(raw), "cabiria", clock.now(), ROSTER.caller_key)
    assert (verified.keyid, verified.created) == ("strass", clock.now())


async def test_every_request_has_the_same_fields_and_a_new_nonce(connect: Connect) -> None:
    async with serving(saying("200 OK", b"{}")) as server:
        client = connect(server)
        for _ in range(2):
            await client.get("/log/checkpoint", 10)
    first, second = map(headers_of, server.requests)
    assert list(first) == list(second)
    assert set(first) == {
        "host",
        "accept",
        "accept-encoding",
        "connection",
        "user-agent",
        "content-digest",
        "veilleuse-version",
        "veilleuse-to",
        "signature-input",
        "signature",
    }
    assert (first["user-agent"], first["accept-encoding"]) == ("veilleuse", "identity")
    assert first["signature-input"] != second["signature-input"]
    assert len(server.requests[0]) == len(server.requests[1])


async def test_a_cookie_is_not_kept(connect: Connect) -> None:
    async with serving(saying("200 OK", b"{}", set_cookie="trace=1; Path=/")) as server:
        client = connect(server)
        for _ in range(2):
            await client.get("/", 10)
    assert "cookie" not in headers_of(server.requests[1])


async def test_a_redirection_is_refused_and_not_followed(connect: Connect) -> None:
    async with (
        serving(saying("200 OK", b"{}")) as elsewhere,
        serving(saying("307 Temporary Redirect", location=elsewhere.url)) as server,
    ):
        with pytest.raises(RefusedError) as caught:
            await connect(server).get("/", 10)
    assert (caught.value.status, caught.value.problem) == (307, "unknown")
    assert elsewhere.requests == []


@pytest.mark.parametrize("location", LOCATIONS)
async def test_a_redirection_to_nowhere_is_only_a_refusal(connect: Connect, location: str) -> None:
    async with serving(saying("302 Found", location=location)) as server:
        with pytest.raises(RefusedError) as caught:
            await connect(server).get("/", 10)
    assert caught.value.status == 302


@pytest.mark.parametrize("answer", JUNK)
async def test_an_answer_that_cannot_be_read_is_no_crash(connect: Connect, answer: bytes) -> None:
    async with serving(raw(answer)) as server:
        with pytest.raises((UnreachableError, StalledError, AnswerSizeError)):
            await connect(server).get("/", 10)


@pytest.mark.parametrize("url", ["http://a:99999", "http://xn--.", "http://" + "a" * 300])
async def test_a_peer_at_an_impossible_address_is_unreachable(connect: Connect, url: str) -> None:
    with pytest.raises(UnreachableError):
        await connect(url).get("/", 10)


@pytest.mark.parametrize("error", [httpx.InvalidURL("x"), UnicodeError("x"), ValueError("x")])
async def test_whatever_the_transport_raises_is_one_peers_failure(
    connect: Connect, error: Exception
) -> None:
    class Broken(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            del request
            raise error

    client = connect("http://127.0.0.1:1")
    client._http = httpx.AsyncClient(transport=Broken())
    for _ in range(3):
        with pytest.raises(UnreachableError):
            await client.get("/", 10)
    assert client.wait(Lane.PULL) > 0


async def test_a_proxy_in_the_environment_is_not_used(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with serving(saying("200 OK", b"{}")) as server:
        assert await connect(server).get("/", 10) == b"{}"


async def test_no_connection_is_unreachable(connect: Connect) -> None:
    async with serving(hang) as server:
        gone = server.url
    with pytest.raises(UnreachableError):
        await connect(gone).get("/", 10)


async def test_a_broken_connection_is_unreachable(connect: Connect) -> None:
    async with serving(hang_up) as server:
        with pytest.raises(UnreachableError):
            await connect(server).get("/", 10)
    async with serving(saying("200 OK", b"short", length=6)) as server:
        client = connect(server)
        task = asyncio.create_task(client.get("/", 10))
        with pytest.raises(StalledError):
            await task


async def test_a_hung_peer_is_given_up(connect: Connect) -> None:
    async with serving(hang) as server:
        start = time.monotonic()
        with pytest.raises(StalledError):
            await connect(server).get("/", 10)
        assert time.monotonic() - start < 1.1


async def test_an_answer_that_trickles_is_given_up_though_it_never_pauses(
    connect: Connect,
) -> None:
    # 1 byte each 10 ms: no read ever waits long, yet 100 bytes would take a second.
    async with serving(chunks(*[b"x"] * 1000, pause=0.01)) as server:
        start = time.monotonic()
        with pytest.raises(StalledError):
            await connect(server).get("/", 5000)
        assert time.monotonic() - start < 1.1


async def test_an_answer_that_progresses_still_ends_with_the_total(connect: Connect) -> None:
    async with serving(chunks(*[b"x" * 200] * 1000, pause=0.05)) as server:
        with pytest.raises(StalledError):
            await connect(server).get("/", 10**6)


async def test_a_slow_answer_that_progresses_is_read(connect: Connect) -> None:
    async with serving(chunks(*[b"x" * 200] * 4, pause=0.08)) as server:
        assert len(await connect(server).get("/", 10**6)) == 800


@pytest.mark.parametrize(
    "behave", [saying("200 OK", b"x" * 11), chunks(b"x" * 6, b"x" * 5)], ids=["told", "untold"]
)
async def test_an_answer_longer_than_asked_for_is_refused(
    connect: Connect, behave: Callable[[asyncio.StreamWriter], object]
) -> None:
    async with serving(behave) as server:  # type: ignore[arg-type]
        client = connect(server)
        with pytest.raises(AnswerSizeError):
            await client.get("/", 10)
        assert len(await client.get("/", 11)) == 11


async def test_an_answer_announced_as_too_long_is_not_waited_for(connect: Connect) -> None:
    async with serving(saying("200 OK", length=10**9)) as server:
        with pytest.raises(AnswerSizeError):
            await connect(server).get("/", 10)


async def test_a_problem_is_read_and_an_endless_one_cut(connect: Connect) -> None:
    problem = b'{"code":"custody-locked","title":"..."}'
    async with serving(saying("503 Service Unavailable", problem)) as server:
        with pytest.raises(RefusedError) as caught:
            await connect(server).get("/", 10)
        assert (caught.value.status, caught.value.problem) == (503, "custody-locked")
    async with serving(saying("500 Oops", b"x" * 100_000)) as server:
        with pytest.raises(RefusedError) as caught:
            await connect(server).get("/", 10)
        assert caught.value.problem == "unknown"


async def test_retry_after_is_obeyed_by_that_lane_and_no_other(connect: Connect) -> None:
    quota = saying("429 Too Many", b'{"code":"quota","title":"..."}', retry_after="30")
    async with serving(quota) as server:
        clock = Watch()
        client = connect(server, clock)
        for _ in range(2):
            with pytest.raises(RefusedError) as caught:
                await client.post("/e", b"{}", 10, Lane.EVALUATE)
            assert (caught.value.status, caught.value.problem) == (429, "quota")
        assert len(server.requests) == 1
        clock.advance(10)
        assert client.wait(Lane.EVALUATE) == 20
        with pytest.raises(RefusedError) as caught:
            await client.post("/e", b"{}", 10, Lane.EVALUATE)
        assert caught.value.retry_after == 20
        with pytest.raises(RefusedError):
            await client.get("/log/checkpoint", 10)
        assert len(server.requests) == 2
        clock.advance(20)
        with pytest.raises(RefusedError):
            await client.post("/e", b"{}", 10, Lane.EVALUATE)
        assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("status", "body", "believed"),
    [
        ("429 Too Many", b'{"code":"quota","title":"..."}', 86_400),
        ("503 Service Unavailable", b'{"code":"quota","title":"..."}', 900),
        ("429 Too Many", b'{"code":"busy","title":"..."}', 900),
        ("429 Too Many", b'{"code": "quota"}', 900),
        ("503 Service Unavailable", b"<html>quota</html>", 900),
        ("503 Service Unavailable", b"", 900),
    ],
    ids=["quota", "another status", "another code", "not canonical", "page", "nothing"],
)
async def test_only_a_used_up_quota_silences_a_peer_for_long(
    connect: Connect, status: str, body: bytes, believed: int
) -> None:
    async with serving(saying(status, body, retry_after="99999")) as server:
        client = connect(server)
        with pytest.raises(RefusedError):
            await client.post("/e", b"{}", 10, Lane.EVALUATE)
        assert client.wait(Lane.EVALUATE) == believed
        client.contact()  # something that the peer signed: what others said in its name is over
        assert client.wait(Lane.EVALUATE) == 0
        with pytest.raises(RefusedError):
            await client.post("/e", b"{}", 10, Lane.EVALUATE)
        assert len(server.requests) == 2


async def test_a_peer_that_fails_three_times_is_left_alone_until_it_shows_life(
    connect: Connect,
) -> None:
    async with serving(saying("500 Oops")) as server:
        clock = Watch()
        client = connect(server, clock)
        for _ in range(3):
            with pytest.raises(RefusedError):
                await client.get("/", 10)
        with pytest.raises(UnreachableError):
            await client.get("/", 10)
        assert len(server.requests) == 3
        assert 2.5 <= client.wait(Lane.PULL) <= 5
        assert client.wait(Lane.HINT) == 0
        clock.advance(5)
        with pytest.raises(RefusedError):
            await client.get("/", 10)
        assert len(server.requests) == 4
        with pytest.raises(UnreachableError):
            await client.get("/", 10)
        client.contact()
        with pytest.raises(RefusedError):
            await client.get("/", 10)
        assert len(server.requests) == 5


async def test_failures_count_only_in_a_row(connect: Connect) -> None:
    fails = (True, True, False, True, True)
    coming = iter(fails)

    async def behave(writer: asyncio.StreamWriter) -> None:
        await (saying("500 Oops") if next(coming) else saying("200 OK"))(writer)

    async with serving(behave) as server:
        client = connect(server)
        for failing in fails:
            if failing:
                with pytest.raises(RefusedError):
                    await client.get("/", 10)
            else:
                await client.get("/", 10)
        assert client.wait(Lane.PULL) == 0


async def test_refusals_that_are_no_failures_open_nothing(connect: Connect) -> None:
    async with serving(saying("404 Not Found")) as server:
        client = connect(server)
        for _ in range(5):
            with pytest.raises(RefusedError):
                await client.get("/", 10)
        assert len(server.requests) == 5


async def test_a_lookup_still_asks_a_custodian_that_failed_before(connect: Connect) -> None:
    async with serving(hang_up) as server:
        client = connect(server)
        for _ in range(5):
            with pytest.raises(UnreachableError):
                await client.post("/e", b"{}", 10, Lane.EVALUATE)
        assert len(server.requests) == 5


async def test_one_pull_at_a_time_and_an_evaluation_beside_it(connect: Connect) -> None:
    release = asyncio.Event()
    held: list[bytes] = []

    async def behave(writer: asyncio.StreamWriter) -> None:
        if server.requests[-1].startswith(b"GET"):
            held.append(server.requests[-1])
            await release.wait()
        await saying("200 OK", b"{}")(writer)

    async with serving(behave) as server:
        client = connect(server)
        pulls = [asyncio.create_task(client.get("/", 10)) for _ in range(3)]
        assert await client.post("/e", b"{}", 10, Lane.EVALUATE) == b"{}"
        assert len(held) == 1
        release.set()
        assert await asyncio.gather(*pulls) == [b"{}"] * 3


async def test_open_clients_has_every_member_but_this_node() -> None:
    clients = open_clients(ROSTER.members, IDENTITY, Watch(), random.Random(1).randbytes)
    assert list(clients) == ["cabiria", "griselidis", "entractes"]
    assert clients["cabiria"].patience is PATIENCE
    for client in clients.values():
        await client.close()


async def test_a_peer_that_accepts_no_connection_is_unreachable(connect: Connect) -> None:
    class Silent(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectTimeout("nobody", request=request)

    client = connect("http://127.0.0.1:1")
    client._http = httpx.AsyncClient(transport=Silent())
    with pytest.raises(UnreachableError):
        await client.get("/", 10)


async def test_a_peer_that_takes_no_body_is_stalled(connect: Connect) -> None:
    class Deaf(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            raise httpx.WriteTimeout("deaf", request=request)

    client = connect("http://127.0.0.1:1")
    client._http = httpx.AsyncClient(transport=Deaf())
    with pytest.raises(StalledError):
        await client.get("/", 10)
