"""`veilleuse demo` as people and scripts run it."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.e2e.demo_driver import PROGRAM, ROOT, Demo, alive, running_demo

SECONDS: Final = 600
THRESHOLD: Final = 3
REPORTED: Final = 4
SETS: Final = 15
STEPS: Final = 9

pytestmark = pytest.mark.timeout(SECONDS + 60)


def veilleuse(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *arguments], capture_output=True, text=True, cwd=ROOT, timeout=SECONDS
    )


def folders(text: str) -> list[Path]:
    return [Path(found) for found in re.findall(r"\S*veilleuse-demo-\w+", text)]


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    """Return one demo for the module; its end, by SIGTERM, is checked too."""
    with running_demo() as running:
        yield running
        assert running.stop(signal.SIGTERM) == 0, running.errors.read_text()
        assert not running.folder.exists()
        assert [node.pid for node in running.nodes.values() if alive(node.pid)] == []


def test_the_story_holds() -> None:
    done = veilleuse("demo", "--check", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["ok"]) == (0, True), told["steps"][-1]
    assert [step["held"] for step in told["steps"]] == [True] * STEPS


def attempts_of(done: subprocess.CompletedProcess[str], candidates: int) -> list[dict[str, Any]]:
    told = json.loads(done.stdout)
    assert (done.returncode, told["ok"], told["leaks"]) == (0, True, []), done.stderr
    assert told["candidates"] == candidates
    attempts: list[dict[str, Any]] = told["attempts"]
    assert len({frozenset(attempt["nodes"]) for attempt in attempts}) == SETS
    for attempt in attempts:
        enough = attempt["shares"] >= THRESHOLD
        assert attempt["shares"] == len(attempt["nodes"])
        assert attempt["identified"] == (REPORTED if enough else 0)
        assert attempt["tried"] == candidates
    return attempts


def test_a_thief_with_fewer_shares_than_the_threshold_identifies_nobody() -> None:
    attempts_of(veilleuse("demo", "--seize", "--candidates", "500", "--json"), 500)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_thief_who_tries_every_number_kept_for_fiction_identifies_nobody() -> None:
    done = subprocess.run(
        [*PROGRAM, "demo", "--seize", "--candidates", "10000", "--json"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=3500,
    )
    attempts_of(done, 10_000)


def test_a_planted_leak_is_found() -> None:
    done = veilleuse("demo", "--seize", "--plant-leak", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["ok"]) == (1, False)
    assert ("number", "utf-16-le") in {(leak["needle"], leak["encoding"]) for leak in told["leaks"]}
    assert {Path(leak["file"]).name for leak in told["leaks"]} == {"debug.log"}


def test_what_scripts_get_is_what_runs(demo: Demo) -> None:
    assert set(demo.nodes) == {"strass", "cabiria", "griselidis", "entractes"}
    for node in demo.nodes.values():
        assert alive(node.pid)
        assert set(node.tokens) == {"caseworker", "moderator", "moderator2", "administrator"}
        status = demo.get(node.association, "administrator", "/network")
        assert (status["member"], status["complete"]) == (node.association, True)
        assert (status["custody"], status["vault"], status["quota_daily"]) == (
            "open",
            "open",
            20_000,
        )


def test_what_the_databases_hold_is_shown_and_the_audit_of_them_is_sound(demo: Demo) -> None:
    report = demo.post(
        "cabiria",
        "caseworker",
        "/reports",
        {
            "identifiers": [{"kind": "phone", "text": "06 39 98 31 41"}],
            "severity": "risque",
            "violence": ["menaces"],
            "narrative": "Un récit que personne ne doit lire ailleurs.",
            "consents": {"federated_tag": True},
        },
    )
    demo.post("cabiria", "moderator", f"/reports/{report['id']}/approve")
    end = time.monotonic() + 60
    while (
        demo.post("griselidis", "caseworker", "/lookups", {"text": "+33639983141"})["answer"]
        != "MATCH"
    ):
        assert time.monotonic() < end
        time.sleep(0.3)
    shown = veilleuse("demo", "--show", str(demo.folder), "--json")
    assert shown.returncode == 0, shown.stderr
    holdings = {holding["holder"]: holding for holding in json.loads(shown.stdout)}
    tags = {holding["announcements"][0]["tag"] for holding in holdings.values()}
    assert set(holdings) == set(demo.nodes)
    assert len(tags) == 1
    assert "3998" not in shown.stdout
    assert "récit" not in shown.stdout
    for_people = veilleuse("demo", "--show", str(demo.nodes["entractes"].data))
    assert tags.pop() in for_people.stdout
    data = [str(node.data) for node in demo.nodes.values()]
    audit = veilleuse("audit", *data, "--json")
    assert (audit.returncode, json.loads(audit.stdout)["sound"]) == (0, True)
    key = demo.nodes["strass"].data
    asked = veilleuse(
        "audit", "--roster", str(key / "roster.json"), "--key", str(key / "keys"), "--json"
    )
    verdict = json.loads(asked.stdout)
    assert (asked.returncode, verdict["sound"], len(verdict["logs"])) == (0, True, 16)


def test_ctrl_c_stops_everything_and_erases_everything() -> None:
    process = subprocess.Popen(
        [*PROGRAM, "demo"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    said = ""
    while "Ctrl-C" not in said:
        line = process.stdout.readline()
        assert line, said
        said += line
    folder = folders(said)[0]
    assert len(re.findall(r"/entrer/\S{43}", said)) == 4 * 4 + 4
    command = next(line.strip() for line in said.splitlines() if "veilleuse audit" in line)
    # As printed: the launcher is the same program, in an environment of its own.
    audit = veilleuse(*shlex.split(command)[1:])
    assert audit.returncode == 0, audit.stdout
    nodes = children(process.pid)
    assert len(nodes) == 4
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "effacé" in errors
    assert not folder.exists()
    assert [pid for pid in nodes if alive(pid)] == []
    assert "Traceback" not in rest + errors


def test_nodes_end_with_a_demo_that_is_killed() -> None:
    with running_demo() as running:
        pids = [node.pid for node in running.nodes.values()]
        folder = running.folder
        os.kill(running.process.pid, signal.SIGKILL)
        running.process.wait()
        end = time.monotonic() + 60
        while any(alive(pid) for pid in pids) and time.monotonic() < end:
            time.sleep(0.1)
        left = [pid for pid in pids if alive(pid)]
        for pid in left:
            os.kill(pid, signal.SIGKILL)
    shutil.rmtree(folder)
    assert left == []


def test_only_one_thing_is_played_at_a_time() -> None:
    done = veilleuse("demo", "--check", "--seize")
    assert done.returncode == 2
    assert "Choisissez" in done.stderr


def test_a_folder_without_nodes_shows_nothing(tmp_path: Path) -> None:
    assert veilleuse("demo", "--show", str(tmp_path)).returncode == 2


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in found.split()]
