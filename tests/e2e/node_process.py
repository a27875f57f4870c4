"""One association's node as a real process, and its people as clients of its JSON API."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx

from node.settings import Settings
from tests.e2e.relay import Relays
from tests.node.network_fixture import PASSPHRASE

T = TypeVar("T")

ROOT: Final = Path(__file__).resolve().parents[2]
SERVE: Final = (sys.executable, "-m", "node")
FAULTY: Final = (sys.executable, str(ROOT / "tests/e2e/programs/faulty_node.py"))
"""Honest until a file called `fault` in its data folder says otherwise."""

_START_SECONDS: Final = 120.0
_STOP_SECONDS: Final = 20.0


@dataclass
class NodeProcess:
    """One association's node: its folder, and its process while it runs."""

    id: str
    settings: Settings
    relays: Relays | None
    """What carries its peers' requests to it; without, it listens at its public address."""
    program: Sequence[str] = SERVE
    environment: Mapping[str, str] = field(default_factory=dict)
    tokens: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    port: int = 0
    _clients: dict[str, httpx.Client] = field(default_factory=dict)
    _lifeline: int | None = None
    """Held open while the process shall run: it ends with the tests, however they end."""

    @property
    def data(self) -> Path:
        """Everything that this node writes lies below: temporary files and its log too."""
        return self.settings.data

    @property
    def pid(self) -> int:
        """Return the process' id."""
        assert self.process is not None, f"{self.id} is not running"
        return self.process.pid

    def start(self, *, unlock: bool = True) -> None:
        """Start the process, wait until it answers, and open custody and vault."""
        self._launch()
        assert until(self._answers, _START_SECONDS), f"{self.id} does not start:\n{self.log()}"
        if self.relays is not None:
            self.relays.point(self.id, self.port)
        if unlock:
            self.unlock()

    def unlock(self) -> None:
        """Open custody and vault."""
        for level in ("custody", "vault"):
            self.post("administrator", "/unlock", {"level": level, "passphrase": PASSPHRASE})

    def stop(self) -> None:
        """End the process as an operator would."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self._gone()

    def kill(self) -> None:
        """End the process as a power cut would (SIGKILL)."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self._gone()

    def log(self) -> str:
        """Return what the process has written to its standard output and error."""
        return (self.data / "tmp" / "output.log").read_text()

    def client(self, person: str) -> httpx.Client:
        """Return a client of the JSON API, past the relay; it signs in as `person` by token."""
        if person not in self._clients:
            self._clients[person] = httpx.Client(
                base_url=f"http://127.0.0.1:{self.port}/api/v1",
                headers={"authorization": f"Bearer {self.tokens[person]}"},
                timeout=30,
                trust_env=False,
            )
        return self._clients[person]

    def get(self, person: str, path: str) -> Any:  # noqa: ANN401  (JSON)
        """Return the JSON answer of a GET."""
        return _content(self.client(person).get(path))

    def post(self, person: str, path: str, content: object = None) -> Any:  # noqa: ANN401
        """Return the JSON answer of a POST."""
        return _content(self.client(person).post(path, json=content))

    def report(self, number: str, *, person: str = "caseworker", **more: object) -> str:
        """Hand a report in, with consent to announce it; return its id."""
        draft = {
            "identifiers": [{"kind": "phone", "text": number}],
            "severity": "risque",
            "violence": ["menaces"],
            "consents": {"federated_tag": True},
        }
        created: str = self.post(person, "/reports", draft | more)["id"]
        return created

    def approve(self, report: str, person: str = "moderator") -> None:
        """Approve a report."""
        self.post(person, f"/reports/{report}/approve")

    def publish(self, number: str, **more: Any) -> str:  # noqa: ANN401
        """Hand a report in and approve it; its announcement follows by itself."""
        report = self.report(number, **more)
        self.approve(report)
        return report

    def lookup(self, text: str, region: str | None = None) -> dict[str, Any]:
        """Return the answer about a number."""
        question = {"text": text} if region is None else {"text": text, "region": region}
        answer: dict[str, Any] = self.post("caseworker", "/lookups", question)
        return answer

    def finds(self, text: str, association: str) -> bool:
        """Return whether a lookup of `text` shows a notice of `association`."""
        return association in {match["association"] for match in self.lookup(text)["matches"]}

    def network(self) -> dict[str, Any]:
        """Return the network's status, members by id."""
        status: dict[str, Any] = self.get("caseworker", "/network")
        return status | {"members": {member["id"]: member for member in status["members"]}}

    def _launch(self) -> None:
        temporary = self.data / "tmp"
        temporary.mkdir(exist_ok=True)
        given = {
            "VEILLEUSE_PUBLIC_URL": self.settings.public_url,
            "VEILLEUSE_PUBLISH_EVERY": str(self.settings.publish_every),
            "VEILLEUSE_POLL_EVERY": str(self.settings.poll_every),
            "VEILLEUSE_LOOKUPS_DAILY": str(self.settings.lookups_daily),
            "TMPDIR": str(temporary),
            "SQLITE_TMPDIR": str(temporary),
            "PYTHONPATH": str(ROOT),
        }
        wanted = self.settings.port if self.relays is None else 0
        end_read, self._lifeline = os.pipe()
        with (
            socket.create_server(("127.0.0.1", wanted)) as listener,
            (temporary / "output.log").open("ab") as output,
        ):
            self.port = listener.getsockname()[1]
            fds = (listener.fileno(), end_read)
            self.process = subprocess.Popen(
                [
                    *(*self.program, "serve", "--data", str(self.data)),
                    *("--fd", str(fds[0]), "--lifeline", str(fds[1])),
                ],
                cwd=ROOT,
                env={**os.environ, **given, **self.environment},
                pass_fds=fds,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        os.close(end_read)

    @property
    def process_ended(self) -> bool:
        """Whether there is no process."""
        return self.process is None or self.process.poll() is not None

    def _answers(self) -> bool:
        assert not self.process_ended, f"{self.id} has ended:\n{self.log()}"
        url = f"http://127.0.0.1:{self.port}/.well-known/veilleuse"
        try:
            return httpx.get(url, timeout=5, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def _gone(self) -> None:
        self.process = None
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None
        if self.relays is not None:
            self.relays.point(self.id, None)
        while self._clients:
            self._clients.popitem()[1].close()


def until(check: Callable[[], T], seconds: float, pause: float = 0.1) -> T:
    """Return what `check` returns once it is true, or at the end of `seconds`."""
    end = time.monotonic() + seconds
    while not (found := check()) and time.monotonic() < end:
        time.sleep(pause)
    return found


def _content(answer: httpx.Response) -> Any:  # noqa: ANN401
    assert answer.is_success, f"{answer.request.method} {answer.request.url.path}: {answer.text}"
    return answer.json()
