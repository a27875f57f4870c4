"""Errors of the protocol room: each has a stable `code` and a sentence to act on."""

from typing import ClassVar

from crypto.errors import VeilleuseError


class ProtocolError(VeilleuseError):
    """Root of everything that protocol/ raises."""

    code: ClassVar[str] = "protocol"


class PeerError(ProtocolError):
    """A peer broke the specification: never our own bug, never the network.

    `evidence` is the offending bytes exactly as received, for whoever has to judge later.
    """

    code: ClassVar[str] = "peer"

    def __init__(self, message: str, evidence: bytes = b"") -> None:
        super().__init__(message)
        self.evidence = evidence


class CanonicalError(PeerError):
    """Bytes are not the canonical JSON (RFC 8785) that the specification asks for."""

    code: ClassVar[str] = "canonical"


class EntryError(PeerError):
    """A log entry does not have the shape of its kind."""

    code: ClassVar[str] = "entry"


class CriticalEntryError(EntryError):
    """A log entry of an unknown kind is marked critical: this version must not guess past it."""

    code: ClassVar[str] = "entry-critical"


class PayloadError(PeerError):
    """A payload is malformed or does not open the commitment in its entry."""

    code: ClassVar[str] = "payload"


class FoldError(PeerError):
    """An entry contradicts its own log: it revises what is not there, or reuses an id."""

    code: ClassVar[str] = "fold"


class RosterError(PeerError):
    """The roster is malformed, or too few officers signed it."""

    code: ClassVar[str] = "roster"


class IdentifierError(ProtocolError):
    """What was typed cannot be read as an identifier. The message never repeats it."""

    code: ClassVar[str] = "identifier"


class VocabularyError(PeerError):
    """A code is outside the closed vocabularies."""

    code: ClassVar[str] = "vocabulary"


class NoticeError(PeerError):
    """A sealed notice does not open, or its content is not a notice."""

    code: ClassVar[str] = "notice"


class LookupStateError(ProtocolError):
    """A lookup was driven out of order: our own bug, not a peer's."""

    code: ClassVar[str] = "lookup-state"
