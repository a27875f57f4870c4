"""`veilleuse init`: make a node's folder."""

import asyncio
from pathlib import Path
from typing import Annotated, Literal

import typer

from node.cli.options import Data, Json
from node.cli.output import console, print_json
from node.cli.passphrases import passphrase
from node.cli.preparing import CARD_FILE, Profile, prepare_database, prepare_keys, write_settings
from node.cli.words import _
from node.system import entropy


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=_("Créer le dossier d’un nœud : clés, réglages, base de données."))(init)


def init(  # noqa: PLR0913, PLR0917  (one option each)
    data: Data,
    association: Annotated[
        str, typer.Option("--id", help=_("Identifiant court, en minuscules : grand-bus."))
    ],
    name: Annotated[str, typer.Option(help=_("Nom de l’association."))],
    url: Annotated[str, typer.Option(help=_("Adresse où les autres nœuds joignent celui-ci."))],
    region: Annotated[
        Literal["FR", "BE"], typer.Option(help=_("Pays des numéros écrits sans indicatif."))
    ] = "FR",
    contact: Annotated[
        str, typer.Option(help=_("Comment l’équipe d’une autre association vous joint."))
    ] = "",
    host: Annotated[str, typer.Option(help=_("Adresse d’écoute."))] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help=_("Port d’écoute."))] = 8470,
    officer_file: Annotated[
        Path | None,
        typer.Option(help=_("Où écrire la clé qui signe au nom de l’association (clé USB).")),
    ] = None,
    vault_passphrase_file: Annotated[
        Path | None, typer.Option(help=_("Fichier de la phrase de passe du coffre."))
    ] = None,
    officer_passphrase_file: Annotated[
        Path | None, typer.Option(help=_("Fichier de la phrase de passe de la clé qui signe."))
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Make keys, settings and database, and say what comes next."""
    officer = officer_file or data / "officer" / "officer.json"
    vault_words = passphrase(_("Phrase de passe du coffre"), vault_passphrase_file, new=True)
    officer_words = passphrase(
        _("Phrase de passe de la clé qui signe"), officer_passphrase_file, new=True
    )
    profile = Profile(association, name, url, region, contact)
    prepare_keys(data, profile, officer, vault_words, officer_words, entropy)
    settings = write_settings(data, {"public_url": url, "host": host, "port": port})
    asyncio.run(prepare_database(settings))
    if as_json:
        print_json({"data": str(data), "card": str(data / CARD_FILE), "officer": str(officer)})
        return
    out = console()
    out.print(_("Le nœud de {name} est prêt dans {data}.").format(name=name, data=data))
    out.print(_("Et maintenant :"))
    steps = (
        _("Mettez {officer} sur une clé USB, et gardez-en une copie sur papier."),
        _("Envoyez {card} à l’association fondatrice du réseau (rien n’y est secret)."),
        _("À réception de l’acte fondateur : veilleuse network sign, puis network accept."),
        _("Créez les comptes : veilleuse account add --data {data} --role administrator NOM"),
        _("Lancez : veilleuse serve --data {data}"),
    )
    for number, step in enumerate(steps, start=1):
        text = step.format(officer=officer, card=data / CARD_FILE, data=data)
        out.print(f"  {number}. {text}", markup=False)
