"""`veilleuse report`, `approve`, `refuse`, `withdraw`: reports of one's own association."""

from pathlib import Path
from typing import Annotated, Any

import typer

from node.cli.errors import CommandError
from node.cli.numbers import Number, number_from
from node.cli.options import Json, MaybeData, TokenFile, Url
from node.cli.output import console, print_json
from node.cli.remote import connect
from node.cli.words import _
from protocol.vocabulary import Consent, Severity, Violence

ReportId = Annotated[str, typer.Argument(help=_("Identifiant du signalement."))]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(help=_("Enregistrer un signalement."))(report)
    app.command(help=_("Approuver un signalement relu."))(approve)
    app.command(help=_("Refuser un signalement relu ; son contenu est détruit."))(refuse)
    app.command(help=_("Retirer un signalement, ici et dans tout le réseau."))(withdraw)


def report(  # noqa: PLR0913, PLR0917  (one option each)
    number: Number = None,
    severity: Annotated[
        str, typer.Option(help=_("Gravité : ") + ", ".join(word.value for word in Severity))
    ] = Severity.RISQUE.value,
    violence: Annotated[
        list[str] | None,
        typer.Option(help=_("Fait, à répéter : ") + ", ".join(word.value for word in Violence)),
    ] = None,
    consent: Annotated[
        list[str] | None,
        typer.Option(
            help=_("Accord donné, à répéter : ") + ", ".join(word.value for word in Consent)
        ),
    ] = None,
    month: Annotated[str | None, typer.Option(help=_("Mois des faits : 2026-11."))] = None,
    area: Annotated[str | None, typer.Option(help=_("Département ou province : 69."))] = None,
    region: Annotated[str | None, typer.Option(help=_("Pays du numéro, si besoin."))] = None,
    narrative_file: Annotated[
        Path | None, typer.Option(help=_("Fichier qui contient le récit."))
    ] = None,
    data: MaybeData = None,
    url: Url = None,
    token_file: TokenFile = None,
    *,
    as_json: Json = False,
) -> None:
    """Send a report to the node; it waits there for a moderator."""
    story = "" if narrative_file is None else _narrative(narrative_file)
    with connect(url, data, token_file) as node:
        identifier = {"kind": "phone", "text": number_from(number), "region": region}
        created = node.post(
            "/reports",
            {
                "identifiers": [identifier],
                "severity": severity,
                "violence": violence or [],
                "consents": dict.fromkeys(consent or (), True),
                "month": month,
                "area": area,
                "narrative": story,
            },
        )
    if as_json:
        print_json(created)
        return
    out = console()
    out.print(_("Enregistré : {id}").format(id=created["id"]), markup=False)
    out.print(_("Une personne de la modération doit le relire avant toute annonce."))


def approve(
    report_id: ReportId,
    data: MaybeData = None,
    url: Url = None,
    token_file: TokenFile = None,
    *,
    as_json: Json = False,
) -> None:
    """Approve; the highest severities take two people."""
    answer = _decide("approve", report_id, url, data, token_file)
    if as_json:
        print_json(answer)
    elif answer["approvals"] < answer["approvals_needed"]:
        console().print(_("Approuvé. Il faut encore une autre personne."))
    else:
        console().print(_("Approuvé. S’il doit l’être, il est annoncé dans la minute."))


def refuse(
    report_id: ReportId,
    data: MaybeData = None,
    url: Url = None,
    token_file: TokenFile = None,
    *,
    as_json: Json = False,
) -> None:
    """Refuse; nothing was ever announced of it."""
    answer = _decide("refuse", report_id, url, data, token_file)
    if as_json:
        print_json(answer)
    else:
        console().print(_("Refusé. Son contenu est détruit."))


def withdraw(
    report_id: ReportId,
    data: MaybeData = None,
    url: Url = None,
    token_file: TokenFile = None,
    *,
    as_json: Json = False,
) -> None:
    """Withdraw; it stops matching everywhere within a minute."""
    answer = _decide("withdraw", report_id, url, data, token_file)
    if as_json:
        print_json(answer)
    else:
        console().print(_("Retiré. Dans la minute, plus aucun nœud ne le trouve."))


def _decide(
    action: str, report_id: str, url: str | None, data: Path | None, token_file: Path | None
) -> Any:  # noqa: ANN401  (JSON)
    if not report_id.isalnum():
        raise CommandError(_("Ce n’est pas un identifiant de signalement."))
    with connect(url, data, token_file) as node:
        return node.post(f"/reports/{report_id}/{action}")


def _narrative(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise CommandError(_("Ce fichier ne peut pas être lu : ") + str(file)) from None
