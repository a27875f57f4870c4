"""The staff API's shapes: what goes in, what comes out, how it refuses."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from node.api.limits import MAX_BODY
from tests.node.network_fixture import PASSPHRASE, Station, TestNetwork, running_network
from tests.node.reporting import NARRATIVE, published

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def net(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TestNetwork]:
    two = {"strass": "STRASS", "cabiria": "Cabiria"}
    async with running_network(tmp_path_factory.mktemp("two"), two) as network:
        yield network


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def station(net: TestNetwork) -> Station:
    return net["strass"]


def report(number: str, **fields: object) -> dict[str, object]:
    return {
        "identifiers": [{"kind": "phone", "text": number}],
        "severity": "dangereux",
        "violence": ["vol", "menaces"],
        "month": "2026-01",
        "area": "69383",
        "narrative": NARRATIVE,
        "consents": {"federated_tag": True},
    } | fields


async def test_the_life_of_a_report(net: TestNetwork, station: Station) -> None:
    async with (
        net.client(station, "caseworker") as worker,
        net.client(station, "moderator") as one,
        net.client(station, "moderator2") as two,
    ):
        made = await worker.post("/reports", json=report("06 39 98 60 01"))
        assert made.status_code == 201
        assert made.json().keys() == {"id", "status"}
        assert made.json()["status"] == "pending"
        path = f"/reports/{made.json()['id']}"
        first = (await one.post(f"{path}/approve")).json()
        assert (first["status"], first["approvals"], first["approvals_needed"]) == ("pending", 1, 2)
        again = await one.post(f"{path}/approve")
        assert (again.status_code, again.json()["code"]) == (409, "already-decided")
        assert (await two.post(f"{path}/approve")).json()["status"] == "approved"
        late = await two.post(f"{path}/refuse")
        assert (late.status_code, late.json()["code"]) == (409, "already-decided")
        await station.node.publisher.run()
        read = (await worker.get(path)).json()
        assert (read["status"], read["narrative"], read["area"]) == (
            "published",
            NARRATIVE,
            "69383",
        )
        listed = (await worker.get("/reports", params={"status": "published"})).json()
        assert made.json()["id"] in [line["id"] for line in listed]
        assert (await two.post(f"{path}/withdraw")).json()["status"] == "withdrawn"
        assert (await worker.get(path)).json()["narrative"] == ""


async def test_a_lookup_and_a_match(net: TestNetwork, station: Station) -> None:
    await published(net["cabiria"], "06 39 98 60 02")
    await published(station, "06 39 98 60 02")
    await net.settle()
    async with net.client(station, "caseworker") as api:
        answer = (await api.post("/lookups", json={"text": "0033639986002"})).json()
        assert answer.keys() == {
            "answer",
            "candidates",
            "matches",
            "not_searched",
            "searched_until",
            "own_reports",
        }
        assert answer["answer"] == "MATCH"
        assert answer["candidates"] == [{"kind": "phone/1", "text": "+33639986002", "region": "FR"}]
        (found,) = answer["matches"]
        assert found["notice"]["violence"] == ["vol"]
        matches = (await api.get("/matches")).json()
        (told,) = [match for match in matches if match["candidate"] == "+33639986002"]
        assert (told["association"], told["seen"]) == ("cabiria", False)
        assert (await api.post(f"/matches/{told['key']}/seen")).json()["seen"] is True
        matches = (await api.get("/matches")).json()
        assert [m["seen"] for m in matches if m["key"] == told["key"]] == [True]


async def test_the_network_says_who_is_heard(net: TestNetwork, station: Station) -> None:
    async with net.client(station, "administrator") as api:
        view = (await api.get("/network")).json()
    assert (view["member"], view["custody"], view["vault"]) == ("strass", "open", "open")
    assert view["complete"] is True
    assert [member["id"] for member in view["members"]] == ["strass", "cabiria"]


async def test_unlocking(net: TestNetwork, station: Station) -> None:
    station.node.unlocking.lock()
    async with (
        net.client(station, "administrator") as api,
        net.client(station, "caseworker") as worker,
    ):
        refused = await worker.get("/reports")
        assert (refused.status_code, refused.json()["code"]) == (423, "vault-locked")
        wrong = {"level": "vault", "passphrase": "not the passphrase"}
        answer = await api.post("/unlock", json=wrong)
        assert (answer.status_code, answer.json()["code"]) == (403, "wrong-passphrase")
        assert "not the passphrase" not in answer.text
        for level in ("vault", "custody"):
            answer = await api.post("/unlock", json={"level": level, "passphrase": PASSPHRASE})
            assert answer.json() == {"level": level, "state": "open"}
        assert (await worker.get("/reports")).status_code == 200


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (report("12"), {"identifiers.0.text": "identifier-not-possible"}),
        (report("06 39 98 60 03", severity="x"), {"severity": "enum"}),
        (report("06 39 98 60 03", surprise=1), {"surprise": "extra_forbidden"}),
        ({"severity": "risque"}, {"violence": "missing", "identifiers": "missing"}),
        (report("06 39 98 60 03", month="2999-01"), {"month": "future"}),
    ],
)
async def test_a_bad_report_names_its_fields_and_repeats_nothing(
    net: TestNetwork, station: Station, body: dict[str, object], fields: dict[str, str]
) -> None:
    async with net.client(station, "caseworker") as api:
        answer = await api.post("/reports", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert answer.json()["fields"] == fields
    assert NARRATIVE not in answer.text
    assert "39 98" not in answer.text


async def test_an_ambiguous_number_carries_its_candidates(
    net: TestNetwork, station: Station
) -> None:
    async with net.client(station, "caseworker") as api:
        answer = await api.post("/reports", json=report("0470 12 34 56"))
    assert (answer.status_code, answer.json()["code"]) == (422, "identifier-ambiguous")
    assert answer.json()["candidates"] == {"identifiers.0.region": ["FR", "BE"]}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"text": "' + b"1" * 300 + b'"}'])
async def test_bytes_that_are_no_question_are_refused(
    net: TestNetwork, station: Station, body: bytes
) -> None:
    async with net.client(station, "caseworker") as api:
        headers = {"content-type": "application/json"}
        answer = await api.post("/lookups", content=body, headers=headers)
    assert (answer.status_code in (400, 422), answer.json()["code"]) == (True, "invalid")
    assert b"111" not in answer.content


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_above_the_limit_is_refused(
    net: TestNetwork, station: Station, *, chunked: bool
) -> None:
    size = MAX_BODY + 1

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(size // 1024 + 1):
            yield bytes(1024)

    async with net.client(station, "caseworker") as api:
        for path in ("/lookups", "/reports"):
            answer = await api.post(path, content=pieces() if chunked else bytes(size))
            assert (answer.status_code, answer.json()["code"]) == (413, "oversize")
    async with httpx.AsyncClient(base_url=station.url, trust_env=False) as peer:
        answer = await peer.post(
            "/federation/v1/hint", content=pieces() if chunked else bytes(size)
        )
        assert (answer.status_code, answer.json()["code"]) == (413, "oversize")


async def test_answers_are_kept_by_no_cache(net: TestNetwork, station: Station) -> None:
    async with net.client(station, "caseworker") as api:
        for path in ("/reports", "/reports/x", "/nowhere"):
            headers = (await api.get(path)).headers
            assert headers["cache-control"] == "no-store"
            assert headers["x-content-type-options"] == "nosniff"
            assert "server" not in headers


async def test_what_is_not_there_is_a_problem_document(net: TestNetwork, station: Station) -> None:
    async with net.client(station, "caseworker") as api:
        for method, path, status, code in (
            ("GET", "/nowhere", 404, "not-found"),
            ("DELETE", "/reports", 405, "method"),
            ("GET", f"/reports/{'0' * 32}", 404, "not-found"),
        ):
            answer = await api.request(method, path)
            assert (answer.status_code, answer.json()["code"]) == (status, code)
            assert answer.headers["content-type"] == "application/problem+json"
