"""What a real node answers to requests that are not what they should be: each its own error.

The requests are made with the keys of another node of the network, read from its folder.
"""

import base64
import socket
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from http.client import HTTPResponse
from typing import Any, Final
from unittest import mock

import httpx
import pytest

from crypto.group import multiply_base, scalar_from_wide
from crypto.values import SigningSeed
from federation.hints import MAX_HINT_SIZE
from federation.ranges import ANSWER_LIMIT, entries_path, payloads_path
from node.api.limits import MAX_BODY
from node.roster_file import KEYS_FOLDER, load_roster
from node.system import SystemClock, entropy
from node.vault.boot import load_boot
from protocol import requests as profile
from protocol.evaluation import EvaluateRequest
from protocol.payload import Gone, Held, Opening, parse_pieces
from protocol.requests import NONCE_SIZE, Request, sign_request
from tests.e2e.conftest import AUDITOR
from tests.e2e.fleet import Fleet
from tests.e2e.node_process import NodeProcess, until
from tests.protocol.builders import seed

pytestmark = pytest.mark.timeout(600)

EVALUATE: Final = "/federation/v1/evaluate"
HINT: Final = "/federation/v1/hint"
JSON: Final = "application/json"
TO: Final = "cabiria"
BY: Final = "griselidis"


@dataclass(frozen=True)
class Draft:
    """A request that is right in every way, until a test changes something."""

    node: NodeProcess
    method: str
    path: str
    body: bytes
    by: str
    key: SigningSeed
    to: str = TO
    url: str = ""
    """Another base URL than the recipient's, to sign for."""
    late: int = 0
    """Seconds by which the sender's clock is late."""
    lifetime: int = profile.LIFETIME
    version: str = profile.VERSION
    nonce: bytes = field(default_factory=lambda: entropy(NONCE_SIZE))

    def signed(self) -> dict[str, str]:
        """Return the header fields."""
        content_type = JSON if self.method == "POST" else None
        target = (self.url or self.node.settings.public_url) + self.path
        with mock.patch.object(profile, "LIFETIME", self.lifetime):
            return sign_request(
                Request(self.method, target, self.body, content_type),
                self.key,
                self.by,
                self.to,
                SystemClock().now() - self.late,
                self.nonce,
                self.version,
            )

    def send(
        self,
        headers: Mapping[str, str] | list[tuple[str, str]] | None = None,
        body: bytes | Iterator[bytes] | None = None,
        path: str | None = None,
        method: str | None = None,
    ) -> httpx.Response:
        """Send it; what is given replaces what was signed."""
        return httpx.request(
            method or self.method,
            self.node.settings.public_url + (path or self.path),
            content=self.body if body is None else body,
            headers=self.signed() if headers is None else headers,
            timeout=30,
            trust_env=False,
        )


def question(node: NodeProcess, request: bytes | None = None) -> bytes:
    epoch = load_roster(node.data).epoch
    elements = [bytes(multiply_base(scalar_from_wide(entropy(64)))) for _ in range(2)]
    return EvaluateRequest(
        generation=epoch.generation,
        epoch=epoch.id,
        request=request or entropy(16),
        elements=tuple(elements),
    ).encode()


@pytest.fixture
def draft(fleet: Fleet) -> Draft:
    """An evaluation that Grisélidis may ask of Cabiria."""
    key = load_boot(fleet[BY].data / KEYS_FOLDER).transport
    return Draft(fleet[TO], "POST", EVALUATE, question(fleet[TO]), BY, key)


def outcome(answer: httpx.Response) -> tuple[int, str]:
    if answer.is_success:
        return answer.status_code, "ok"
    assert answer.headers["content-type"] == "application/problem+json"
    code: str = answer.json()["code"]
    return answer.status_code, code


def twice(draft: Draft) -> httpx.Response:
    headers = draft.signed()
    assert draft.send(headers).status_code == 200
    return draft.send(headers)


def with_another_body(draft: Draft) -> httpx.Response:
    """The same evaluation id with other elements, rightly signed."""
    assert draft.send().status_code == 200
    request = EvaluateRequest.model_validate_json(draft.body).request
    other = question(draft.node, request)
    return replace(draft, body=other, nonce=entropy(NONCE_SIZE)).send()


def with_a_field_twice(draft: Draft) -> httpx.Response:
    headers = draft.signed()
    return draft.send([*headers.items(), ("veilleuse-to", headers["veilleuse-to"])])


def with_digest_mended(draft: Draft) -> httpx.Response:
    """Another body, and the digest that goes with it, under the old signature."""
    other = question(draft.node)
    digest = replace(draft, body=other).signed()["content-digest"]
    return draft.send(draft.signed() | {"content-digest": digest}, other)


def announced(draft: Draft) -> httpx.Response:
    """Only the header fields of a body that is too large: refused before it is sent."""
    fields = draft.signed() | {"host": "a", "content-length": str(MAX_BODY + 1)}
    head = f"POST {EVALUATE} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields.items())
    with socket.create_connection(("127.0.0.1", draft.node.port), timeout=10) as connection:
        connection.sendall(head.encode() + b"\r\n")
        with closing(HTTPResponse(connection)) as answer:
            answer.begin()
            return httpx.Response(answer.status, headers=answer.getheaders(), content=answer.read())


CASES: Final[Mapping[str, tuple[Callable[[Draft], httpx.Response], int, str]]] = {
    "right": (lambda d: d.send(), 200, "ok"),
    "right, by another name of this host": (
        lambda d: d.send(d.signed() | {"host": "evil.example"}),
        *(200, "ok"),
    ),
    "replayed": (twice, 409, "replay"),
    "its id with another body": (with_another_body, 409, "replay"),
    "body altered": (lambda d: d.send(body=question(d.node)), 401, "request-digest"),
    "body and digest altered": (with_digest_mended, 401, "request-signature"),
    "sent to another path": (lambda d: d.send(path=HINT), 401, "request-signature"),
    "sent with a query": (lambda d: d.send(path=EVALUATE + "?a=1"), 401, "request-signature"),
    "signed for another host": (
        lambda d: replace(d, url="http://127.0.0.1:1").send(),
        *(401, "request-signature"),
    ),
    "signed by another key": (
        lambda d: replace(d, key=seed("stranger")).send(),
        *(401, "request-signature"),
    ),
    "signed for another member": (
        lambda d: replace(d, to="strass").send(),
        *(421, "request-misdirected"),
    ),
    "by a stranger": (
        lambda d: replace(d, by="inconnue", key=seed("stranger")).send(),
        *(401, "request-key"),
    ),
    "from a late clock": (lambda d: replace(d, late=180).send(), 401, "request-clock"),
    "from a clock ahead": (lambda d: replace(d, late=-120).send(), 401, "request-clock"),
    "beyond its own deadline": (
        lambda d: replace(d, late=60, lifetime=30).send(),
        *(401, "request-expired"),
    ),
    "of a later version": (lambda d: replace(d, version="2").send(), 400, "request-version"),
    "not signed": (lambda d: d.send({"content-type": JSON}), 400, "request-format"),
    "with a field twice": (with_a_field_twice, 400, "request-format"),
    "no evaluation": (lambda d: replace(d, body=b"{}").send(), 400, "evaluation-format"),
    "not canonical": (lambda d: replace(d, body=d.body + b" ").send(), 400, "canonical"),
    "a hint too large": (
        lambda d: replace(d, path=HINT, body=b" " * (MAX_HINT_SIZE + 1)).send(),
        *(413, "oversize"),
    ),
    "a body too large, announced": (announced, 413, "oversize"),
    "a body too large, unannounced": (
        lambda d: d.send(body=iter([b" " * 65_536] * (MAX_BODY // 65_536 + 1))),
        *(413, "oversize"),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_fault_has_its_own_error(draft: Draft, case: str) -> None:
    send, status, code = CASES[case]
    assert outcome(send(draft)) == (status, code)


def test_a_clock_error_says_the_time_and_nothing_else_does(draft: Draft) -> None:
    answer = replace(draft, late=180).send().json()
    assert abs(answer["server_time"] - SystemClock().now()) <= 5
    assert set(draft.send({"content-type": JSON}).json()) == {"code", "title"}


def test_sent_again_it_is_debited_once(fleet: Fleet, draft: Draft) -> None:
    def asked() -> int:
        debited: int = fleet[TO].network()["members"][BY]["asked_today"]
        return debited

    before = asked()
    first = draft.send()
    again = replace(draft, nonce=entropy(NONCE_SIZE)).send()
    assert first.json()["elements"] == again.json()["elements"]
    assert asked() == before + 2
    # Refused requests cost nothing.
    assert outcome(replace(draft, to="strass").send())[0] == 421
    assert outcome(draft.send(body=question(fleet[TO])))[0] == 401
    assert asked() == before + 2


PATHS: Final = [
    ("GET", "/log/checkpoint"),
    ("GET", "/log/tile/0/000.p/1"),
    ("GET", "/log/tile/entries/000.p/1"),
    ("GET", entries_path(TO, 0, 1, 1)),
    ("GET", payloads_path(TO, 0, 1)),
    ("POST", HINT),
    ("POST", EVALUATE),
]


def test_a_stranger_sees_nothing_move(fleet: Fleet, draft: Draft) -> None:
    def looks(method: str, path: str, *, signed: bool) -> tuple[int, list[tuple[str, str]], bytes]:
        body = b"{}" if method == "POST" else b""
        drawn = replace(draft, method=method, path=path, body=body, by="inconnue")
        answer = replace(drawn, key=seed("stranger")).send(None if signed else {})
        fields = [(name, value) for name, value in answer.headers.items() if name != "date"]
        return answer.status_code, fields, answer.content

    def everything() -> list[object]:
        public = httpx.get(draft.node.settings.public_url + "/.well-known/veilleuse")
        assert public.status_code == 200
        assert set(public.json()) == {"network", "versions"}
        seen = [
            looks(method, path, signed=signed) for method, path in PATHS for signed in (True, False)
        ]
        assert all(status in {400, 401} for status, _, _ in seen)
        return [public.content, *seen]

    before = everything()
    fleet[TO].publish("+33639980180")
    assert until(lambda: fleet[BY].finds("+33639980180", TO), 20)
    assert everything() == before


def test_an_auditor_reads_the_log_and_nothing_about_anybody(fleet: Fleet, draft: Draft) -> None:
    fleet[TO].publish("+33639980181")
    assert until(lambda: fleet[BY].finds("+33639980181", TO), 20)
    size = fleet[TO].network()["members"][TO]["entries"]
    member = replace(draft, method="GET", body=b"")
    auditor = replace(member, by=AUDITOR, key=seed(f"{AUDITOR} transport"))

    for path in (
        "/log/checkpoint",
        f"/log/tile/entries/000.p/{size}",
        entries_path(TO, 0, 1, size),
    ):
        assert outcome(replace(auditor, path=path).send()) == (200, "ok")
    pieces = payloads_path(TO, 0, size)
    shown = replace(auditor, path=pieces).send().content
    full = replace(member, path=pieces).send().content
    kinds = {type(piece) for row in parse_pieces(shown, ANSWER_LIMIT) for piece in row}
    assert kinds <= {Held, Gone, Opening}
    assert Held in kinds
    for secret in held(fleet[TO]):
        assert base64.b64encode(secret) not in shown
        assert base64.b64encode(secret) in full

    asks = replace(draft, by=AUDITOR, key=auditor.key)
    assert outcome(asks.send()) == (403, "not-member")
    hints = replace(asks, path=HINT, body=b"{}", nonce=entropy(NONCE_SIZE))
    assert outcome(hints.send()) == (403, "not-member")


def held(node: NodeProcess) -> list[bytes]:
    """Return every salt and payload that an auditor must not see of `node`'s own log."""
    with sqlite3.connect(f"file:{node.data / 'node.db'}?mode=ro", uri=True) as database:
        rows: list[Any] = database.execute(
            "SELECT salt, payload FROM piece"
            " WHERE origin = ? AND until IS NOT NULL AND payload IS NOT NULL",
            (node.id,),
        ).fetchall()
    database.close()
    assert rows
    return [value for row in rows for value in row]
