"""The thief: all folders of stopped nodes, then every set of nodes with its custody unlocked.

One and the same attack runs for each set. Below the threshold it must identify nobody; with the
threshold, or more, everybody: that the attack works is what makes its failure mean something.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from crypto.values import SecretScalar
from node.cli.errors import CommandError
from node.cli.words import _
from node.demo.attack import identify
from node.demo.cast import CABIRIA, MORE, NARRATIVE, PLAYERS, TYPED, reported
from node.demo.holdings import tags_in
from node.demo.needles import needles_of
from node.demo.processes import DemoError
from node.demo.search import Leak, search
from node.demo.stage import Stage
from node.demo.stations import Station
from node.demo.story import LIMIT, approve, report
from node.roster_file import KEYS_FOLDER, load_roster
from node.vault.custody import Custody
from protocol.identifiers import PHONE, Identifier, read
from protocol.roster import Roster, Stretching

MOST_CANDIDATES: Final = 10_000
"""The whole block of mobile numbers that is kept for fiction."""

_CHUNK: Final = 25
LOW_WALL: Final = Stretching(operations=1, memory_kib=1024)
"""What a guess costs in a network that is founded to be robbed. The wall (Argon2id) only slows down
whoever has K; the thief is given a low one, so that every set of nodes can try every number."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What the attack made of one set of seized nodes."""

    nodes: tuple[str, ...]
    shares: int
    tried: int
    identified: int
    expected: int
    held: bool
    """Whether exactly those were identified that must be: nobody, or everybody."""


def fill(stage: Stage) -> None:
    """Have four associations report four people, and wait until everyone holds everything.

    Raises:
        DemoError: it did not arrive in time.
    """
    told = [(CABIRIA, TYPED, NARRATIVE), *((one.player, one.typed, one.narrative) for one in MORE)]
    for player, typed, narrative in told:
        approve(stage, player, report(stage, player, typed, narrative))
    for player in PLAYERS:
        with stage.client(player, "caseworker") as node:

            def everything() -> bool:
                found = [node.post("/lookups", {"text": number}) for number in reported()]
                return all(one["answer"] == "MATCH" for one in found)

            if not stage.wait(everything, LIMIT):
                raise DemoError(f"Not everything that was announced arrived at {player.id}.")


def plant(stations: Sequence[Station]) -> None:
    """Leave a number where none may be, as a careless program would: for the test of the search."""
    (stations[-1].data / "debug.log").write_text(f'{{"typed": "{TYPED}"}}\n', encoding="utf-16-le")


def find_leaks(stations: Sequence[Station]) -> list[Leak]:
    """Return every place in the seized folders where something readable shows."""
    needles = needles_of(stations)
    return [leak for station in stations for leak in search(station.data, needles)]


def candidates(count: int) -> list[Identifier]:
    """Return `count` numbers to try, every reported one among them.

    Raises:
        CommandError: fewer than were reported, or more than are kept for fiction.
    """
    if not len(reported()) <= count <= MOST_CANDIDATES:
        raise CommandError(
            _("Entre {least} et {most} numéros à essayer.").format(
                least=len(reported()), most=MOST_CANDIDATES
            )
        )
    others = (f"+3363998{number:04d}" for number in range(MOST_CANDIDATES))
    numbers = [*reported(), *(number for number in others if number not in reported())]
    return [read(PHONE, text).candidates[0].identifier for text in sorted(numbers[:count])]


def attack(
    stations: Sequence[Station], tried: Sequence[Identifier], tell: Tell
) -> Iterator[Attempt]:
    """Attack with every set of nodes, smallest first.

    Args:
        stations: of stopped nodes; their custody passphrases are known to the thief, the vaults'
            are not.
        tried: the candidate numbers.
        tell: called with what is about to be tried.
    """
    roster = load_roster(stations[0].data)
    shares = {station.player.id: _share(roster, station) for station in stations}
    with ThreadPoolExecutor(os.cpu_count() or 1) as workers:
        for size in range(1, len(stations) + 1):
            for seized in combinations(stations, size):
                names = tuple(station.player.id for station in seized)
                tell(" + ".join(station.player.name for station in seized))
                unlocked = dict(shares[name] for name in names)
                tags = _tags(seized)
                parts = [tried[at : at + _CHUNK] for at in range(0, len(tried), _CHUNK)]
                found = workers.map(
                    lambda part, unlocked=unlocked, tags=tags: identify(
                        roster, unlocked, tags, part
                    ),
                    parts,
                )
                identified = {identifier.text for part in found for identifier in part}
                must = set(reported()) if size >= roster.epoch.threshold else set()
                yield Attempt(
                    names, size, len(tried), len(identified), len(must), identified == must
                )


def _share(roster: Roster, station: Station) -> tuple[int, SecretScalar]:
    custody = Custody(station.data / KEYS_FOLDER)
    custody.unlock(station.passphrases.custody)
    share, index = custody.share(roster.epoch.id)
    return index, share


def _tags(seized: Sequence[Station]) -> dict[str, set[bytes]]:
    tags: dict[str, set[bytes]] = {}
    for station in seized:
        for origin, found in tags_in(station.data).items():
            tags.setdefault(origin, set()).update(found)
    return tags
