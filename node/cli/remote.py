"""A running node's JSON API, as commands use it."""

import os
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx

from node.cli.errors import CommandError, RemoteError
from node.cli.passphrases import read_secret
from node.cli.words import _
from node.settings import load_settings

TOKEN_VARIABLE: Final = "VEILLEUSE_TOKEN"  # noqa: S105  (a variable's name)
_ANYWHERE: Final = frozenset({"0.0.0.0", "::", ""})  # noqa: S104  (not bound to, only recognised)
_BAD_REQUEST: Final = 400
_PATIENCE: Final = httpx.Timeout(60.0, connect=10.0)


class StaffClient:
    """One account's view of one node. Close it, or use it in a `with`."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._http = httpx.Client(
            base_url=url + "/api/v1",
            headers={"authorization": f"Bearer {token}"},
            timeout=_PATIENCE,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def get(self, path: str, **parameters: str) -> Any:  # noqa: ANN401  (JSON)
        """Return the JSON answer of a GET. Raises as `post`."""
        return self._send("GET", path, params=parameters)

    def post(self, path: str, content: object = None) -> Any:  # noqa: ANN401  (JSON)
        """Return the JSON answer of a POST.

        Raises:
            CommandError: no node answers there.
            RemoteError: it refused.
        """
        return self._send("POST", path, json=content)

    def _send(self, method: str, path: str, **options: Any) -> Any:  # noqa: ANN401
        try:
            answer = self._http.request(method, path, **options)
        except httpx.HTTPError:
            raise CommandError(
                _("Aucun nœud ne répond à {url}. Est-il lancé ? veilleuse serve").format(
                    url=self._url
                )
            ) from None
        try:
            content = answer.json()
        except ValueError:
            content = None
        if answer.status_code >= _BAD_REQUEST:
            raise RemoteError(answer.status_code, content if isinstance(content, dict) else {})
        return content


def connect(url: str | None, data: Path | None, token_file: Path | None) -> StaffClient:
    """Return a client for the node that the options name.

    Args:
        url: of the node; else the one in `data`'s settings.
        data: the node's data folder.
        token_file: where the token is; else the variable `VEILLEUSE_TOKEN`.

    Raises:
        CommandError: no address or no token.
        SettingsError: `data` holds no usable settings.
    """
    token = os.environ.get(TOKEN_VARIABLE) if token_file is None else read_secret(token_file)
    if not token:
        raise CommandError(
            _("Il faut un jeton : --token-file FICHIER, ou la variable VEILLEUSE_TOKEN.")
        )
    return StaffClient(address_of(url, data), token)


def address_of(url: str | None, data: Path | None) -> str:
    """Return where the node that the options name answers.

    Raises:
        CommandError: neither is given.
        SettingsError: `data` holds no usable settings.
    """
    if url is not None:
        return url.rstrip("/")
    if data is None:
        raise CommandError(_("Quel nœud ? Donnez --data DOSSIER ou --url ADRESSE."))
    settings = load_settings(data)
    # The service itself, not what its public address leads through.
    host = "127.0.0.1" if settings.host in _ANYWHERE else settings.host
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
