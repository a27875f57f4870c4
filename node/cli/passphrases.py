"""Passphrases: typed at the terminal, or read from a file or descriptor. Never an argument."""

import sys
from getpass import getpass
from pathlib import Path

from node.cli.errors import CommandError
from node.cli.words import _
from node.vault.errors import WeakPassphraseError
from node.vault.passphrase import MIN_PASSPHRASE

MAX_SECRET = 1024
"""Characters of a passphrase or token."""


def passphrase(what: str, file: Path | None, *, new: bool = False) -> str:
    """Return a passphrase.

    Args:
        what: shown at the prompt, e.g. "Phrase de passe du coffre".
        file: where to read it instead; `-` is standard input, `/dev/fd/N` a descriptor.
        new: ask twice, and refuse a short one before anything is made with it.

    Raises:
        CommandError: nothing to read it from, or two different ones.
        WeakPassphraseError: a new one is too short.
    """
    if file is not None:
        return _long_enough(read_secret(file)) if new else read_secret(file)
    if not sys.stdin.isatty():
        raise CommandError(
            _("Il n’y a pas de terminal où demander : donnez la phrase de passe par un fichier.")
        )
    if new:
        what += _(" ({least} caractères au moins)").format(least=MIN_PASSPHRASE)
    typed = getpass(what + _(" : "))
    if new and getpass(_("La même, encore une fois : ")) != typed:
        raise CommandError(_("Les deux phrases sont différentes. Rien n’a été fait."))
    return _long_enough(typed) if new else typed


def _long_enough(words: str) -> str:
    if len(words) < MIN_PASSPHRASE:
        raise WeakPassphraseError(f"A passphrase has at least {MIN_PASSPHRASE} characters.")
    return words


def read_secret(file: Path) -> str:
    """Return the first line of `file`, or of standard input for `-`.

    Raises:
        CommandError: it cannot be read, or is empty.
    """
    try:
        if str(file) == "-":
            line = sys.stdin.readline(MAX_SECRET)
        else:
            with file.open(encoding="utf-8") as lines:
                line = lines.readline(MAX_SECRET)
    except (OSError, UnicodeDecodeError):
        raise CommandError(_("Ce fichier ne peut pas être lu : ") + str(file)) from None
    secret = line.rstrip("\r\n")
    if not secret:
        raise CommandError(_("Ce fichier est vide : ") + str(file))
    return secret
