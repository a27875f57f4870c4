"""When a client leaves a peer alone, and what ends that."""

import asyncio

import pytest

from federation.client import Lane
from federation.errors import RefusedError, UnreachableError
from tests.federation.bad_servers import (
    hang_up,
    saying,
    serving,
)
from tests.federation.connecting import Connect
from tests.federation.hosts import Watch


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
