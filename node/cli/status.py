"""`veilleuse status`: the network, from a node. Exit status 1: a lookup would be incomplete."""

from collections.abc import Mapping
from typing import Any

import typer
from rich import box
from rich.table import Table

from node.cli.options import Json, MaybeData, TokenFile, Url
from node.cli.output import BAD, console, print_json
from node.cli.remote import connect
from node.cli.words import _
from node.web.wording import GAPS
from protocol.answer import Unsearched


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=_("L’état du réseau, vu de ce nœud."))(status)


def status(
    data: MaybeData = None,
    url: Url = None,
    token_file: TokenFile = None,
    *,
    as_json: Json = False,
) -> None:
    """Show every member, and what is locked here."""
    with connect(url, data, token_file) as node:
        view = node.get("/network")
    if as_json:
        print_json(view)
    else:
        _show(view)
    if not view["complete"]:
        raise typer.Exit(BAD)


def _show(view: Mapping[str, Any]) -> None:
    out = console()
    states = {"open": _("ouvert"), "locked": _("fermé"), "none": _("aucun")}
    out.print(f"{view['name']}, {view['network']}", style="bold", markup=False)
    out.print(
        _("coffre : {vault} ; part de clé : {custody}").format(
            vault=states[view["vault"]], custody=states[view["custody"]]
        )
    )
    table = Table(box=box.SIMPLE_HEAD)
    for title in (_("Association"), _("vu il y a"), _("retard"), _("état")):
        table.add_column(title, no_wrap=True)
    for member in view["members"]:
        head = member["head_time"]
        since = "" if head is None else _("{seconds} s").format(seconds=max(0, view["now"] - head))
        table.add_row(member["name"], since, str(member["lag"]), _state(member))
    out.print(table)
    if view["complete"]:
        out.print(_("Une recherche faite maintenant peut être complète."))
    else:
        out.print(_("Une recherche faite maintenant serait incomplète."))


def _state(member: Mapping[str, Any]) -> str:
    if member["fault"] is not None:
        return _("répond mal : {fault}").format(fault=member["fault"])
    if member["not_searched"] is not None:
        return _(GAPS[Unsearched(member["not_searched"])][0])
    return _("cette association") if member["own"] else "ok"
