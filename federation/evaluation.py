"""A custodian's side of a lookup: debit first, then evaluate what it cannot read.

Specification: docs/spec/evaluation.md.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from typing import Final, Protocol

from crypto.oprf import Evaluation, evaluate
from crypto.values import SecretScalar
from federation.errors import EpochError, NotMemberError, QuotaError
from federation.ports import Clock, Entropy, Ledger, Transaction
from protocol.evaluation import EvaluateRequest, as_elements, encode_answer, parse_request
from protocol.requests import MAX_AGE, MAX_AHEAD, VerifiedRequest
from protocol.roster import Roster

_DAY: Final = 86_400
_PROOF_RANDOMNESS: Final = 32


class Custody(Protocol):
    """Where this node's key share is, while someone has unlocked it."""

    def share(self, epoch_id: bytes) -> tuple[SecretScalar, int]:
        """Return the share of that epoch and the custodian index it belongs to.

        Raises:
            CustodyLockedError: a person has to unlock it first.
            NotCustodianError: this node holds no share of that epoch.
        """


@dataclass(frozen=True, slots=True)
class EvaluationServer:
    """Evaluates for members, against their quota, with this node's share."""

    custody: Custody
    roster: Roster
    ledger: Ledger
    clock: Clock
    entropy: Entropy

    async def answer(self, caller: str, verified: VerifiedRequest) -> bytes:
        """Return the answer to a member's signed evaluation request.

        Args:
            caller: `verified.keyid`, the association that pays.
            verified: its body is the request.

        Raises:
            NotMemberError: an auditor, or a stranger.
            CanonicalError, EvaluationFormatError, EncodingError: the request is malformed.
            EpochError: another generation or epoch than the live one.
            CustodyLockedError, NotCustodianError: there is no share to evaluate with.
            ReplayError: this signed request was used before, or its id with another body.
            QuotaError: the day's quota does not allow it, and nothing was debited; or this request
                was answered `MAX_ANSWERS` times.
        """
        if self.roster.member(caller) is None:
            raise NotMemberError("Only members may ask for evaluations.")
        body = verified.request.body
        request = await asyncio.to_thread(parse_request, body)
        check_epoch(self.roster, request)
        # Before the debit: a locked custodian takes nothing from anybody's quota.
        share, index = self.custody.share(request.epoch)
        await self._debit(caller, verified, request, hashlib.sha256(body).digest())
        evaluation = await evaluate_with(self.roster, share, index, request, self.entropy)
        return encode_answer(evaluation)

    async def _debit(
        self, caller: str, verified: VerifiedRequest, request: EvaluateRequest, body_hash: bytes
    ) -> None:
        """Make the debit durable: a node that dies while evaluating has been paid already."""
        now = self.clock.now()
        limit = self.roster.parameters.quota_daily

        def work(tx: Transaction) -> None:
            tx.use_nonce(caller, verified.nonce, verified.created + MAX_AGE + MAX_AHEAD)
            tx.debit(caller, request.request, body_hash, len(request.elements), now // _DAY, limit)

        try:
            await self.ledger.write(work)
        except QuotaError as error:
            wait = _DAY - now % _DAY if error.retry_after else 0
            raise QuotaError(wait) from None


def check_epoch(roster: Roster, request: EvaluateRequest) -> None:
    """Return if `request` names the live generation and epoch.

    Answers of two epochs never combine, so an answer under another one would only be debited.

    Raises:
        EpochError: it names others.
    """
    if (request.generation, request.epoch) != (roster.epoch.generation, roster.epoch.id):
        raise EpochError("This node holds another generation or epoch of the network's key.")


async def evaluate_with(
    roster: Roster, share: SecretScalar, index: int, request: EvaluateRequest, entropy: Entropy
) -> Evaluation:
    """Evaluate a request with a share, in a thread: a thousand elements take 50 ms."""
    return await asyncio.to_thread(
        evaluate,
        share,
        roster.epoch.share_of(index),
        as_elements(request),
        entropy(_PROOF_RANDOMNESS),
    )
