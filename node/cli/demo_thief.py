"""What `veilleuse demo --seize` shows: the search of the disks, then the attacks."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from node.cli.output import BAD, console, print_json, progress_console
from node.cli.words import _
from node.demo.needles import needles_of
from node.demo.search import Leak, encodings
from node.demo.seize import Attempt, attack, candidates, fill, find_leaks, plant
from node.demo.stage import Stage

_LEAKS_SHOWN: Final = 10


def play_thief(stage: Stage, count: int, *, plant_leak: bool, as_json: bool) -> int:
    """Fill the network, stop it, search it, attack it; return the exit status."""
    tried = candidates(count)  # a wrong count is said before anything is done
    progress = progress_console()

    def tell(text: str) -> None:
        if not as_json:
            progress.print("  " + text + " …", markup=False)

    tell(_("Quatre associations signalent quatre personnes"))
    fill(stage)
    tell(_("Les nœuds s’arrêtent, le voleur emporte les quatre dossiers"))
    stage.running.stop()
    if plant_leak:
        plant(stage.stations)
    tell(_("Il fouille chaque octet"))
    leaks = find_leaks(stage.stations)
    # With something readable on the disk there is no need for cryptography.
    attempts = [] if leaks else list(attack(stage.stations, tried, tell))
    held = not leaks and bool(attempts) and all(attempt.held for attempt in attempts)
    if as_json:
        print_json(
            {
                "ok": held,
                "candidates": len(tried),
                "leaks": [
                    {"needle": leak.needle, "encoding": leak.encoding, "file": str(leak.file)}
                    for leak in leaks
                ],
                "attempts": [asdict(attempt) for attempt in attempts],
            }
        )
    else:
        _show(stage, leaks, attempts, len(tried), held=held)
    return 0 if held else BAD


def _show(
    stage: Stage, leaks: Sequence[Leak], attempts: Sequence[Attempt], tried: int, *, held: bool
) -> None:
    out = console()
    needles = needles_of(stage.stations)
    patterns = sum(1 for needle in needles for _pattern in encodings(needle))
    out.print(
        _("\nFouille : {needles} secrets, {patterns} écritures, {leaks} trouvé(s).").format(
            needles=len(needles), patterns=patterns, leaks=len(leaks)
        )
    )
    for leak in leaks[:_LEAKS_SHOWN]:
        out.print(f"  {leak.needle} ({leak.encoding}) : {leak.file}", markup=False)
    if attempts:
        out.print(_("Ce réseau-ci a un mur bas : un essai y coûte moins cher que dans un vrai."))
        out.print(
            _("Attaque de {tried} numéros, tous les signalés parmi eux :").format(tried=tried)
        )
    names = {station.player.id: station.player.name for station in stage.stations}
    for attempt in attempts:
        mark = "ok " if attempt.held else "NON"
        nodes = " + ".join(names[node] for node in attempt.nodes)
        out.print(
            _("  {mark} {shares} part(s) : {identified} reconnu(s) sur {tried}   {nodes}").format(
                mark=mark,
                shares=attempt.shares,
                identified=attempt.identified,
                tried=attempt.tried,
                nodes=nodes,
            ),
            markup=False,
        )
    out.print(_("Le seuil tient.") if held else _("Le seuil n’a pas tenu."))
