"""Every operation of the staff API, for every role: who may, and that nobody else can."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
import pytest_asyncio

from node.permissions import Role
from tests.node.network_fixture import PASSPHRASE, Station, TestNetwork, running_network
from tests.node.reporting import reported

pytestmark = pytest.mark.asyncio(loop_scope="module")

STAFF = frozenset({Role.CASEWORKER, Role.MODERATOR})
MODERATORS = frozenset({Role.MODERATOR})
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
EVERYBODY = frozenset(Role)

BODY: dict[str, object] = {
    "identifiers": [{"text": "06 39 98 50 01"}],
    "severity": "risque",
    "violence": ["vol"],
}
REPORT = "{report_id}"


@dataclass(frozen=True)
class Operation:
    """One operation: how it is called, who may, and what status that gives."""

    method: str
    path: str
    allowed: frozenset[Role]
    json: dict[str, object] | None = None
    status: int = 200


OPERATIONS = [
    Operation("post", "/reports", STAFF, BODY, 201),
    Operation("get", "/reports", STAFF),
    Operation("get", "/reports/{report_id}", STAFF),
    Operation("post", "/reports/{report_id}/approve", MODERATORS),
    Operation("post", "/reports/{report_id}/refuse", MODERATORS),
    # Somebody else's report: the rule for one's own is in test_report.py.
    Operation("post", "/reports/{report_id}/withdraw", MODERATORS),
    Operation("post", "/lookups", STAFF, {"text": "06 39 98 50 02"}),
    Operation("get", "/matches", STAFF),
    Operation("post", "/matches/{key}/seen", STAFF, status=404),
    Operation("get", "/network", EVERYBODY),
    Operation("post", "/network/{member}/lift", ADMINISTRATORS),
    Operation("post", "/unlock", ADMINISTRATORS, {"level": "vault", "passphrase": PASSPHRASE}),
]
PEOPLE = {
    Role.CASEWORKER: "caseworker2",
    Role.MODERATOR: "moderator",
    Role.ADMINISTRATOR: "administrator",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def net(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TestNetwork]:
    folder = tmp_path_factory.mktemp("solo")
    async with running_network(folder, {"strass": "STRASS"}) as network:
        yield network


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def solo(net: TestNetwork) -> Station:
    return net["strass"]


async def call(api: httpx.AsyncClient, operation: Operation, report: str) -> httpx.Response:
    path = operation.path.format(report_id=report, key="0" * 64, member="strass")
    return await api.request(operation.method, path, json=operation.json)


def name(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


async def test_every_operation_is_in_the_table(net: TestNetwork, solo: Station) -> None:
    async with net.client(solo, "caseworker") as api:
        schema = (await api.get("/openapi.json")).json()
    described = {(method, path) for path, methods in schema["paths"].items() for method in methods}
    assert described == {(operation.method, operation.path) for operation in OPERATIONS}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
async def test_an_operation_is_for_its_roles_only(
    net: TestNetwork, solo: Station, operation: Operation, role: Role
) -> None:
    report = await reported(solo, "06 39 98 50 03")
    async with net.client(solo, PEOPLE[role]) as api:
        answer = await call(api, operation, report)
    if role in operation.allowed:
        assert answer.status_code == operation.status, answer.text
    else:
        assert answer.status_code == 403
        assert answer.json()["code"] == "forbidden"
        state = await solo.node.reports.get(solo.people["moderator"], report)
        assert state.status == "pending"


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
async def test_a_stranger_gets_nothing(solo: Station, operation: Operation) -> None:
    report = await reported(solo, "06 39 98 50 04")
    for headers in (
        {},
        {"authorization": "Bearer x"},
        {"authorization": "Basic eDp5"},
        {"cookie": "veilleuse-strass=x"},
    ):
        async with httpx.AsyncClient(
            base_url=f"{solo.url}/api/v1", headers=headers, trust_env=False
        ) as api:
            answer = await call(api, operation, report)
        assert answer.status_code == 401
        assert answer.json()["code"] == "not-signed-in"
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
async def test_a_session_changes_nothing_without_its_token(
    solo: Station, operation: Operation
) -> None:
    """A form on another site sends the cookie along, and cannot send the token."""
    report = await reported(solo, "06 39 98 50 05")
    role = min(operation.allowed)
    opened = await solo.node.sessions.open_session(solo.people[PEOPLE[role]])
    cookie = {"cookie": f"veilleuse-strass={opened.cookie}"}
    async with httpx.AsyncClient(
        base_url=f"{solo.url}/api/v1", headers=cookie, trust_env=False
    ) as api:
        for headers in ({}, {"x-csrf-token": "x"}, {"x-csrf-token": "%C3%A9"}):
            api.headers.update(headers)
            answer = await call(api, operation, report)
            if operation.method == "get":
                assert answer.status_code == operation.status
            else:
                assert answer.status_code == 403
                assert answer.json()["code"] == "csrf"
        api.headers["x-csrf-token"] = opened.csrf
        assert (await call(api, operation, report)).status_code == operation.status
