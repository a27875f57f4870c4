"""A network of real nodes in one process: keys, genesis, databases, servers on loopback.

    async with running_network(tmp_path) as net:
        lyon, toulouse = net["cabiria"], net["griselidis"]
        async with net.client(lyon, "caseworker") as api: ...

Everything is what a node runs in earnest, but for a low Argon2id cost and short cadences.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from crypto.values import PublicKey
from federation.ports import Clock
from node.accounts import Account
from node.app import Node, build, create_app
from node.founding import found
from node.genesis import Card, OwnKeys, accept, member_card, sign_genesis
from node.permissions import Role
from node.roster_file import KEYS_FOLDER
from node.settings import Settings
from node.system import SystemClock, entropy
from node.vault.boot import create_boot, load_boot
from node.vault.officer import OFFICER_FILE, create_officer, open_officer
from node.vault.vault import Vault, create_vault
from protocol.roster import Auditor, Parameters, Stretching

CHEAP = Stretching(operations=1, memory_kib=8)
"""Argon2id for passphrases and for Z: these tests are not about its cost."""

MANY = 100_000
"""Lookups a day: only its own test is about the limit."""

CONTACT = "01 99 00 00 00"
PASSPHRASE = "six mots tirés au hasard"

ASSOCIATIONS: Mapping[str, str] = {
    "strass": "STRASS",
    "cabiria": "Cabiria",
    "griselidis": "Grisélidis",
    "entractes": "Entr’Actes",
}

PEOPLE: Mapping[str, Role] = {
    "caseworker": Role.CASEWORKER,
    "caseworker2": Role.CASEWORKER,
    "moderator": Role.MODERATOR,
    "moderator2": Role.MODERATOR,
    "administrator": Role.ADMINISTRATOR,
}


@dataclass(slots=True)
class Station:
    """One node with its people, and its server while it runs."""

    id: str
    settings: Settings
    node: Node
    people: dict[str, Account] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    server: uvicorn.Server | None = None
    task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return self.settings.public_url


@dataclass(slots=True)
class TestNetwork:
    """The stations by association id."""

    __test__ = False

    stations: dict[str, Station]
    clock: Clock
    jobs: bool

    def __getitem__(self, association: str) -> Station:
        """Return one association's station."""
        return self.stations[association]

    def __iter__(self) -> Any:  # noqa: ANN401
        """Iterate over the stations."""
        return iter(self.stations.values())

    @asynccontextmanager
    async def client(self, station: Station, person: str) -> AsyncIterator[httpx.AsyncClient]:
        """A client of the staff API, signed in as `person` by token."""
        headers = {"authorization": f"Bearer {station.tokens[person]}"}
        async with httpx.AsyncClient(
            base_url=f"{station.url}/api/v1", headers=headers, timeout=30, trust_env=False
        ) as client:
            yield client

    async def serve(self, station: Station) -> None:
        """Start a station's server on its port; its node opens its database."""
        app = create_app(station.node, jobs=self.jobs)
        config = uvicorn.Config(
            app,
            host="127.0.0.1",
            port=station.settings.port,
            log_config=None,
            server_header=False,
            lifespan="on",
        )
        station.server = uvicorn.Server(config)
        # Not serve(): the tests' own signal handling stays in place.
        station.task = asyncio.create_task(station.server._serve())
        while not station.server.started:
            if station.task.done():
                station.task.result()
            await asyncio.sleep(0.01)

    async def shut(self, station: Station) -> None:
        """Stop a station's server and its node, like a laptop that is closed."""
        if station.server is None or station.task is None:
            return
        station.server.should_exit = True
        await station.task
        station.server = station.task = None

    async def reopen(self, station: Station, *, unlock: bool = True) -> None:
        """Start a stopped station again from its files."""
        station.node = build(station.settings, self.clock)
        await self.serve(station)
        if unlock:
            await self.unlock(station)

    async def unlock(self, station: Station) -> None:
        """Open custody and vault."""
        await station.node.unlock("custody", PASSPHRASE)
        await station.node.unlock("vault", PASSPHRASE)

    async def pull_all(self) -> None:
        """Have every running station pull every running other one, once."""
        running = [station for station in self if station.server is not None]
        for station in running:
            await asyncio.gather(
                *(station.node.puller.pull(other.id) for other in running if other.id != station.id)
            )

    async def settle(self) -> None:
        """Publish everywhere, then pull everywhere."""
        for station in self:
            if station.server is not None:
                await station.node.publisher.run()
        await self.pull_all()


def found_network(
    folder: Path,
    associations: Mapping[str, str] = ASSOCIATIONS,
    parameters: Parameters | None = None,
    auditors: Sequence[Auditor] = (),
    **settings: Any,  # noqa: ANN401
) -> dict[str, Settings]:
    """Make the folders of a network's nodes, founded and joined; return their settings."""
    cards: list[Card] = []
    made: dict[str, Settings] = {}
    for (name, title), port in zip(
        associations.items(), free_ports(len(associations)), strict=True
    ):
        data = folder / name
        keys = data / KEYS_FOLDER
        identity = create_boot(keys, name, entropy)
        create_vault(keys, name, PASSPHRASE, entropy, CHEAP)
        officer = create_officer(keys / OFFICER_FILE, name, PASSPHRASE, entropy, CHEAP)
        url = f"http://127.0.0.1:{port}"
        cards.append(
            member_card(
                identity, Vault(keys, entropy), officer, title, url, contact="01 99 00 00 00"
            )
        )
        chosen = {"lookups_daily": MANY} | settings
        made[name] = Settings(data=data, public_url=url, port=port, **chosen)
    founding = found(
        cards,
        "essai",
        SystemClock().now(),
        entropy,
        parameters or Parameters(argon2id=CHEAP, quota_daily=20_000),
        auditors,
    )
    genesis = founding.genesis
    for each in made.values():
        officer_file = each.data / KEYS_FOLDER / OFFICER_FILE
        genesis = sign_genesis(genesis, open_officer(officer_file, PASSPHRASE))
    for name, each in made.items():
        keys = each.data / KEYS_FOLDER
        vault = Vault(keys, entropy)
        vault.unlock(PASSPHRASE)
        share = founding.shares[name]
        officer = next(PublicKey(card.officer_key) for card in cards if card.id == name)
        own = OwnKeys(load_boot(keys), vault, officer)
        accept(each.data, genesis, share, own, PASSPHRASE, entropy, CHEAP)
    return made


async def add_people(station: Station) -> None:
    """Create the fixture's accounts, each with a token."""
    for name, role in PEOPLE.items():
        account = await station.node.accounts.create_account(name, role)
        station.people[name] = account
        station.tokens[name] = await station.node.sessions.issue_token(account, "tests")


@asynccontextmanager
async def running_network(
    folder: Path,
    associations: Mapping[str, str] = ASSOCIATIONS,
    clock: Clock | None = None,
    *,
    jobs: bool = False,
    unlocked: bool = True,
    **options: Any,  # noqa: ANN401
) -> AsyncIterator[TestNetwork]:
    """Run a network's nodes in this event loop, each with a real server on loopback.

    Args:
        folder: where their data folders are made.
        associations: id to name.
        clock: one for all; the machine's by default.
        jobs: whether the schedulers run; without, drive `settle` yourself.
        unlocked: whether custody and vault are open everywhere.
        options: for `found_network`.
    """
    clock = clock or SystemClock()
    stations = {
        name: Station(name, settings, build(settings, clock))
        for name, settings in found_network(folder, associations, **options).items()
    }
    network = TestNetwork(stations, clock, jobs)
    try:
        for station in network:
            await network.serve(station)
            await add_people(station)
            if unlocked:
                await network.unlock(station)
        await network.pull_all()
        yield network
    finally:
        for station in network:
            with contextlib.suppress(asyncio.CancelledError):
                await network.shut(station)


def free_ports(count: int) -> list[int]:
    """Return ports that are free now. Held all at once, so that no two are the same."""
    held = [socket.socket() for _ in range(count)]
    try:
        for each in held:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in held]
    finally:
        for each in held:
            each.close()


async def eventually(check: Callable[[], Any], seconds: float = 10.0) -> Any:  # noqa: ANN401
    """Return what the awaitable function `check` returns, once it is true."""
    clock = SystemClock()
    end = clock.monotonic() + seconds
    while True:
        found = await check()
        if found or clock.monotonic() > end:
            return found
        await asyncio.sleep(0.05)
