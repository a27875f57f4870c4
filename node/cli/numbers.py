"""Numbers on the command line: asked for, or piped; as an argument only if they are fictional.

An argument stays in the shell's history and shows in the list of processes: a real number there
would be a leak that nobody notices.
"""

import re
import sys
from typing import Annotated, Final

import typer

from node.cli.errors import CommandError
from node.cli.words import _
from protocol.errors import IdentifierError
from protocol.identifiers import read

_PHONE: Final = "phone/1"
_FICTIONAL: Final = re.compile(r"\+33(?:63998|19900|26191|35301|46571|53649)\d{4}")
_MOST: Final = 256

Number = Annotated[
    str | None,
    typer.Argument(help=_("Rien : le numéro est demandé ; - : il est lu sur l’entrée.")),
]


def number_from(argument: str | None, *, default_region: str = "FR") -> str:
    """Return the number to use, as typed.

    Raises:
        CommandError: a real number as an argument, or none at all.
    """
    if argument is not None and argument != "-":
        if not is_fictional(argument, default_region):
            raise CommandError(
                _(
                    "Un numéro écrit dans la commande reste dans l’historique de ce terminal : "
                    "effacez-le.\nRelancez sans numéro, il sera demandé."
                )
            )
        return argument
    if argument is None and sys.stdin.isatty():
        typed = typer.prompt(_("Numéro"), err=True)
    else:
        typed = sys.stdin.readline(_MOST)
    text = str(typed).strip()
    if not text:
        raise CommandError(_("Aucun numéro n’a été donné."))
    return text


def is_fictional(text: str, default_region: str = "FR") -> bool:
    """Return whether every reading of `text` is a number that belongs to nobody."""
    try:
        found = read(_PHONE, text, default_region=default_region).candidates
    except IdentifierError:
        return False
    return all(_FICTIONAL.fullmatch(reading.identifier.text) for reading in found)
