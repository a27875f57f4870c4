"""Auditing real nodes: their folders, running and stopped, and their answers to an auditor."""

import asyncio
import json
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio

from crypto.signing import public_key
from node.audit.database import CopyError, open_read_only
from node.audit.folders import holder_of, read_folder, roster_of
from node.cli.main import run
from node.system import entropy
from node.vault.boot import create_boot
from protocol.roster import Auditor
from tests.node.network_fixture import TestNetwork, found_network, running_network
from tests.node.reporting import published, withdraw

TWO: Final = {"cabiria": "Cabiria", "griselidis": "Grisélidis"}


@asynccontextmanager
async def told(folder: Path) -> AsyncIterator[TestNetwork]:
    """Two nodes: Cabiria has announced two numbers and withdrawn the second."""
    identity = create_boot(folder / "key", "auditrice", entropy)
    key = public_key(identity.transport)
    auditor = Auditor(id="auditrice", name="Auditrice", transport_key=key)
    async with running_network(folder / "net", TWO, auditors=(auditor,)) as running:
        lyon = running["cabiria"]
        await published(lyon, "06 39 98 01 23")
        second = await published(lyon, "06 39 98 04 56")
        await running.settle()
        await withdraw(lyon, second)
        await running.settle()
        yield running


@pytest_asyncio.fixture
async def network(tmp_path: Path) -> AsyncIterator[TestNetwork]:
    async with told(tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of two stopped nodes' folders."""
    folder = tmp_path_factory.mktemp("stopped")

    async def play() -> None:
        async with told(folder):
            pass

    asyncio.run(play())
    return folder / "net"


@pytest.fixture
def seized(stopped: Path, tmp_path: Path) -> Path:
    """Return a copy of Grisélidis' folder, to alter."""
    return Path(shutil.copytree(stopped / "griselidis", tmp_path / "griselidis"))


@pytest.fixture
def verdict(capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, Any]]:
    """Audit with --json; return the document, with the exit status in it."""

    def ask(*words: object) -> dict[str, Any]:
        capsys.readouterr()
        status = run(["audit", *(str(word) for word in words), "--json"])
        # The nodes run in this process, and log before the answer is printed.
        document: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
        return document | {"status": status}

    return ask


def alter(folder: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(folder / "node.db", isolation_level=None)) as database:
        assert database.execute(statement, values).rowcount > 0


async def test_the_folders_of_running_nodes_are_sound(
    network: TestNetwork, verdict: Callable[..., dict[str, Any]]
) -> None:
    folders = [station.settings.data for station in network]
    found = await asyncio.to_thread(verdict, *folders)
    assert (found["status"], found["sound"], found["findings"]) == (0, True, [])
    figures = {(log["holder"], log["origin"]): log for log in found["logs"]}
    assert set(figures) == {(a, b) for a in TWO for b in TWO}
    for holder in TWO:
        log = figures[holder, "cabiria"]
        assert (log["size"], log["live"], log["withdrawn"], log["missing"]) == (3, 1, 1, 0)


async def test_reading_a_running_node_changes_nothing_and_sees_one_moment(
    network: TestNetwork,
) -> None:
    folder = network["cabiria"].settings.data
    before = {path.name: path.read_bytes() for path in folder.glob("node.db*")}
    copies = read_folder(folder)
    assert {copy.origin for copy in copies} == set(TWO)
    assert {path.name: path.read_bytes() for path in folder.glob("node.db*")} == before
    with open_read_only(folder) as database, pytest.raises(sqlite3.OperationalError):
        database.execute("DELETE FROM entry")


async def test_the_folder_of_a_stopped_node_is_read_and_left_as_it_was(
    network: TestNetwork, verdict: Callable[..., dict[str, Any]]
) -> None:
    await network.shut(network["cabiria"])
    folder = network["cabiria"].settings.data
    before = {path.name for path in folder.iterdir()}
    assert (await asyncio.to_thread(verdict, folder))["sound"]
    assert {path.name for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("statement", "values", "rule"),
    [
        (
            "UPDATE entry SET raw = ? WHERE origin = 'cabiria' AND \"index\" = 0",
            (b'{"c":"' + b"00" * 32 + b'","id":"' + b"00" * 16 + b'","kind":"announce","v":1}',),
            "log",
        ),
        ("DELETE FROM entry WHERE origin = 'cabiria' AND \"index\" = 1", (), None),
        ("UPDATE piece SET payload = ? WHERE until IS NOT NULL", (b"{}",), "entries"),
        ("UPDATE piece SET salt = ? WHERE until IS NOT NULL", (bytes(32),), "entries"),
        ("UPDATE log SET head = ? WHERE origin = 'cabiria'", (b"x",), "checkpoint"),
        ("UPDATE log SET head = NULL WHERE origin = 'cabiria'", (), "log"),
        ("UPDATE log SET origin = 'inconnue' WHERE origin = 'cabiria'", (), "log"),
        (
            'UPDATE piece SET salt = NULL, payload = NULL, gone_by = 2 WHERE "index" = 0',
            (),
            "erasure",
        ),
        ('DELETE FROM piece WHERE "index" = 0', (), "entries"),
    ],
)
def test_what_was_altered_in_a_copy_is_found(
    stopped: Path,
    seized: Path,
    verdict: Callable[..., dict[str, Any]],
    statement: str,
    values: tuple[object, ...],
    rule: str | None,
) -> None:
    assert verdict(seized)["sound"]
    alter(seized, statement, *values)
    found = verdict(stopped / "cabiria", seized)
    if rule is None:  # a copy that ends earlier is behind, which is no fault
        assert found["sound"]
        return
    assert (found["status"], found["sound"]) == (1, False)
    assert rule in {one["rule"] for one in found["findings"]}
    # The other copy shows what was signed: whoever altered this one is at fault, nobody else.
    assert {one["at_fault"] for one in found["findings"]} == {"griselidis"}


def test_people_read_who_is_at_fault(seized: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", str(seized)]) == 0
    assert "Aucun manquement" in capsys.readouterr().out
    alter(seized, "UPDATE log SET head = ? WHERE origin = 'cabiria'", b"x")
    assert run(["audit", str(seized)]) == 1
    said = capsys.readouterr().out
    assert "Grisélidis, journal de Cabiria (checkpoint)" in said
    assert "pas été tenues" in said


async def test_an_auditor_asks_running_nodes_and_sees_no_payload(
    network: TestNetwork, verdict: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    lyon = network["cabiria"]
    roster = ("--roster", lyon.settings.data / "roster.json")
    key = ("--key", tmp_path / "key")
    found = await asyncio.to_thread(verdict, *roster, *key)
    assert (found["status"], len(found["logs"])) == (0, 4)
    one = await asyncio.to_thread(verdict, lyon.url, *roster, *key)
    assert {log["holder"] for log in one["logs"]} == {"cabiria"}
    assert {log["withdrawn"] for log in one["logs"]} == {1}
    stranger = await asyncio.to_thread(verdict, "http://127.0.0.1:1", *roster, *key)
    assert stranger["status"] == 2
    create_boot(tmp_path / "other", "intrus", entropy)
    refused = await asyncio.to_thread(verdict, *roster, "--key", tmp_path / "other")
    assert refused["status"] == 2
    await network.shut(network["griselidis"])
    assert (await asyncio.to_thread(verdict, *roster, *key))["status"] == 2


async def test_a_member_asks_with_its_own_key_and_sees_payloads(
    network: TestNetwork, verdict: Callable[..., dict[str, Any]]
) -> None:
    data = network["griselidis"].settings.data
    words = ("--roster", data / "roster.json", "--key", data / "keys")
    found = await asyncio.to_thread(verdict, *words)
    assert (found["status"], len(found["logs"])) == (0, 4)
    assert {log["live"] for log in found["logs"] if log["origin"] == "cabiria"} == {1}


async def test_the_networks_fingerprint_can_be_demanded(
    network: TestNetwork, verdict: Callable[..., dict[str, Any]]
) -> None:
    data = network["cabiria"].settings.data
    right = roster_of([data]).network_id.hex()
    assert (await asyncio.to_thread(verdict, data, "--network-id", right))["sound"]
    wrong = await asyncio.to_thread(verdict, data, "--network-id", "00" * 32)
    assert wrong["status"] == 2


def test_what_cannot_be_read_is_no_verdict(
    tmp_path: Path, verdict: Callable[..., dict[str, Any]]
) -> None:
    here = [each.data for each in found_network(tmp_path / "one", TWO).values()]
    there = [each.data for each in found_network(tmp_path / "two", TWO).values()]
    assert verdict(here[0])["code"] == "copy"
    (here[0] / "node.db").write_bytes(b"no database at all, but long enough to be looked at" * 99)
    assert verdict(here[0])["code"] == "copy"
    assert verdict(here[0], there[0])["code"] == "copy"
    assert verdict()["status"] == 2
    assert verdict("--key", tmp_path)["status"] == 2
    assert verdict("--key", tmp_path, "--roster", tmp_path / "absent")["status"] == 2
    with pytest.raises(CopyError), open_read_only(tmp_path):
        pass


def test_whose_folder_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "rive"
    folder.mkdir()
    assert holder_of(folder) == "rive"
    (folder / "card.json").write_text('{"v":1,"id":"lune","name":"La Lune"}')
    assert holder_of(folder) == "lune"
