"""`veilleuse serve`: run a node until it is told to stop."""

import os
import socket
import sys
import threading
from pathlib import Path
from typing import Annotated, Final

import typer
import uvicorn

from node.app import build, create_app
from node.cli.errors import CommandError
from node.cli.options import Data, Json
from node.cli.output import print_json, progress_console
from node.cli.words import _
from node.redaction import configure_logging
from node.settings import Settings, load_settings

_BACKLOG: Final = 2048
_GRACE: Final = 5
"""Seconds that requests under way get at the end."""


class _Server(uvicorn.Server):
    """Says when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: str, *, as_json: bool) -> None:
        super().__init__(config)
        self._ready = ready
        self._as_json = as_json

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        if self.started and self._as_json:
            print_json({"url": self._ready, "pid": os.getpid()})
        elif self.started:
            progress_console().print(_("En marche : {url}").format(url=self._ready), markup=False)


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=_("Lancer le nœud. Ctrl-C l’arrête."))(serve)


def serve(
    data: Data,
    host: Annotated[str | None, typer.Option(help=_("Adresse d’écoute."))] = None,
    port: Annotated[int | None, typer.Option(help=_("Port d’écoute."))] = None,
    listening: Annotated[
        int | None,
        typer.Option("--fd", hidden=True, help=_("Descripteur d’une prise déjà à l’écoute.")),
    ] = None,
    lifeline: Annotated[
        int | None,
        typer.Option(hidden=True, help=_("Descripteur dont la fin arrête le nœud.")),
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Build the node in `data` and serve it."""
    settings = load_settings(data, host=host, port=port)
    configure_logging(sys.stderr)
    node = build(settings)
    listener = _listener(settings) if listening is None else socket.socket(fileno=listening)
    config = uvicorn.Config(
        create_app(node),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE,
    )
    server = _Server(config, settings.public_url, as_json=as_json)
    if lifeline is not None:
        threading.Thread(target=_watch, args=(lifeline, server), daemon=True).start()
    server.run(sockets=[listener])
    if not server.started:
        raise CommandError(
            _("Le nœud n’a pas pu démarrer ; la raison est dans les lignes ci-dessus.")
        )


def _listener(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise CommandError(
            _("Impossible d’écouter sur {host}, port {port} : {why}. Voir --port.").format(
                host=settings.host, port=settings.port, why=os.strerror(error.errno or 0)
            )
        ) from None
    return listener


def _watch(lifeline: int, server: uvicorn.Server) -> None:
    """Stop the server once the other end of `lifeline` is closed, however its owner ended."""
    with Path(f"/dev/fd/{lifeline}").open("rb") as pipe:
        pipe.read()
    server.should_exit = True
