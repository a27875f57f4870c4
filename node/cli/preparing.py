"""Making a node's data folder: keys under passphrases, settings, its card, an empty database."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pydantic import ValidationError

from federation.ports import Entropy
from node.cli.errors import CommandError
from node.cli.words import _
from node.genesis import Card, member_card
from node.roster_file import KEYS_FOLDER
from node.settings import SETTINGS_FILE, Settings, load_settings
from node.storage.database import Database
from node.vault.boot import create_boot
from node.vault.files import write_private
from node.vault.officer import create_officer
from node.vault.passphrase import DEFAULT_COST
from node.vault.vault import Vault, create_vault
from protocol.roster import Stretching

CARD_FILE: Final = "card.json"


@dataclass(frozen=True, slots=True)
class Profile:
    """What an association says of itself when its node is made."""

    id: str
    name: str
    url: str
    region: Literal["FR", "BE"] = "FR"
    contact: str = ""


def prepare_keys(
    data: Path,
    profile: Profile,
    officer_file: Path,
    vault_passphrase: str,
    officer_passphrase: str,
    entropy: Entropy,
    cost: Stretching = DEFAULT_COST,
) -> Card:
    """Make all keys of a node in `data`, and the card that its founder needs.

    Args:
        data: where nothing was prepared before.
        profile: the association.
        officer_file: where the officer's key goes; it does not belong on the node's machine.
        vault_passphrase: opens the vault.
        officer_passphrase: opens the officer's key.
        entropy: randomness.
        cost: Argon2id parameters of both.

    Raises:
        CommandError: there are keys already, or the profile cannot be used.
        WeakPassphraseError: a passphrase is too short.
    """
    keys = data / KEYS_FOLDER
    if keys.exists() or officer_file.exists():
        raise CommandError(
            _("Il y a déjà des clés dans {folder} : rien n’a été touché.").format(folder=data)
        )
    try:
        identity = create_boot(keys, profile.id, entropy)
        create_vault(keys, profile.id, vault_passphrase, entropy, cost)
        officer = create_officer(officer_file, profile.id, officer_passphrase, entropy, cost)
        card = member_card(
            identity,
            Vault(keys, entropy),
            officer,
            profile.name,
            profile.url,
            profile.region,
            profile.contact,
        )
    except ValidationError:
        raise CommandError(
            _(
                "Cet identifiant ne convient pas : des minuscules sans accent, des chiffres et des "
                "tirets, par exemple grand-bus."
            )
        ) from None
    write_private(data / CARD_FILE, card.encode() + b"\n")
    return card


def write_settings(data: Path, values: Mapping[str, str | int | bool]) -> Settings:
    """Write `node.toml` and return the settings as the node will read them.

    Raises:
        SettingsError: they cannot be used.
    """
    # A JSON string, number or boolean is also a TOML one.
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in values.items()]
    write_private(data / SETTINGS_FILE, "".join(lines).encode())
    return load_settings(data)


async def prepare_database(settings: Settings) -> None:
    """Create the database, or bring its tables to this version.

    Raises:
        StorageError: it cannot be used.
    """
    database = Database(settings.resolved_database_url)
    await database.open()
    await database.close()
