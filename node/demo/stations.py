"""The four nodes of the demo as they lie on disk: folders, keys, accounts, a founded network."""

import asyncio
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from crypto.values import PublicKey, SigningSeed
from federation.ports import Clock, Entropy
from node.accounts import Accounts
from node.cli.preparing import Profile, prepare_keys, write_settings
from node.demo.cast import NETWORK, PEOPLE, PLAYERS, QUOTA, Player
from node.founding import found
from node.genesis import Card, OwnKeys, SealedShare, accept, sign_genesis
from node.roster_file import KEYS_FOLDER
from node.sessions import Sessions
from node.settings import Settings
from node.storage.database import Database
from node.vault.boot import load_boot
from node.vault.officer import OFFICER_FILE, open_officer
from node.vault.vault import Vault
from protocol.roster import Parameters, Stretching

LINK_SECONDS: Final = 12 * 3600
CADENCE: Final = 2
"""Seconds between two publications, and between two polls of a peer: people are watching."""

_BACKLOG: Final = 1024
_SECRET: Final = 16
# Interactive cost: these passphrases are random and live as long as the demo.
_COST: Final = Stretching(operations=2, memory_kib=65_536)


@dataclass(frozen=True, slots=True)
class Passphrases:
    """One node's three passphrases. Only the demo's own process knows them."""

    vault: str = field(repr=False)
    custody: str = field(repr=False)
    officer: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Station:
    """One node of the demo, ready to be started.

    Attributes:
        player: whose it is.
        data: its folder.
        listener: its listening socket, handed to its process: nobody can take the port meanwhile.
        url: where it answers.
        passphrases: of vault, custody and officer key.
        tokens: bearer token by person.
        links: single-use sign-in address by person, and a second one for the story.
    """

    player: Player
    data: Path
    listener: socket.socket
    url: str
    passphrases: Passphrases
    tokens: dict[str, str] = field(default_factory=dict, repr=False)
    links: dict[str, str] = field(default_factory=dict, repr=False)
    story_links: dict[str, str] = field(default_factory=dict, repr=False)


def build_stations(folder: Path, clock: Clock, entropy: Entropy, wall: Stretching) -> list[Station]:
    """Make four nodes below `folder` and found their network.

    Args:
        folder: empty.
        clock: the machine's.
        entropy: the machine's.
        wall: what each guess of a number costs in the network founded.

    Raises:
        NodeError: a part could not be made.
        OSError: no port or no space is left.
    """
    stations = [_station(folder, player, entropy) for player in PLAYERS]
    with ThreadPoolExecutor(len(stations)) as workers:  # Argon2id is slow, and outside the lock
        cards = list(workers.map(lambda station: _prepare(station, entropy), stations))
        parameters = Parameters(quota_daily=QUOTA, argon2id=wall)
        founding = found(cards, NETWORK, clock.now(), entropy, parameters)
        genesis = founding.genesis
        for seed in workers.map(_officer, stations):
            genesis = sign_genesis(genesis, seed)
        shares = [founding.shares[station.player.id] for station in stations]
        list(
            workers.map(
                lambda station, card, share: _accept(station, card, genesis, share, entropy),
                stations,
                cards,
                shares,
            )
        )
    asyncio.run(_people(stations, clock, entropy))
    return stations


def _station(folder: Path, player: Player, entropy: Entropy) -> Station:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(_BACKLOG)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    words = (entropy(_SECRET).hex() for _ in range(3))
    return Station(player, folder / player.id, listener, url, Passphrases(*words))


def _prepare(station: Station, entropy: Entropy) -> Card:
    player, words = station.player, station.passphrases
    profile = Profile(player.id, player.name, station.url, contact=player.contact)
    officer = station.data / OFFICER_FILE
    card = prepare_keys(station.data, profile, officer, words.vault, words.officer, entropy, _COST)
    write_settings(
        station.data,
        {
            "public_url": station.url,
            "port": station.listener.getsockname()[1],
            "demo": True,
            "publish_every": CADENCE,
            "poll_every": CADENCE,
            "lookups_daily": QUOTA,
        },
    )
    return card


def _officer(station: Station) -> SigningSeed:
    return open_officer(station.data / OFFICER_FILE, station.passphrases.officer)


def _accept(
    station: Station, card: Card, genesis: bytes, share: SealedShare, entropy: Entropy
) -> None:
    keys = station.data / KEYS_FOLDER
    vault = Vault(keys, entropy)
    vault.unlock(station.passphrases.vault)
    accept(
        station.data,
        genesis,
        share,
        OwnKeys(load_boot(keys), vault, PublicKey(card.officer_key)),
        station.passphrases.custody,
        entropy,
        _COST,
    )


async def _people(stations: Sequence[Station], clock: Clock, entropy: Entropy) -> None:
    for station in stations:
        settings = Settings(data=station.data)
        database = Database(settings.resolved_database_url)
        await database.open()
        accounts = Accounts(database, clock, entropy)
        sessions = Sessions(database, clock, entropy, settings.session_hours)
        for person in PEOPLE:
            account = await accounts.create_account(person.name, person.role)
            station.tokens[person.key] = await sessions.issue_token(account, "demo")
            for links in (station.links, station.story_links):
                secret = await sessions.issue_signin_link(account, LINK_SECONDS)
                links[person.key] = f"{station.url}/entrer/{secret}"
        await database.close()
