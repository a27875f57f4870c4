"""The table of commands. Only the module of the command that was asked for is loaded."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Final

import typer

from crypto.errors import VeilleuseError
from node.cli.failures import tell_failure
from node.cli.words import _

COMMANDS: Final[Mapping[str, str]] = {
    "demo": "node.cli.demo",
    "audit": "node.cli.audit",
    "init": "node.cli.init",
    "network": "node.cli.network",
    "serve": "node.cli.serve",
    "unlock": "node.cli.unlock",
    "account": "node.cli.account",
    "token": "node.cli.token",
    "report": "node.cli.reports",
    "approve": "node.cli.reports",
    "refuse": "node.cli.reports",
    "withdraw": "node.cli.reports",
    "lookup": "node.cli.lookup",
    "matches": "node.cli.matches",
    "status": "node.cli.status",
}
"""Command to module. A module adds its commands to an application with `add_to`.

An audit must not need the code that it audits, and nobody waits for a web framework to read a help
text: so each command brings its own imports.
"""


def run(arguments: Sequence[str]) -> int:
    """Carry out one command line; return 0, 1 (the answer is bad) or 2 (it could not be done)."""
    try:
        application(arguments[0] if arguments else None)(list(arguments), prog_name="veilleuse")
    except VeilleuseError as error:
        return tell_failure(error, as_json="--json" in arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def application(command: str | None = None) -> typer.Typer:
    """Return the command line with the group of `command`, or with every command."""
    app = typer.Typer(
        name="veilleuse",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,  # they show the values of variables
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback(help=_("Veilleuse : un numéro signalé ici est reconnu ailleurs, sans être lu."))
    def veilleuse() -> None:
        """Keep one command a command of its own."""

    known = COMMANDS.get(command or "")
    wanted = dict.fromkeys(COMMANDS.values()) if known is None else [known]
    for module in wanted:
        import_module(module).add_to(app)
    return app
