"""What the command line says, through gettext: the source strings are French."""

from gettext import NullTranslations
from typing import Final

_WORDS: Final = NullTranslations()


def _(message: str) -> str:
    """Return `message` in the reader's language."""
    return _WORDS.gettext(message)
