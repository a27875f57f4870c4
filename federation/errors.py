"""Errors of the federation room: what can go wrong between two nodes, apart from broken bytes.

`protocol.errors.PeerError` says that a peer broke the specification; those that only show in its
dealings with us are here, and are both. The others say that the network, or a limit, stood in the
way: nobody is at fault, and trying again later is the cure.
"""

from typing import ClassVar

from crypto.errors import VeilleuseError
from protocol.errors import PeerError


class FederationError(VeilleuseError):
    """Root of everything that federation/ raises."""

    code: ClassVar[str] = "federation"


class UnreachableError(FederationError):
    """No answer: connection refused, name unknown, TLS failed, or the breaker is open."""

    code: ClassVar[str] = "unreachable"


class StalledError(FederationError):
    """The peer's answer stopped making progress, or came too slowly."""

    code: ClassVar[str] = "stalled"


class RefusedError(FederationError):
    """The peer answered with an error status.

    Attributes:
        status: HTTP status.
        problem: the peer's stable error code, or "unknown".
        retry_after: seconds that the peer asks to be left alone, or None.
        server_time: the peer's clock, Unix seconds, where it says that the clocks disagree. For a
            person to compare; no node adopts it.
    """

    code: ClassVar[str] = "refused"

    def __init__(
        self,
        status: int,
        problem: str,
        retry_after: int | None = None,
        server_time: int | None = None,
    ) -> None:
        super().__init__(f"The peer refused the request: {problem} (HTTP {status}).")
        self.status = status
        self.problem = problem
        self.retry_after = retry_after
        self.server_time = server_time


class MovedError(FederationError):
    """The stored log changed while a batch for it was being prepared; pull again."""

    code: ClassVar[str] = "moved"


class CustodyLockedError(FederationError):
    """This custodian's share is locked: it cannot evaluate until someone unlocks it."""

    code: ClassVar[str] = "custody-locked"


class NotCustodianError(FederationError):
    """This node holds no share."""

    code: ClassVar[str] = "not-custodian"


class EpochError(FederationError):
    """The request names a generation or epoch that this node does not hold."""

    code: ClassVar[str] = "epoch"


class QuotaError(FederationError):
    """The member has used up its evaluations at this custodian for today, or one's repeats.

    Attributes:
        retry_after: seconds until there are more. 0 where there is nothing to wait for: a request
            was answered as often as it may be, and a new one is debited and answered at once.
    """

    code: ClassVar[str] = "quota"

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            "The daily quota of evaluations at this custodian is used up."
            if retry_after
            else "This evaluation was answered as often as one debit pays for."
        )
        self.retry_after = retry_after


class ReplayError(FederationError):
    """The request's nonce was seen before, or its id was used with another body."""

    code: ClassVar[str] = "replay"


class NotMemberError(FederationError):
    """The caller may not use this endpoint (an auditor where only members may, say)."""

    code: ClassVar[str] = "not-member"


class NotFoundError(FederationError):
    """No such origin, range or tile here."""

    code: ClassVar[str] = "not-found"


class OversizeError(FederationError):
    """The request body is larger than this endpoint accepts."""

    code: ClassVar[str] = "oversize"


class PieceError(FederationError, PeerError):
    """Payloads came that do not go with their entries: altered on their way, or kept back.

    The log's key signed the entries, and nobody the answer: so this convicts nobody.
    """

    code: ClassVar[str] = "piece"


class AnswerSizeError(FederationError, PeerError):
    """The peer's answer is larger than the request allows: the rest was not read."""

    code: ClassVar[str] = "answer-size"


class RangeError(FederationError, PeerError):
    """The peer's answer to a range request is malformed, empty, or longer than was asked."""

    code: ClassVar[str] = "range"


class UncosignedError(FederationError, PeerError):
    """A head came without its author's own timestamp: nothing says how old it is."""

    code: ClassVar[str] = "head-uncosigned"


class PeerClockError(FederationError):
    """The peer's clock runs ahead of ours: one of the two must be set right."""

    code: ClassVar[str] = "peer-clock"


class RollbackError(FederationError, PeerError):
    """The peer serves an older, shorter head of the same history: restored from a backup?"""

    code: ClassVar[str] = "rollback"


class SplitViewError(FederationError, PeerError):
    """The peer signed two histories. `evidence` holds both heads."""

    code: ClassVar[str] = "split-view"


class QuarantinedError(FederationError):
    """This peer's log was stopped earlier, and waits for a person to look at it."""

    code: ClassVar[str] = "quarantined"
