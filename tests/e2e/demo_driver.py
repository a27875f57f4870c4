"""Drives `veilleuse demo --json`: a real program, started and stopped as a script would.

with running_demo() as demo:
    demo.post("cabiria", "caseworker", "/lookups", {"text": "06 39 98 01 23"})
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import httpx

ROOT: Final = Path(__file__).resolve().parent.parent.parent
PROGRAM: Final = (sys.executable, "-P", "-m", "node")
READY_SECONDS: Final = 180.0
"""Far more than a machine of its own needs: tests share theirs."""
STOP_SECONDS: Final = 60.0


@dataclass(frozen=True)
class DemoNode:
    """One line of the table that `demo --json` prints."""

    association: str
    url: str
    data: Path
    pid: int
    tokens: dict[str, str]
    links: dict[str, str]


@dataclass
class Demo:
    """A running demo."""

    process: subprocess.Popen[str]
    nodes: dict[str, DemoNode]
    errors: Path

    @property
    def folder(self) -> Path:
        """The folder that holds the nodes' folders."""
        return next(iter(self.nodes.values())).data.parent

    def client(self, association: str, person: str) -> httpx.Client:
        """Return a client of one node's JSON API."""
        node = self.nodes[association]
        return httpx.Client(
            base_url=f"{node.url}/api/v1",
            headers={"authorization": f"Bearer {node.tokens[person]}"},
            timeout=60,
            trust_env=False,
        )

    def get(self, association: str, person: str, path: str) -> Any:  # noqa: ANN401  (JSON)
        """Return the JSON answer of a GET."""
        with self.client(association, person) as client:
            return client.get(path).raise_for_status().json()

    def post(self, association: str, person: str, path: str, content: Any = None) -> Any:  # noqa: ANN401  (JSON)
        """Return the JSON answer of a POST."""
        with self.client(association, person) as client:
            return client.post(path, json=content).raise_for_status().json()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, wait for the end, return the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)


@contextmanager
def running_demo(*arguments: str) -> Iterator[Demo]:
    """Start `demo --json`, yield it once it is ready, and stop it by its process id."""
    with tempfile.TemporaryDirectory() as folder:
        errors = Path(folder) / "errors"
        with errors.open("w") as stream:
            process = subprocess.Popen(
                [*PROGRAM, "demo", "--json", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stream,
                text=True,
                cwd=ROOT,
            )
        demo = Demo(process, {}, errors)
        try:
            demo.nodes.update(read_ready_line(process, errors))
            yield demo
        finally:
            demo.stop()
            if process.stdout is not None:
                process.stdout.close()


def read_ready_line(process: subprocess.Popen[str], errors: Path) -> dict[str, DemoNode]:
    """Return the nodes that the first line of output names; fail with what was said otherwise."""
    stream: IO[str] | None = process.stdout
    assert stream is not None
    late = threading.Timer(READY_SECONDS, process.terminate)  # then the line below is empty
    late.start()
    try:
        line = stream.readline()
    finally:
        late.cancel()
    assert line, f"the demo ended before it was ready:\n{errors.read_text()}"
    told = json.loads(line)
    assert "nodes" in told, f"{told}\n{errors.read_text()}"
    nodes = [DemoNode(**_known(node)) for node in told["nodes"]]
    return {node.association: node for node in nodes}


def _known(node: dict[str, Any]) -> dict[str, Any]:
    kept = {name: node[name] for name in DemoNode.__dataclass_fields__}
    return kept | {"data": Path(node["data"])}


def alive(pid: int) -> bool:
    """Return whether a process runs under this id (one that ended and waits for its parent not)."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"
