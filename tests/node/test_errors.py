import json
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from httpx import ASGITransport, AsyncClient
from pydantic import BaseModel, ConfigDict

import node.errors
from crypto.errors import VeilleuseError
from federation.errors import CustodyLockedError
from node.api.errors import CONTENT_TYPE, STATUS, answer, on_error, on_invalid, status_of
from node.errors import InvalidError, NodeError, StorageError, ThrottledError, VaultLockedError
from node.vault.errors import KeyFileError, WrongPassphraseError
from protocol.errors import IdentifierError, PeerError


def content(error: VeilleuseError) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(bytes(answer(error).body))
    return body


def all_errors() -> list[type[NodeError]]:
    found = vars(node.errors).values()
    return [item for item in found if isinstance(item, type) and issubclass(item, NodeError)]


def test_every_error_has_a_code_and_a_sentence_of_its_own() -> None:
    classes = all_errors()
    assert len({item.code for item in classes}) == len(classes)
    assert all(item.__doc__ for item in classes)


@pytest.mark.parametrize("kind", STATUS, ids=lambda kind: kind.__name__)
def test_every_row_of_the_table_is_reached(kind: type[VeilleuseError]) -> None:
    made = kind.__new__(kind)
    assert status_of(made) == STATUS[kind]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (VaultLockedError("x"), 423),
        (WrongPassphraseError("x"), 403),
        (KeyFileError("x"), 500),
        (IdentifierError("x"), 422),
        (CustodyLockedError("x"), 503),
        (PeerError("x"), 500),
    ],
)
def test_a_subclass_takes_its_nearest_ancestors_status(error: VeilleuseError, status: int) -> None:
    assert answer(error).status_code == status
    assert content(error)["code"] == error.code


def test_our_own_faults_say_nothing_of_themselves() -> None:
    assert content(StorageError("row 12 of /var/lib/x")) == {
        "code": "storage",
        "title": "This node could not answer.",
    }


def test_details_travel_with_their_error() -> None:
    assert content(InvalidError({"month": "future"}))["fields"] == {"month": "future"}
    throttled = answer(ThrottledError(30))
    assert throttled.headers["retry-after"] == "30"
    assert json.loads(bytes(throttled.body))["retry_after"] == 30
    assert answer(node.errors.NotSignedInError("x")).headers["www-authenticate"] == "Bearer"
    assert answer(VaultLockedError("x")).headers["content-type"] == CONTENT_TYPE


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str
    width: int


async def test_a_malformed_request_is_not_sent_back() -> None:
    app = FastAPI()
    app.add_exception_handler(VeilleuseError, on_error)
    app.add_exception_handler(RequestValidationError, on_invalid)

    @app.post("/")
    async def handle(body: Body) -> None:
        raise VaultLockedError(body.text)

    async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as client:
        refused = await client.post("/", json={"text": 33639980123, "width": "06 39 98 01 23"})
        missing = await client.post("/")
        locked = await client.post("/", json={"text": "closed", "width": 1})
    assert refused.status_code == 422
    assert refused.json()["fields"] == {"text": "string_type", "width": "int_parsing"}
    assert "3998" not in refused.text.replace(" ", "")
    assert missing.json()["fields"] == {"body": "missing"}
    assert (locked.status_code, locked.json()["code"]) == (423, "vault-locked")


async def test_any_other_exception_is_our_own_fault() -> None:
    response = await on_error(None, ValueError("06 39 98 01 23"))  # type: ignore[arg-type]
    assert response.status_code == 500
    assert b"39 98" not in bytes(response.body)
