"""The demo's network from first key to erased folder."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from federation.ports import Clock, Entropy
from node.cli.errors import CommandError, RemoteError
from node.cli.remote import StaffClient
from node.demo.cast import Player
from node.demo.processes import DemoError, Running
from node.demo.stations import Station, build_stations
from protocol.roster import Stretching

PREFIX: Final = "veilleuse-demo-"
DEFAULT_WALL: Final = Stretching()
_PATIENCE: Final = 90.0
_GLANCE: Final = 0.2

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Stage:
    """Four running nodes whose custody and vault are open."""

    folder: Path
    stations: Sequence[Station]
    running: Running
    clock: Clock
    sleep: Callable[[float], None]

    def station(self, player: Player) -> Station:
        """Return the node of `player`."""
        return next(station for station in self.stations if station.player == player)

    def client(self, player: Player, person: str) -> StaffClient:
        """Return the JSON API of a node, as one of its people sees it."""
        station = self.station(player)
        return StaffClient(station.url, station.tokens[person])

    def wait(self, until: Callable[[], bool], seconds: float) -> bool:
        """Return whether `until` became true within `seconds`."""
        end = self.clock.monotonic() + seconds
        while not until():
            if self.clock.monotonic() > end:
                return False
            for station in self.stations:
                self.running.check(station)
            self.sleep(_GLANCE)
        return True


@contextmanager
def demo_stage(
    tell: Tell,
    clock: Clock,
    entropy: Entropy,
    sleep: Callable[[float], None],
    wall: Stretching = DEFAULT_WALL,
) -> Iterator[Stage]:
    """Build, start and unlock four nodes; afterwards stop them and erase everything.

    Args:
        tell: called with each step's name as it begins.
        clock: the machine's.
        entropy: the machine's.
        sleep: waits that many seconds.
        wall: what each guess of a number costs; a network's default.

    Raises:
        DemoError: a node did not come up.
    """
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    running: Running | None = None
    try:
        tell("keys")
        stations = build_stations(folder, clock, entropy, wall)
        tell("start")
        running = Running.start(stations)
        stage = Stage(folder, stations, running, clock, sleep)
        _prepare(stage, tell)
        yield stage
    finally:
        if running is not None:
            running.stop()
        shutil.rmtree(folder)


def _prepare(stage: Stage, tell: Tell) -> None:
    with ThreadPoolExecutor(len(stage.stations)) as workers:
        try:
            list(workers.map(lambda station: _unlock(stage, station), stage.stations))
            tell("meet")
            list(workers.map(lambda station: _meet(stage, station), stage.stations))
        except BaseException:
            stage.running.stop()  # whoever still waits for a node then ends at once
            raise


def _unlock(stage: Stage, station: Station) -> None:
    words = station.passphrases
    with stage.client(station.player, "administrator") as node:

        def answers() -> bool:
            try:
                node.get("/network")
            except CommandError:
                return False
            return True

        if not stage.wait(answers, _PATIENCE):
            raise DemoError(f"The node {station.player.id} does not answer.")
        node.post("/unlock", {"level": "custody", "passphrase": words.custody})
        node.post("/unlock", {"level": "vault", "passphrase": words.vault})


def _meet(stage: Stage, station: Station) -> None:
    """Wait until a node has everyone's head: from then on it can say NO_MATCH."""
    with stage.client(station.player, "administrator") as node:

        def complete() -> bool:
            try:
                return bool(node.get("/network")["complete"])
            except RemoteError:
                return False

        if not stage.wait(complete, _PATIENCE):
            raise DemoError(f"The node {station.player.id} has not heard from all the others.")
