"""Whatever a peer answers, and wherever it is, costs us no more than that peer."""

import httpx
import pytest

from federation.client import Lane
from federation.errors import AnswerSizeError, RefusedError, StalledError, UnreachableError
from tests.federation.bad_servers import (
    JUNK,
    LOCATIONS,
    raw,
    saying,
    serving,
)
from tests.federation.connecting import Connect


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
