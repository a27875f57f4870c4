"""What `veilleuse demo` shows: the table of nodes, the story, and what the databases hold."""

import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Final, Never

from rich.console import Console

from node.audit.database import DATABASE_FILE
from node.cli.errors import CommandError
from node.cli.output import BAD, console, print_json
from node.cli.words import _
from node.demo.cast import CABIRIA, GRISELIDIS, PEOPLE, PLAYERS, SPELLINGS, TYPED
from node.demo.holdings import Holding, Row, holding_of
from node.demo.stage import Stage
from node.demo.story import STEPS, Story

_GLANCE: Final = 1.0
_SHOWN: Final = 24
"""Bytes of a sealed value that are printed: more of them say no more."""


def tell_story(stage: Stage, seconds: float, *, as_json: bool) -> Never:
    """Say how to enter, tell the story, and stay until a signal ends the demo."""
    if as_json:
        print_json(ready_line(stage))
        sys.stdout.flush()
    else:
        _show_entrance(console(), stage, seconds)
    shown = as_json
    while True:
        time.sleep(_GLANCE)
        if not shown and all(holding_of(station.data).rows for station in stage.stations):
            shown = True
            console().print(_("\nUne annonce vient d’arriver chez tout le monde. Voici ce que"))
            console().print(_("chaque base de données en contient vraiment :\n"))
            show_databases(stage.folder, as_json=False)


def ready_line(stage: Stage) -> dict[str, object]:
    """Return what scripts need to drive the demo."""
    return {
        "nodes": [
            {
                "association": station.player.id,
                "name": station.player.name,
                "url": station.url,
                "data": str(station.data),
                "pid": stage.running.pid(station.player.id),
                "tokens": station.tokens,
                "links": station.links,
            }
            for station in stage.stations
        ]
    }


def check_story(stage: Stage, *, as_json: bool) -> int:
    """Play the story; return the exit status."""
    out = console()
    outcomes = []
    for outcome in Story(stage).play():
        outcomes.append(outcome)
        if not as_json:
            mark = "ok " if outcome.held else "NON"
            out.print(f"{mark} {_(STEPS[outcome.step])}  ({outcome.detail})", markup=False)
    held = all(outcome.held for outcome in outcomes) and len(outcomes) == len(STEPS)
    if as_json:
        print_json({"ok": held, "steps": [asdict(outcome) for outcome in outcomes]})
    else:
        out.print(_("Tout a tenu.") if held else _("Une étape n’a pas tenu."))
    return 0 if held else BAD


def show_databases(folder: Path, *, as_json: bool) -> None:
    """Print what the databases in `folder`, of one node or of several below it, hold."""
    folders = (
        [folder]
        if (folder / DATABASE_FILE).exists()
        else sorted(file.parent for file in folder.glob(f"*/{DATABASE_FILE}"))
    )
    if not folders:
        raise CommandError(_("Il n’y a pas de nœud dans ce dossier : ") + str(folder))
    holdings = [(node, holding_of(node)) for node in folders]
    if as_json:
        print_json([_document(node, holding) for node, holding in holdings])
        return
    out = console()
    for node, holding in holdings:
        _show_holding(out, node, holding)


def _show_entrance(out: Console, stage: Stage, seconds: float) -> None:
    out.print(
        _(
            "\nVeilleuse, démo : quatre associations, quatre nœuds, prêts en {seconds:.0f} s."
        ).format(seconds=seconds),
        style="bold",
    )
    out.print(_("Numéros fictifs seulement. Chaque lien entre une fois, sans mot de passe.\n"))
    for station in stage.stations:
        player = station.player
        out.print(f"[bold]{player.name}[/bold] ({player.town})  {station.url}")
        for person in PEOPLE:
            link = station.links[person.key]
            out.print(f"  {person.name:<8} {_(person.task):<12} {link}", markup=False)
    lyon, toulouse = stage.station(CABIRIA), stage.station(GRISELIDIS)
    out.print(_("\nL’histoire, en quatre temps"), style="bold")
    steps = (
        (
            _(
                "À Lyon, Camille signale {number} : gravité « Dangereux », et le consentement à"
            ).format(number=TYPED)
            + _(" prévenir les autres associations."),
            [lyon.story_links["caseworker"]],
        ),
        (
            _("À Lyon, deux personnes relisent et approuvent, l’une après l’autre."),
            [lyon.story_links["moderator"], lyon.story_links["moderator2"]],
        ),
        (
            _("À Toulouse, Camille cherche {number} : trouvé, sous une autre écriture.").format(
                number=SPELLINGS[0]
            ),
            [toulouse.story_links["caseworker"]],
        ),
        (
            _("Ce que les quatre bases de données contiennent vraiment (affiché ici aussi) :"),
            [f"./veilleuse demo --show {stage.folder}"],
        ),
    )
    for number, (text, links) in enumerate(steps, start=1):
        out.print(f"{number}. {text}", markup=False)
        for link in links:
            out.print(f"     {link}", markup=False)
    out.print(_("\nUn lien a déjà servi ? En voici un autre :"))
    out.print(f"     ./veilleuse account link --data {lyon.data} {PEOPLE[0].name}", markup=False)
    out.print(_("Contrôler les journaux du réseau (dans un autre terminal) :"))
    folders = " ".join(str(station.data) for station in stage.stations)
    out.print(f"     ./veilleuse audit {folders}", markup=False)
    out.print(_("\nCtrl-C arrête tout et efface tout."))


def _show_holding(out: Console, folder: Path, holding: Holding) -> None:
    names = {player.id: player.name for player in PLAYERS}
    out.print(f"[bold]{names.get(holding.holder, holding.holder)}[/bold]  {folder / DATABASE_FILE}")
    if not holding.rows:
        out.print(_("  aucune annonce pour l’instant"))
    for row in holding.rows:
        out.print(
            _("  annonce {index} du journal de {origin} ({standing})").format(
                index=row.index, origin=names.get(row.origin, row.origin), standing=row.standing
            ),
            markup=False,
        )
        out.print(f"    entry    {row.entry.decode(errors='replace')}", markup=False)
        out.print(f"    tag      {_hex(row.tag)}", markup=False)
        out.print(f"    payload  {_payload(row)}", markup=False)
    if holding.sealed is not None:
        out.print(
            _("  ses propres signalements : {count}, scellés ; le dernier :").format(
                count=holding.reports
            )
        )
        out.print(f"    sealed   {_hex(holding.sealed)}", markup=False)


def _payload(row: Row) -> str:
    if row.payload is None:
        return _("effacé")
    return row.payload[:120].decode(errors="replace") + _("… ({size} octets)").format(
        size=len(row.payload)
    )


def _hex(value: bytes | None) -> str:
    if value is None:
        return _("effacé")
    if len(value) <= 2 * _SHOWN:
        return value.hex()
    return value[:_SHOWN].hex() + _("… ({size} octets)").format(size=len(value))


def _document(folder: Path, holding: Holding) -> dict[str, object]:
    return {
        "holder": holding.holder,
        "database": str(folder / DATABASE_FILE),
        "announcements": [
            {
                "origin": row.origin,
                "index": row.index,
                "standing": row.standing,
                "entry": row.entry.decode(errors="replace"),
                "tag": None if row.tag is None else row.tag.hex(),
                "payload": None if row.payload is None else row.payload.decode(errors="replace"),
            }
            for row in holding.rows
        ],
        "reports": holding.reports,
        "sealed": None if holding.sealed is None else holding.sealed.hex(),
    }
