"""`veilleuse demo`: four real nodes on this machine, to play with, to check, or to rob."""

import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Annotated, Final, Never

import typer

from node.cli.demo_acts import check_story, show_databases, tell_story
from node.cli.demo_thief import play_thief
from node.cli.errors import CommandError
from node.cli.options import Json
from node.cli.output import progress_console
from node.cli.words import _
from node.demo.seize import LOW_WALL
from node.demo.stage import DEFAULT_WALL, demo_stage
from node.labels import N_
from node.system import SystemClock, entropy

CANDIDATES: Final = 500
STAGES: Final = {
    "keys": N_("Quatre associations fabriquent leurs clés et fondent leur réseau"),
    "start": N_("Quatre nœuds démarrent"),
    "meet": N_("Chacun vérifie les journaux des trois autres"),
}


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=_("Quatre nœuds sur cette machine, avec des numéros fictifs."))(demo)


def demo(
    *,
    check: Annotated[
        bool, typer.Option("--check", help=_("Jouer l’histoire sans personne ; 0 si tout tient."))
    ] = False,
    seize: Annotated[
        bool, typer.Option("--seize", help=_("Jouer le voleur : fouiller, puis attaquer."))
    ] = False,
    candidates: Annotated[
        int, typer.Option(help=_("Numéros que le voleur essaie (500 ; 10 000 au plus)."))
    ] = CANDIDATES,
    plant_leak: Annotated[bool, typer.Option("--plant-leak", hidden=True)] = False,
    show: Annotated[
        Path | None,
        typer.Option(file_okay=False, help=_("Montrer ce que contiennent les bases de données.")),
    ] = None,
    as_json: Json = False,
) -> None:
    """Choose what to play."""
    if sum((check, seize, show is not None)) > 1:
        raise CommandError(_("Choisissez : --check, --seize ou --show."))
    if show is not None:
        show_databases(show, as_json=as_json)
        return
    _end_by_signal()
    begun = time.monotonic()
    progress = _Progress()
    try:
        wall = LOW_WALL if seize else DEFAULT_WALL
        with demo_stage(progress.tell, SystemClock(), entropy, time.sleep, wall) as stage:
            progress.end()
            code = 0
            if check:
                code = check_story(stage, as_json=as_json)
            elif seize:
                code = play_thief(stage, candidates, plant_leak=plant_leak, as_json=as_json)
            else:
                tell_story(stage, time.monotonic() - begun, as_json=as_json)
            if code:
                raise typer.Exit(code)
    except KeyboardInterrupt:
        progress.end()
        if check or seize:
            raise CommandError(_("Interrompu ; tout est arrêté et effacé.")) from None
        progress_console().print(_("Tout est arrêté, tout est effacé."))


class _Progress:
    """The stages of the start, one line each; a clock runs beside the one under way."""

    def __init__(self) -> None:
        self._out = progress_console()
        self._status = self._out.status("") if sys.stderr.isatty() else None
        if self._status is not None:
            self._status.start()

    def tell(self, stage: str) -> None:
        """Name the stage that begins."""
        text = _(STAGES[stage])
        if self._status is None:
            self._out.print(text + " …", markup=False)
        else:
            self._status.update(text)

    def end(self) -> None:
        """Leave a clean line behind."""
        if self._status is not None:
            self._status.stop()


def _end_by_signal() -> None:
    """Make the signals that end a program end the demo in order: nodes stopped, folder erased.

    Only the first counts: whoever presses Ctrl-C twice must not leave a node behind.
    """

    def end(_number: int, _frame: FrameType | None) -> Never:
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, signal.SIG_IGN)
        raise KeyboardInterrupt

    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, end)
