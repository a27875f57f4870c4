"""`veilleuse lookup`: has anyone reported this number? Exit status 1 if not all was searched."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console

from node.cli.notices import lines_of
from node.cli.numbers import Number, number_from
from node.cli.options import Json, MaybeData, TokenFile, Url
from node.cli.output import BAD, console, print_json
from node.cli.remote import connect
from node.cli.words import _
from node.web.wording import GAPS
from protocol.answer import Unsearched, Verdict


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=_("Chercher un numéro dans toutes les associations."))(lookup)


def lookup(
    number: Number = None,
    region: Annotated[str | None, typer.Option(help=_("Pays du numéro, si besoin."))] = None,
    data: MaybeData = None,
    url: Url = None,
    token_file: TokenFile = None,
    *,
    as_json: Json = False,
) -> None:
    """Ask the node, and show its answer as plainly as the page does."""
    with connect(url, data, token_file) as node:
        text = number_from(number)
        answer = node.post("/lookups", {"text": text, "region": region})
    if as_json:
        print_json(answer)
    else:
        _show(console(), answer)
    if answer["answer"] == Verdict.INCOMPLETE:
        raise typer.Exit(BAD)


def _show(out: Console, answer: Mapping[str, Any]) -> None:
    titles = {
        Verdict.MATCH: _("DÉJÀ SIGNALÉ"),
        Verdict.NO_MATCH: _("RIEN TROUVÉ. Ce n’est pas une garantie."),
        Verdict.INCOMPLETE: _("RECHERCHE INCOMPLÈTE : tout n’a pas pu être cherché."),
    }
    out.print(titles[Verdict(answer["answer"])], style="bold", markup=False)
    for match in answer["matches"]:
        for line in lines_of(match):
            out.print("  " + line, markup=False)
    for report in answer["own_reports"]:
        out.print(_("  Signalé chez vous : {id}").format(id=report), markup=False)
    for gap in answer["not_searched"]:
        why, advice = GAPS[Unsearched(gap["reason"])]
        who = gap["name"] or _("Réseau")
        out.print(f"  {who} : {_(why)}\n    {_(advice)}", markup=False)
    read = ", ".join(candidate["text"] for candidate in answer["candidates"])
    out.print(_("Cherché : {numbers}").format(numbers=read), markup=False)
    until = answer["searched_until"]
    if until is not None:
        moment = datetime.fromtimestamp(until, UTC).strftime("%Y-%m-%d %H:%M UTC")
        out.print(_("Jusqu’à : {moment}").format(moment=moment), markup=False)
