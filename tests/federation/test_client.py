"""The client against real sockets: signed and uniform requests out, bounded answers in."""

import asyncio
import random
import time
from collections.abc import Callable

import pytest

from federation.client import PATIENCE, Lane, open_clients
from federation.errors import AnswerSizeError, RefusedError, StalledError, UnreachableError
from protocol.requests import Request, verify_request
from tests.federation.bad_servers import (
    chunks,
    hang,
    hang_up,
    saying,
    serving,
)
from tests.federation.connecting import IDENTITY, ROSTER, Connect, headers_of
from tests.federation.hosts import Watch


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


async def test_open_clients_has_every_member_but_this_node() -> None:
    clients = open_clients(ROSTER.members, IDENTITY, Watch(), random.Random(1).randbytes)
    assert list(clients) == ["cabiria", "griselidis", "entractes"]
    assert clients["cabiria"].patience is PATIENCE
    for client in clients.values():
        await client.close()
