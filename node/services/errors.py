"""Refusals of the services that carry more than a code."""

from collections.abc import Mapping
from typing import ClassVar

from node.errors import InvalidError, StorageError


class AmbiguousIdentifierError(InvalidError):
    """A typed number exists in two countries or more, and a report must name one: ask which.

    `candidates` maps the field to the two-letter codes to choose from; empty where there are more
    than two, and any country may be meant.
    """

    code: ClassVar[str] = "identifier-ambiguous"

    def __init__(self, candidates: Mapping[str, tuple[str, ...]]) -> None:
        super().__init__(dict.fromkeys(candidates, self.code))
        self.candidates = dict(candidates)


class UnreadableReportError(StorageError):
    """A stored report does not open with this vault: its bytes are damaged, or not its own.

    A moderator may refuse it, which deletes it; until then each lookup names it as not searched.
    """

    code: ClassVar[str] = "report-unreadable"
