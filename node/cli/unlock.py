"""`veilleuse unlock`: open the custody or the vault of a running node."""

from enum import StrEnum
from typing import Annotated

import typer

from node.cli.options import Json, MaybeData, PassphraseFile, TokenFile, Url
from node.cli.output import console, print_json
from node.cli.passphrases import passphrase
from node.cli.remote import connect
from node.cli.words import _


class Level(StrEnum):
    """What can be opened."""

    CUSTODY = "custody"
    VAULT = "vault"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=_("Ouvrir le coffre (vault) ou la part de clé (custody) du nœud en marche."))(
        unlock
    )


def unlock(
    level: Annotated[Level, typer.Argument(help=_("vault : le coffre ; custody : la part."))],
    data: MaybeData = None,
    url: Url = None,
    token_file: TokenFile = None,
    passphrase_file: PassphraseFile = None,
    *,
    as_json: Json = False,
) -> None:
    """Send the passphrase of one level to the node; the account must be an administrator's."""
    with connect(url, data, token_file) as node:
        prompts = {
            Level.VAULT: _("Phrase de passe du coffre"),
            Level.CUSTODY: _("Phrase de passe de la part de clé"),
        }
        words = passphrase(prompts[level], passphrase_file)
        answer = node.post("/unlock", {"level": level.value, "passphrase": words})
    if as_json:
        print_json(answer)
    elif level is Level.VAULT:
        console().print(_("Le coffre est ouvert, jusqu’à l’arrêt du nœud."))
    else:
        console().print(_("La part de clé est ouverte, jusqu’à l’arrêt du nœud."))
