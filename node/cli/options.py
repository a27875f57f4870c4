"""Options that several commands have, declared once."""

from pathlib import Path
from typing import Annotated

import typer

from node.cli.words import _

Json = Annotated[bool, typer.Option("--json", help=_("Répondre en JSON, pour un programme."))]

Data = Annotated[
    Path,
    typer.Option(
        "--data", envvar="VEILLEUSE_DATA", file_okay=False, help=_("Dossier de données du nœud.")
    ),
]

MaybeData = Annotated[
    Path | None,
    typer.Option(
        "--data",
        envvar="VEILLEUSE_DATA",
        file_okay=False,
        help=_("Dossier de données du nœud (pour trouver son adresse)."),
    ),
]

Url = Annotated[
    str | None,
    typer.Option("--url", envvar="VEILLEUSE_URL", help=_("Adresse du nœud en marche.")),
]

TokenFile = Annotated[
    Path | None,
    typer.Option(
        "--token-file",
        help=_("Fichier qui contient le jeton ; sinon la variable VEILLEUSE_TOKEN."),
    ),
]

PassphraseFile = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file",
        help=_("Fichier qui contient la phrase de passe, - pour l’entrée ; sinon demandée."),
    ),
]
