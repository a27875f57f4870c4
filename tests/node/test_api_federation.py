"""Peers' endpoints over real HTTP: who is let in, what each refusal says, what leaks."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from crypto.signing import public_key
from crypto.values import SigningSeed
from federation.client import Lane
from node.system import entropy
from protocol.canonical import loads
from protocol.checkpoint import open_checkpoint
from protocol.requests import Request, sign_request
from protocol.roster import Auditor, Parameters
from tests.node.network_fixture import CHEAP, Station, TestNetwork, running_network
from tests.node.reporting import published

pytestmark = pytest.mark.asyncio(loop_scope="module")

AUDITOR = SigningSeed(b"auditor".ljust(32, b"."))
READS = [
    "/log/checkpoint",
    "/log/tile/0/000.p/1",
    "/log/tile/entries/000.p/1",
    "/federation/v1/entries/strass/0/1?head=1",
    "/federation/v1/payloads/strass/0/1",
]
POSTS = ["/federation/v1/hint", "/federation/v1/evaluate"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def net(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TestNetwork]:
    auditor = Auditor(id="cnil", name="Auditrice", transport_key=public_key(AUDITOR))
    async with running_network(
        tmp_path_factory.mktemp("two"),
        {"strass": "STRASS", "cabiria": "Cabiria"},
        parameters=Parameters(argon2id=CHEAP, quota_daily=1000),
        auditors=[auditor],
    ) as network:
        await published(network["strass"], "06 39 98 70 01")
        await network.settle()
        yield network


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def station(net: TestNetwork) -> Station:
    return net["strass"]


@pytest_asyncio.fixture(loop_scope="module")
async def wire() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


def request(station: Station, path: str, body: bytes | None = None) -> Request:
    url = station.url + path
    if body is None:
        return Request("GET", url)
    return Request("POST", url, body, "application/json")


def signed(
    net: TestNetwork, asked: Request, by: str = "cabiria", to: str = "strass", ahead: int = 0
) -> dict[str, str]:
    seed = AUDITOR if by == "cnil" else net["cabiria"].node.identity.transport
    now = net.clock.now() + ahead
    return sign_request(asked, seed, by, to, now, entropy(16))


async def send(wire: httpx.AsyncClient, asked: Request, headers: dict[str, str]) -> httpx.Response:
    return await wire.request(
        asked.method, asked.target_uri, content=asked.body or None, headers=headers
    )


async def test_anybody_may_know_that_this_is_a_node(
    station: Station, wire: httpx.AsyncClient
) -> None:
    answer = await wire.get(f"{station.url}/.well-known/veilleuse")
    assert loads(answer.content, 1000) == {"network": "essai", "versions": ["1"]}


@pytest.mark.parametrize("path", [*READS, *POSTS])
async def test_a_stranger_gets_no_byte(
    net: TestNetwork, station: Station, wire: httpx.AsyncClient, path: str
) -> None:
    asked = request(station, path, b"{}" if path in POSTS else None)
    answer = await send(wire, asked, {"content-type": "application/json"} if asked.body else {})
    assert (answer.status_code, answer.json()["code"]) == (400, "request-format")
    unknown = sign_request(asked, AUDITOR, "somebody", "strass", net.clock.now(), entropy(16))
    answer = await send(wire, asked, unknown)
    assert (answer.status_code, answer.json()["code"]) == (401, "request-key")


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("by", ["cabiria", "cnil"])
async def test_members_and_auditors_read(
    net: TestNetwork, station: Station, wire: httpx.AsyncClient, path: str, by: str
) -> None:
    asked = request(station, path)
    answer = await send(wire, asked, signed(net, asked, by))
    assert answer.status_code == 200, answer.text


async def test_an_auditor_sees_no_payload_and_asks_for_no_evaluation(
    net: TestNetwork, station: Station, wire: httpx.AsyncClient
) -> None:
    asked = request(station, "/federation/v1/payloads/strass/0/1")
    member = await send(wire, asked, signed(net, asked))
    auditor = await send(wire, asked, signed(net, asked, "cnil"))
    assert auditor.json() == {"items": [[{"held": True}]]}
    assert len(member.content) > 512
    for path in POSTS:
        asked = request(station, path, await evaluation(net))
        answer = await send(wire, asked, signed(net, asked, "cnil"))
        assert (answer.status_code, answer.json()["code"]) == (403, "not-member")


async def test_the_head_is_cosigned_now(
    net: TestNetwork, station: Station, wire: httpx.AsyncClient
) -> None:
    asked = request(station, "/log/checkpoint")
    answer = await send(wire, asked, signed(net, asked))
    roster = net["cabiria"].node.roster
    witness = roster.witness_name("strass")
    head = open_checkpoint(
        answer.content,
        roster.log_origin("strass"),
        station.node.vault.log_key,
        {witness: public_key(station.node.identity.witness)},
    )
    assert abs(head.cosigned[witness] - net.clock.now()) <= 2


async def evaluation(net: TestNetwork) -> bytes:
    attempt = net["cabiria"].node.gatherer.attempt([b"somebody"])
    return attempt.request.encode()


async def test_each_defect_of_a_request_has_its_own_error(
    net: TestNetwork, station: Station, wire: httpx.AsyncClient
) -> None:
    path = "/federation/v1/evaluate"
    asked = request(station, path, await evaluation(net))
    good = signed(net, asked)
    other = replace(asked, body=await evaluation(net))
    cases = [
        (other, good, 401, "request-digest"),
        (replace(asked, target_uri=station.url + POSTS[0]), good, 401, "request-signature"),
        (asked, signed(net, asked, to="cabiria"), 421, "request-misdirected"),
        (asked, signed(net, asked, ahead=600), 401, "request-clock"),
        (asked, signed(net, asked, ahead=-600), 401, "request-clock"),
        (asked, good | {"veilleuse-version": "2"}, 400, "request-version"),
        (asked, good | {"signature": "x"}, 400, "request-format"),
    ]
    for sent, headers, status, code in cases:
        answer = await send(wire, sent, headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    first = await send(wire, asked, good)
    assert first.status_code == 200
    replayed = await send(wire, asked, good)
    assert (replayed.status_code, replayed.json()["code"]) == (409, "replay")
    # Asked again under a fresh signature, the same attempt is answered, and not debited twice.
    again = await send(wire, asked, signed(net, asked))
    assert again.status_code == 200


async def test_a_request_for_another_host_is_not_answered(
    net: TestNetwork, station: Station, wire: httpx.AsyncClient
) -> None:
    """The URI is built from the configured URL: a Host field changes nothing."""
    elsewhere = Request("GET", "http://elsewhere.test/log/checkpoint")
    headers = signed(net, elsewhere) | {"host": "elsewhere.test"}
    answer = await wire.get(f"{station.url}/log/checkpoint", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "request-signature")


async def test_the_quota_ends_with_a_time_to_come_back(
    tmp_path: Path, wire: httpx.AsyncClient
) -> None:
    few = Parameters(argon2id=CHEAP, quota_daily=4)
    names = {"strass": "STRASS", "cabiria": "Cabiria"}
    async with running_network(tmp_path, names, parameters=few) as net:
        for _ in range(3):
            asked = request(net["strass"], "/federation/v1/evaluate", await evaluation(net))
            answer = await send(wire, asked, signed(net, asked))
    assert (answer.status_code, answer.json()["code"]) == (429, "quota")
    assert 0 < int(answer.headers["retry-after"]) <= 86_400


@pytest.mark.parametrize(
    "path",
    [
        "/federation/v1/entries/strass/0/9?head=9",
        "/federation/v1/entries/strass/00/1?head=1",
        "/federation/v1/entries/strass/-1/1?head=1",
        "/federation/v1/entries/strass/0/1",
        "/federation/v1/entries/strass/%D9%A1/1?head=1",
        "/federation/v1/entries/nobody/0/1?head=1",
        "/federation/v1/payloads/strass/1/1",
        "/federation/v1/payloads/strass/0/99999999999999999999",
        "/log/tile/0/001",
        "/log/tile/9/9/9",
        "/log/tile/",
    ],
)
async def test_what_is_not_held_is_not_found(
    net: TestNetwork, station: Station, wire: httpx.AsyncClient, path: str
) -> None:
    asked = request(station, path)
    answer = await send(wire, asked, signed(net, asked))
    assert (answer.status_code, answer.json()["code"] in ("not-found", "tile")) == (404, True)


async def test_our_own_bugs_show_nothing(
    station: Station, wire: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("node.api.federation.verify_request", broken)
    answer = await wire.get(f"{station.url}/log/checkpoint")
    assert answer.status_code == 500
    assert answer.json() == {"code": "internal", "title": "This node could not answer."}


async def test_answers_say_nothing_about_the_server(
    net: TestNetwork, station: Station, wire: httpx.AsyncClient
) -> None:
    asked = request(station, "/log/checkpoint")
    answer = await send(wire, asked, signed(net, asked))
    assert set(answer.headers) <= {"content-type", "content-length", "date", "connection"}


async def test_whatever_a_peer_signs_shows_that_it_is_alive(
    net: TestNetwork, station: Station, wire: httpx.AsyncClient
) -> None:
    client = station.node.clients["cabiria"]
    lane = client._lanes[Lane.EVALUATE].breaker
    asked = request(station, READS[0])
    now = station.node.clock.monotonic()
    lane.retry_after(now, 600)
    stranger = await wire.get(asked.target_uri, headers=signed(net, asked, to="griselidis"))
    assert stranger.status_code == 421
    assert client.wait(Lane.EVALUATE) > 0
    known = await wire.get(asked.target_uri, headers=signed(net, asked))
    assert known.status_code == 200
    assert client.wait(Lane.EVALUATE) == 0
