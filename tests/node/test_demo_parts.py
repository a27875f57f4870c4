"""Parts of the demo without its processes: folders on disk, what the thief finds and tries."""

import asyncio
from pathlib import Path

import pytest

from node.cli.demo_acts import show_databases
from node.cli.errors import CommandError
from node.cli.main import run
from node.demo.cast import NARRATIVE, PEOPLE, PLAYERS, TYPED, reported
from node.demo.needles import needles_of
from node.demo.processes import LOG_FILE, DemoError, Running
from node.demo.search import Needle, search
from node.demo.seize import MOST_CANDIDATES, attack, candidates, find_leaks, plant
from node.demo.stations import Station, build_stations
from node.roster_file import load_roster
from node.settings import load_settings
from node.system import SystemClock, entropy
from node.vault.custody import Custody
from node.vault.vault import Vault
from protocol.roster import Stretching

CHEAP = Stretching(operations=1, memory_kib=8)


@pytest.fixture(scope="module")
def stations(tmp_path_factory: pytest.TempPathFactory) -> list[Station]:
    """Four real folders; Argon2id at its lowest cost."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("node.demo.stations._COST", CHEAP)
        built = build_stations(tmp_path_factory.mktemp("demo"), SystemClock(), entropy, CHEAP)
    for station in built:
        station.listener.close()
    return built


def test_every_association_has_people_who_can_enter(stations: list[Station]) -> None:
    keys = {person.key for person in PEOPLE}
    assert [station.player for station in stations] == list(PLAYERS)
    for station in stations:
        assert set(station.tokens) == set(station.links) == set(station.story_links) == keys
        assert not set(station.links.values()) & set(station.story_links.values())
        settings = load_settings(station.data)
        assert (settings.demo, settings.public_url) == (True, station.url)


def test_no_secret_shows_in_a_station(stations: list[Station]) -> None:
    for station in stations:
        words = station.passphrases
        shown = repr(station)
        secrets = [words.vault, words.custody, words.officer, *station.tokens.values()]
        assert [secret for secret in secrets if secret in shown] == []


def test_fresh_folders_hold_nothing_readable_and_what_is_planted_is_found(
    stations: list[Station],
) -> None:
    assert find_leaks(stations) == []
    plant(stations)
    leaks = find_leaks(stations)
    (stations[-1].data / "debug.log").unlink()
    assert ("number", "utf-16-le") in {(leak.needle, leak.encoding) for leak in leaks}
    assert {leak.file.name for leak in leaks} == {"debug.log"}


@pytest.fixture(scope="module")
def needles(stations: list[Station]) -> list[Needle]:
    return needles_of(stations)


@pytest.mark.parametrize("secret", ["typed", "narrative", "vault", "token", "link"])
def test_each_kind_of_secret_is_looked_for(
    stations: list[Station], needles: list[Needle], secret: str, tmp_path: Path
) -> None:
    station = stations[1]
    secrets = {
        "typed": TYPED,
        "narrative": NARRATIVE,
        "vault": station.passphrases.vault,
        "token": station.tokens["moderator"],
        "link": station.links["caseworker"].rpartition("/")[2],
    }
    (tmp_path / "node.db-wal").write_bytes(b"\0" + secrets[secret].encode() + b"\0")
    assert search(tmp_path, needles)


def test_each_key_is_looked_for(
    stations: list[Station], needles: list[Needle], tmp_path: Path
) -> None:
    station = stations[1]
    keys = station.data / "keys"
    vault, custody = Vault(keys, entropy), Custody(keys)
    vault.unlock(station.passphrases.vault)
    custody.unlock(station.passphrases.custody)
    share, _ = custody.share(load_roster(station.data).epoch.id)
    for key in (vault.log_seed, vault.sealing_secret, share):
        (tmp_path / "core").write_bytes(b"\0" + key.reveal() + b"\0")
        assert search(tmp_path, needles)


def test_the_reported_numbers_are_always_tried() -> None:
    for count in (len(reported()), 50, MOST_CANDIDATES):
        tried = {identifier.text for identifier in candidates(count)}
        assert len(tried) == count
        assert set(reported()) <= tried


@pytest.mark.parametrize("count", [0, 3, MOST_CANDIDATES + 1])
def test_other_counts_are_refused(count: int) -> None:
    with pytest.raises(CommandError):
        candidates(count)


def test_nodes_that_know_nothing_give_nothing_away(
    stations: list[Station], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.demo.attack.stretch", lambda *_: b"")
    monkeypatch.setattr("node.demo.attack.tag_of", lambda *_: bytes(32))
    attempts = list(attack(stations, candidates(4), lambda _name: None))
    assert [attempt.identified for attempt in attempts] == [0] * 15
    # Nothing was ever announced here, so whoever holds enough shares should have found four.
    assert [attempt.held for attempt in attempts] == [True] * 10 + [False] * 5


def test_databases_are_shown_before_anything_was_announced(
    stations: list[Station], capsys: pytest.CaptureFixture[str]
) -> None:
    show_databases(stations[0].data.parent, as_json=False)
    assert capsys.readouterr().out.count("aucune annonce") == len(stations)


def test_a_node_without_a_network_is_not_served(
    stations: list[Station], capsys: pytest.CaptureFixture[str]
) -> None:
    roster, away = stations[2].data / "roster.json", stations[2].data / "away.json"
    roster.rename(away)
    try:
        assert run(["serve", "--data", str(stations[2].data)]) == 2
    finally:
        away.rename(roster)
    assert "veilleuse network" in capsys.readouterr().err


def test_a_process_that_ended_is_an_error_with_its_last_words(
    stations: list[Station],
) -> None:
    class Ended:
        pid = 0

        def poll(self) -> int:
            return 3

    station = stations[0]
    (station.data / LOG_FILE).write_text("last words")
    running = Running({station.player.id: Ended()})  # type: ignore[dict-item]
    with pytest.raises(DemoError, match="status 3:\nlast words"):
        running.check(station)
    (station.data / LOG_FILE).unlink()


def test_a_port_that_is_taken_is_named(
    stations: list[Station], capsys: pytest.CaptureFixture[str]
) -> None:
    async def occupied() -> int:
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            words = ["serve", "--data", str(stations[0].data), "--port", str(port)]
            return await asyncio.to_thread(run, words)

    assert asyncio.run(occupied()) == 2
    assert "Impossible d’écouter" in capsys.readouterr().err
