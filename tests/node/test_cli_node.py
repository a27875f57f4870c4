"""Commands that act on running nodes: two real ones, behind their JSON API."""

import asyncio
import io
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio

from node.cli.main import run
from tests.node.network_fixture import PASSPHRASE, Station, TestNetwork, running_network

TWO: Final = {"cabiria": "Cabiria", "griselidis": "Grisélidis"}
NUMBER: Final = "06 39 98 01 23"

Ask = Callable[..., Awaitable[Any]]


@pytest_asyncio.fixture
async def network(tmp_path: Path) -> AsyncIterator[TestNetwork]:
    async with running_network(tmp_path / "net", TWO) as running:
        yield running


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Run a command as a person of a node; return what it printed and its exit status."""

    async def run_as(
        station: Station, person: str, *words: str, typed: str = ""
    ) -> tuple[str, int]:
        monkeypatch.setenv("VEILLEUSE_TOKEN", station.tokens[person])
        monkeypatch.setenv("VEILLEUSE_URL", station.url)
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        capsys.readouterr()
        status = await asyncio.to_thread(run, words)
        said = capsys.readouterr()
        return said.out + said.err, status

    return run_as


@pytest.fixture
def ask(say: Ask) -> Ask:
    """Run a command that must succeed and return its JSON."""

    async def run_json(station: Station, person: str, *words: str, typed: str = "") -> Any:  # noqa: ANN401
        text, status = await say(station, person, *words, "--json", typed=typed)
        assert status == 0, text
        return json.loads(text)

    return run_json


REPORT: Final = (
    *("report", "--severity", "risque", "--violence", "menaces", "--violence", "vol"),
    *("--consent", "federated_tag", "--area", "69"),
)


async def test_from_a_report_to_its_withdrawal(network: TestNetwork, ask: Ask, say: Ask) -> None:
    lyon, toulouse = network["cabiria"], network["griselidis"]
    made = await ask(lyon, "caseworker", *REPORT, typed=NUMBER + "\n")
    decided = await ask(lyon, "moderator", "approve", made["id"])
    assert (decided["approvals"], decided["status"]) == (1, "approved")
    await network.settle()
    found = await ask(toulouse, "caseworker", "lookup", "0033639980123")
    assert (found["answer"], found["matches"][0]["association"]) == ("MATCH", "cabiria")
    told, status = await say(toulouse, "caseworker", "lookup", "-", typed=NUMBER)
    assert status == 0
    for words in ("DÉJÀ SIGNALÉ", "Cabiria", "Risqué", "Menaces", "Vol", "Rhône", "01 99 00"):
        assert words in told
    own, _ = await say(lyon, "caseworker", "lookup", NUMBER)
    assert made["id"] in own
    await ask(toulouse, "caseworker", *REPORT, NUMBER)
    await network.settle()
    matches = await ask(toulouse, "caseworker", "matches")
    assert [match["association"] for match in matches] == ["cabiria"]
    told, _ = await say(toulouse, "caseworker", "matches")
    assert "NOUVEAU" in told
    assert (await ask(lyon, "caseworker", "withdraw", made["id"]))["status"] == "withdrawn"
    await network.settle()
    told, status = await say(toulouse, "caseworker", "matches")
    assert "Aucun recoupement" in told
    assert (await ask(lyon, "caseworker", "lookup", NUMBER))["answer"] == "NO_MATCH"


async def test_what_people_read(network: TestNetwork, ask: Ask, say: Ask, tmp_path: Path) -> None:
    lyon = network["cabiria"]
    story = tmp_path / "story"
    story.write_text("Un récit.")
    told, status = await say(lyon, "caseworker", *REPORT, NUMBER, "--narrative-file", str(story))
    assert (status, "doit le relire" in told) == (0, True)
    first, second, third = [
        (
            await ask(
                lyon, "caseworker", *REPORT[:1], *REPORT[3:], "--severity", "dangereux", NUMBER
            )
        )["id"]
        for _ in range(3)
    ]
    for person, words in (("moderator", "encore une autre"), ("moderator2", "dans la minute")):
        told, _ = await say(lyon, person, "approve", first)
        assert words in told
    told, status = await say(lyon, "moderator", "approve", second)
    told, status = await say(lyon, "moderator", "approve", second)
    assert (status, "autre personne" in told) == (2, True)
    told, _ = await say(lyon, "moderator", "refuse", third)
    assert "détruit" in told
    told, _ = await say(lyon, "moderator", "withdraw", first)
    assert "Retiré" in told
    told, status = await say(lyon, "caseworker", "approve", second)
    assert (status, "pas ce droit" in told) == (2, True)
    told, status = await say(lyon, "moderator", "approve", "../network")
    assert status == 2
    told, status = await say(
        lyon, "caseworker", *REPORT, NUMBER, "--narrative-file", str(tmp_path / "no")
    )
    assert status == 2


async def test_status_says_whether_a_lookup_would_be_complete(
    network: TestNetwork, say: Ask
) -> None:
    lyon, toulouse = network["cabiria"], network["griselidis"]
    told, status = await say(lyon, "administrator", "status")
    assert (status, "peut être complète" in told) == (0, True)
    await network.shut(toulouse)
    await network.shut(lyon)
    await network.reopen(lyon, unlock=False)
    told, status = await say(lyon, "administrator", "status")
    assert (status, "serait incomplète" in told, "fermé" in told) == (1, True, True)
    told, status = await say(lyon, "caseworker", "lookup", NUMBER)
    assert (status, "RECHERCHE INCOMPLÈTE" in told) == (1, True)


async def test_unlocking_takes_the_passphrase_from_a_file(
    network: TestNetwork, ask: Ask, say: Ask, tmp_path: Path
) -> None:
    lyon, words = network["cabiria"], tmp_path / "words"
    await network.shut(lyon)
    await network.reopen(lyon, unlock=False)
    words.write_text("une autre phrase de passe")
    wrong = ("unlock", "vault", "--passphrase-file", str(words))
    told, status = await say(lyon, "administrator", *wrong)
    assert (status, "n’ouvre pas" in told) == (2, True)
    words.write_text(PASSPHRASE)
    told, status = await say(lyon, "administrator", *wrong)
    assert (status, "ouvert" in told) == (0, True)
    told, _ = await say(lyon, "administrator", "unlock", "custody", "--passphrase-file", str(words))
    assert "part de clé" in told
    again = await ask(
        lyon,
        "administrator",
        "unlock",
        "custody",
        "--passphrase-file",
        "-",
        typed=PASSPHRASE + "\n",
    )
    assert again == {"level": "custody", "state": "open"}
