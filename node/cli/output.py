"""How commands answer: text for people, or one JSON document for programs."""

import json
from typing import Final

import typer
from rich.console import Console

BAD: Final = 1
"""Exit status: carried out, and the answer is bad."""

_PIPED_WIDTH: Final = 120


def console() -> Console:
    """Return where people read answers. Piped output is neither cut nor coloured."""
    answers = Console(highlight=False, soft_wrap=True)
    if not answers.is_terminal:
        answers.width = _PIPED_WIDTH
    return answers


def progress_console() -> Console:
    """Return where people read what is going on, beside the answer."""
    return Console(highlight=False, soft_wrap=True, stderr=True)


def print_json(value: object) -> None:
    """Print one JSON document on one line."""
    typer.echo(json.dumps(value, ensure_ascii=False))
