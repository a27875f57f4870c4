"""`veilleuse audit`: were the rules kept? Exit status 0: yes; 1: no, and who; 2: not carried out.

Over folders it needs neither a node's storage nor its talking to peers, and loads neither.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich import box
from rich.table import Table

from node.audit.folders import read_folder, roster_of
from node.cli.errors import CommandError
from node.cli.options import Json
from node.cli.output import BAD, console, print_json
from node.cli.words import _
from node.labels import N_
from node.services.dates import month_of
from node.system import SystemClock, entropy
from protocol.audit import Copy, Report, Rule, audit
from protocol.roster import MAX_ROSTER_SIZE, Member, Roster, verify_genesis

RULES: Final = {
    Rule.CHECKPOINT: N_("signatures"),
    Rule.LOG: N_("journal"),
    Rule.ENTRIES: N_("écritures"),
    Rule.ONE_HISTORY: N_("une seule histoire"),
    Rule.ERASURE: N_("effacements"),
    Rule.COPIED: N_("copies"),
}


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("audit", help=_("Contrôler les journaux d’un réseau."))(audit_copies)


def audit_copies(
    sources: Annotated[
        list[str] | None, typer.Argument(help=_("Dossiers de nœuds, ou adresses avec --key."))
    ] = None,
    roster_file: Annotated[
        Path | None, typer.Option("--roster", help=_("Acte fondateur, pour des adresses."))
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(file_okay=False, help=_("Dossier de la clé d’un membre ou d’un contrôle.")),
    ] = None,
    network_id: Annotated[
        str | None, typer.Option("--network-id", help=_("Empreinte attendue du réseau."))
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Read the copies, audit them, and say what was found."""
    given = sources or []
    if key is None:
        if not given:
            raise CommandError(_("Quels nœuds ? Donnez leurs dossiers, ou --roster et --key."))
        folders = [Path(source) for source in given]
        roster = roster_of(folders)
        copies = [copy for folder in folders for copy in read_folder(folder)]
    else:
        roster = _read_roster(roster_file)
        copies = _ask(roster, _members(roster, given), key)
    expected = (network_id or "").replace(" ", "").lower()
    if expected and expected != roster.network_id.hex():
        raise CommandError(_("Ces nœuds sont d’un autre réseau que celui de cette empreinte."))
    if not copies:
        raise CommandError(_("Il n’y a encore aucun journal à contrôler."))
    report = audit(roster, copies, month_of(SystemClock().now()))
    if as_json:
        print_json(_document(roster, report))
    else:
        _show(roster, report)
    if not report.sound:
        raise typer.Exit(BAD)


def _read_roster(file: Path | None) -> Roster:
    if file is None:
        raise CommandError(_("Avec --key il faut --roster : l’acte fondateur du réseau."))
    try:
        with file.open("rb") as content:
            return verify_genesis(content.read(MAX_ROSTER_SIZE + 1))
    except OSError:
        raise CommandError(_("Ce fichier ne peut pas être lu : ") + str(file)) from None


def _members(roster: Roster, urls: Sequence[str]) -> list[Member]:
    known = {member.url: member for member in roster.members}
    try:
        return [known[url.rstrip("/")] for url in urls] or list(roster.members)
    except KeyError as error:
        raise CommandError(
            _("Cette adresse n’est celle d’aucun membre : ") + str(error.args[0])
        ) from None


def _ask(roster: Roster, members: Sequence[Member], key: Path) -> list[Copy]:
    # Only here: an audit of folders must not need the code that talks to nodes.
    from node.audit.peers import read_peers  # noqa: PLC0415
    from node.vault.boot import load_boot  # noqa: PLC0415

    return asyncio.run(read_peers(roster, members, load_boot(key), SystemClock(), entropy))


def _document(roster: Roster, report: Report) -> dict[str, object]:
    return {
        "sound": report.sound,
        "network": roster.facts.network,
        "network_id": roster.network_id.hex(),
        "findings": [asdict(finding) for finding in report.findings],
        "logs": [asdict(log) for log in report.logs],
    }


def _show(roster: Roster, report: Report) -> None:
    out = console()
    names = {member.id: member.name for member in roster.members}
    out.print(
        _("Réseau {name}, {members} associations, empreinte {fingerprint}…").format(
            name=roster.facts.network,
            members=len(roster.members),
            fingerprint=roster.network_id.hex()[:16],
        ),
        markup=False,
    )
    table = Table(box=box.SIMPLE_HEAD)
    for title in (_("Journal de"), _("copie chez"), _("signé le (UTC)")):
        table.add_column(title, no_wrap=True)
    for title in (_("écritures"), _("en vigueur"), _("contestées"), _("retirées"), _("absentes")):
        table.add_column(title, justify="right", no_wrap=True)
    for log in report.logs:
        figures = (log.size, log.live, log.disputed, log.withdrawn, log.missing)
        table.add_row(
            names.get(log.origin, log.origin),
            names.get(log.holder, log.holder),
            _moment(log.head_time),
            *(str(figure) for figure in figures),
        )
    out.print(table)
    broken = Counter(finding.rule for finding in report.findings)
    for rule, name in RULES.items():
        verdict = _("{count} manquement(s)").format(count=broken[rule]) if broken[rule] else "ok"
        out.print(f"  {_(name):<20} {verdict}", markup=False)
    for finding in report.findings:
        place = "" if finding.index is None else _(", écriture {index}").format(index=finding.index)
        where = _("{who}, journal de {origin}{place}").format(
            who=names.get(finding.at_fault, finding.at_fault),
            origin=names.get(finding.origin, finding.origin),
            place=place,
        )
        out.print(f"- {where} ({finding.rule.value}) : {finding.sentence}", markup=False)
    if report.sound:
        out.print(_("Aucun manquement dans ce qui a été lu."))
    else:
        out.print(_("Les règles n’ont pas été tenues."))


def _moment(time: int | None) -> str:
    return "" if time is None else datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M")
