"""What the thief looks for in the seized folders: everything that must not be readable there."""

from collections.abc import Iterator, Sequence
from typing import Final

from node.demo.attack import stretched
from node.demo.cast import (
    MORE,
    NARRATIVE,
    NARRATIVE_ANEW,
    NUMBER,
    SPELLINGS,
    TOLD_ANEW,
    TYPED,
    reported,
)
from node.demo.search import Needle, number_needles
from node.demo.stations import Station
from node.roster_file import KEYS_FOLDER, load_roster
from node.system import entropy
from node.vault.custody import Custody
from node.vault.officer import OFFICER_FILE, open_officer
from node.vault.vault import Vault
from protocol.identifiers import PHONE, read

_PART: Final = 24
"""Characters of a narrative that are looked for at a time: a leak may be a part of it."""


def needles_of(stations: Sequence[Station]) -> list[Needle]:
    """Return every number, narrative, key and password of the demo.

    The boot keys are left out: they are on the disk by design, and open no report (node/vault).
    """
    return [*_numbers(), *narratives(), *_keys(stations)]


def narratives() -> Iterator[Needle]:
    """Yield the narratives, in parts."""
    for text in (NARRATIVE, NARRATIVE_ANEW, *(told.narrative for told in MORE)):
        for start in range(0, max(1, len(text) - _PART), _PART):
            yield Needle("narrative", text[start : start + _PART].encode(), text=True)


def _numbers() -> Iterator[Needle]:
    yield from number_needles("number", NUMBER, [TYPED, TOLD_ANEW, *SPELLINGS])
    for told in MORE:
        yield from number_needles("number", told.number, [told.typed])


def _keys(stations: Sequence[Station]) -> Iterator[Needle]:
    roster, shares = load_roster(stations[0].data), {}
    for station in stations:
        name, words = station.player.id, station.passphrases
        keys = station.data / KEYS_FOLDER
        vault, custody = Vault(keys, entropy), Custody(keys)
        vault.unlock(words.vault)
        custody.unlock(words.custody)
        share, index = custody.share(roster.epoch.id)
        shares[index] = share
        officer = open_officer(station.data / OFFICER_FILE, words.officer)
        yield Needle(f"log key of {name}", vault.log_seed.reveal(), text=False)
        yield Needle(f"sealing key of {name}", vault.sealing_secret.reveal(), text=False)
        yield Needle(f"key share of {name}", share.reveal(), text=False)
        yield Needle(f"officer key of {name}", officer.reveal(), text=False)
        for passphrase in (words.vault, words.custody, words.officer):
            yield Needle(f"passphrase of {name}", passphrase.encode(), text=True)
        for token in station.tokens.values():
            yield Needle(f"token of {name}", token.encode(), text=True)
        for link in (*station.links.values(), *station.story_links.values()):
            yield Needle(f"sign-in link of {name}", link.rpartition("/")[2].encode(), text=True)
    for number in reported():
        candidate = read(PHONE, number).candidates[0].identifier
        yield Needle("Z of a number", stretched(roster, shares, candidate).reveal(), text=False)
