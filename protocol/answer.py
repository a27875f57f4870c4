"""What a lookup may say: MATCH, NO_MATCH or INCOMPLETE. Never "safe".

NO_MATCH is a statement about what was searched, so it is made only when every active member's
announcements were: its head is fresh, its payloads are held, the quorum answered. Anything less is
INCOMPLETE, says what was not searched and why, and still shows what was found.
Specification: docs/spec/lookup.md#answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """The three answers."""

    MATCH = "MATCH"
    NO_MATCH = "NO_MATCH"
    INCOMPLETE = "INCOMPLETE"


class Unsearched(StrEnum):
    """Why something was not searched. Stable codes: shown, translated, in the JSON API."""

    NO_QUORUM = "no-quorum"
    NEVER_SEEN = "never-seen"
    SILENT = "silent"
    QUARANTINED = "quarantined"
    CRITICAL_ENTRY = "entry-critical"
    PAYLOAD_MISSING = "payload-missing"
    BEHIND = "behind"
    VAULT_LOCKED = "vault-locked"
    DEPOSIT_UNREAD = "deposit-unread"


@dataclass(frozen=True, slots=True)
class MirrorStatus:
    """What this node holds of one member's log.

    Attributes:
        member: association id.
        head_time: Unix seconds of the newest verified cosignature on the head that is applied;
            None if no head was ever verified.
        applied: entries folded, from 0.
        known_size: size of the largest verified head.
        missing: standing announcements whose payload is not held.
        quarantine: error code that stopped this mirror, or None.
    """

    member: str
    head_time: int | None
    applied: int
    known_size: int
    missing: int
    quarantine: str | None


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that was not searched. `member` is None for the whole network."""

    member: str | None
    reason: Unsearched


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The answer. `searched_until` is the oldest head time among the members searched."""

    verdict: Verdict
    gaps: tuple[Gap, ...]
    searched_until: int | None


def gap_of(status: MirrorStatus, now: int, max_silence: int) -> Gap | None:
    """Return why `status` does not allow NO_MATCH, or None if it does.

    A head dated more than a minute ahead is no evidence of anything: it counts as silent.
    """
    reason: Unsearched | None = None
    if status.quarantine == Unsearched.CRITICAL_ENTRY:
        reason = Unsearched.CRITICAL_ENTRY
    elif status.quarantine is not None:
        reason = Unsearched.QUARANTINED
    elif status.head_time is None:
        reason = Unsearched.NEVER_SEEN
    elif not -CLOCK_TOLERANCE <= now - status.head_time <= max_silence:
        reason = Unsearched.SILENT
    elif status.applied < status.known_size:
        reason = Unsearched.BEHIND
    elif status.missing > 0:
        reason = Unsearched.PAYLOAD_MISSING
    return None if reason is None else Gap(status.member, reason)


CLOCK_TOLERANCE = 60
"""Seconds by which a peer's clock may run ahead of ours."""


def conclude(
    *,
    matches: int,
    quorum: bool,
    mirrors: Sequence[MirrorStatus],
    now: int,
    max_silence: int,
) -> Conclusion:
    """Return the answer of a lookup.

    Args:
        matches: notices found, own reports included.
        quorum: whether t custodians answered for every reading of what was typed.
        mirrors: one status for every active member but this node itself.
        now: Unix seconds, this node's clock.
        max_silence: seconds, the network's parameter.
    """
    gaps = [gap for status in mirrors if (gap := gap_of(status, now, max_silence)) is not None]
    if not quorum:
        gaps.insert(0, Gap(None, Unsearched.NO_QUORUM))
    times = [status.head_time for status in mirrors if status.head_time is not None]
    searched_until = min(times, default=None) if quorum else None
    verdict = Verdict.INCOMPLETE if gaps else Verdict.MATCH if matches else Verdict.NO_MATCH
    return Conclusion(verdict, tuple(gaps), searched_until)
