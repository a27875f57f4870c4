"""A network of real node processes, each behind a relay that is its public address.

    with running_fleet(tmp_path) as fleet:
        report = fleet["cabiria"].report("06 39 98 01 23")

The processes are `python -m node serve`. Only Argon2id costs less than in earnest, and cadences
where a test says so.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from node.app import build
from node.settings import Settings
from protocol.roster import Auditor, Parameters
from tests.e2e.node_process import SERVE, NodeProcess, until
from tests.e2e.relay import Relays
from tests.node.network_fixture import CHEAP, Station, add_people, found_network

PROMISE: Final = 60.0
"""Seconds within which a report must be found, and a withdrawn one gone, everywhere."""

PARAMETERS: Final = Parameters(argon2id=CHEAP, quota_daily=1_000_000)
_TRIES: Final = 3
_SETTLE_SECONDS: Final = 120.0


@dataclass
class Fleet:
    """The nodes of one network by association id."""

    nodes: dict[str, NodeProcess]
    relays: Relays

    def __getitem__(self, association: str) -> NodeProcess:
        return self.nodes[association]

    def __iter__(self) -> Iterator[NodeProcess]:
        return iter(self.nodes.values())

    def others(self, association: str) -> list[NodeProcess]:
        """Return all nodes but one."""
        return [node for node in self if node.id != association]

    def settled(self) -> bool:
        """Return whether every running node has applied all of every running node's log."""
        running = [node for node in self if not node.process_ended]
        seen = [node.network()["members"] for node in running]
        return all(
            len({members[node.id]["entries"] for members in seen}) == 1
            and all(members[node.id]["head_time"] is not None for members in seen)
            for node in running
        )


@contextmanager
def running_fleet(
    folder: Path,
    *,
    programs: Mapping[str, Sequence[str]] | None = None,
    environment: Mapping[str, str] | None = None,
    parameters: Parameters = PARAMETERS,
    auditors: Sequence[Auditor] = (),
    settle: bool = True,
    relayed: bool = True,
    **settings: Any,  # noqa: ANN401
) -> Iterator[Fleet]:
    """Found a network of four and run its nodes until the block ends.

    Args:
        folder: for the nodes' folders.
        programs: what to run instead of the node, by association id.
        environment: more variables for each process.
        parameters: of the network.
        auditors: of the network.
        settle: whether to wait until every node has seen every log. With long cadences that
            takes an announcement of each.
        relayed: whether relays stand before the nodes; without, nothing slows a request down.
        settings: of each node.
    """
    with Relays() as relays:
        made = _found(folder, relays, parameters, auditors, settings, relayed=relayed)
        nodes = {
            name: NodeProcess(
                name,
                each,
                relays if relayed else None,
                program=(programs or {}).get(name, SERVE),
                environment=environment or {},
                tokens=asyncio.run(_people(each)),
            )
            for name, each in made.items()
        }
        fleet = Fleet(nodes, relays)
        try:
            with ThreadPoolExecutor() as pool:
                for started in [pool.submit(node.start) for node in fleet]:
                    started.result()
            if settle:
                assert until(fleet.settled, _SETTLE_SECONDS), "the nodes do not find each other"
            yield fleet
        finally:
            with ThreadPoolExecutor() as pool:
                pool.map(NodeProcess.stop, fleet)


def missing(
    nodes: Iterable[NodeProcess], number: str, association: str, seconds: float
) -> list[str]:
    """Return the nodes that have not found `association`'s notice of `number` within `seconds`."""
    left = list(nodes)

    def all_found() -> bool:
        left[:] = [node for node in left if not node.finds(number, association)]
        return not left

    until(all_found, seconds)
    return [node.id for node in left]


def _found(
    folder: Path,
    relays: Relays,
    parameters: Parameters,
    auditors: Sequence[Auditor],
    settings: Mapping[str, Any],
    *,
    relayed: bool,
) -> dict[str, Settings]:
    for attempt in range(_TRIES):
        made = found_network(
            folder / str(attempt), parameters=parameters, auditors=auditors, **settings
        )
        try:
            for name, each in made.items() if relayed else ():
                relays.open(name, each.port)
        except OSError:  # another program took a port between finding and opening it
            continue
        return made
    message = "no free ports"
    raise OSError(message)


async def _people(settings: Settings) -> dict[str, str]:
    """Create the accounts of a stopped node and return a token for each."""
    station = Station("", settings, build(settings))
    await station.node.start(jobs=False)
    try:
        await add_people(station)
    finally:
        await station.node.stop()
    return station.tokens
