"""`veilleuse matches`: own reports whose number another association has announced, too."""

import typer

from node.cli.notices import lines_of
from node.cli.options import Json, MaybeData, TokenFile, Url
from node.cli.output import console, print_json
from node.cli.remote import connect
from node.cli.words import _


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=_("Vos signalements qui recoupent ceux d’une autre association."))(matches)


def matches(
    data: MaybeData = None,
    url: Url = None,
    token_file: TokenFile = None,
    *,
    as_json: Json = False,
) -> None:
    """List them, unseen ones first."""
    with connect(url, data, token_file) as node:
        found = node.get("/matches")
    if as_json:
        print_json(found)
        return
    out = console()
    if not found:
        out.print(_("Aucun recoupement pour l’instant."))
    for match in found:
        out.print(_("déjà vu") if match["seen"] else _("NOUVEAU"), style="bold")
        for line in lines_of(match):
            out.print("  " + line, markup=False)
