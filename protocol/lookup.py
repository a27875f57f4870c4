"""One attempt at having a number evaluated by t custodians: a state machine without I/O.

An attempt blinds once; the same bytes go to every custodian it asks, hedges and resends included
(a second blinding would not combine, and would be debited twice). A new attempt blinds anew, so no
blinded element is ever seen in two attempts. The attempt is always two elements wide: one number
and a dummy look like two readings of an ambiguous one. Specification: docs/spec/lookup.md.

    COLLECTING --t verified answers--> READY
    COLLECTING --nobody left to ask--> NO_QUORUM
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from crypto.errors import ProofError
from crypto.group import multiply_base, scalar_from_wide
from crypto.oprf import Evaluation, blind, finalize, verify
from crypto.threshold import combine
from crypto.values import Element, SecretScalar
from protocol.errors import LookupStateError
from protocol.evaluation import EvaluateRequest, as_elements
from protocol.roster import Epoch

WIDTH = 2
"""Elements of one attempt, always."""

RANDOMNESS_SIZE = 16 + WIDTH * 64
HEDGE = 1


class State(StrEnum):
    """Where an attempt stands."""

    COLLECTING = "collecting"
    READY = "ready"
    NO_QUORUM = "no-quorum"


class Fault(StrEnum):
    """Why a custodian's answer did not count."""

    UNREACHABLE = "unreachable"
    SLOW = "slow"
    LOCKED = "locked"
    QUOTA = "quota"
    REFUSED = "refused"
    LYING = "lying"
    """A well-formed answer that its proof does not carry. Bytes that are no answer at all are
    REFUSED: anybody on the line can put them there."""


@dataclass(slots=True)
class Attempt:
    """Drive with `wanted`, `receive` and `fail`; read `outputs` once the state is READY.

    Args:
        epoch: the sharing under which all answers of this attempt must be.
        inputs: one or two hashed-input strings (`identifiers.oprf_input`), never sent.
        order: custodian indices, best first; each is asked at most once.
        randomness: `RANDOMNESS_SIZE` bytes, fresh for each attempt.
    """

    epoch: Epoch
    inputs: Sequence[bytes] = field(repr=False)
    order: Sequence[int]
    randomness: bytes = field(repr=False)
    request: EvaluateRequest = field(init=False, repr=False)
    faults: dict[int, Fault] = field(init=False, default_factory=dict)
    _blinds: tuple[SecretScalar, ...] = field(init=False, repr=False)
    _asked: set[int] = field(init=False, default_factory=set)
    _answers: dict[int, tuple[Element, ...]] = field(init=False, default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Blind the inputs, and fill up to `WIDTH` with elements that mean nothing."""
        if not 1 <= len(self.inputs) <= WIDTH or len(self.randomness) != RANDOMNESS_SIZE:
            raise LookupStateError("An attempt takes one or two inputs and its own randomness.")
        request_id, wide = self.randomness[:16], self.randomness[16:]
        self._blinds = tuple(scalar_from_wide(wide[64 * i : 64 * (i + 1)]) for i in range(WIDTH))
        blinded = [blind(text, r) for text, r in zip(self.inputs, self._blinds, strict=False)]
        dummies = [multiply_base(r) for r in self._blinds[len(blinded) :]]
        self.request = EvaluateRequest(
            generation=self.epoch.generation,
            epoch=self.epoch.id,
            request=request_id,
            elements=tuple(bytes(element) for element in blinded + dummies),
        )

    @property
    def state(self) -> State:
        """The current state."""
        if len(self._answers) >= self.epoch.threshold:
            return State.READY
        open_ones = len(self.order) - len(self.faults)
        return State.COLLECTING if open_ones >= self.epoch.threshold else State.NO_QUORUM

    def wanted(self, slow: int = 0) -> tuple[int, ...]:
        """Return the custodians to ask now, and note them as asked.

        As many as are missing to the threshold plus one hedge, so that one slow custodian costs a
        lookup nothing; after a failure, the next in `order`.

        Args:
            slow: of those that were asked and have not answered, how many not to count on. They may
                still answer.
        """
        if self.state is not State.COLLECTING:
            return ()
        waiting = len(self._asked) - len(self.faults) - len(self._answers)
        missing = self.epoch.threshold + HEDGE - len(self._answers) - (waiting - slow)
        fresh = [index for index in self.order if index not in self._asked][: max(missing, 0)]
        self._asked.update(fresh)
        return tuple(fresh)

    def receive(self, custodian: int, evaluation: Evaluation) -> None:
        """Take one custodian's answer; a wrong one is recorded in `faults`, never combined."""
        self._check_open(custodian)
        try:
            verify(self.epoch.share_of(custodian), as_elements(self.request), evaluation)
        except ProofError:
            self.faults[custodian] = Fault.LYING
            return
        self._answers[custodian] = evaluation.elements

    def fail(self, custodian: int, fault: Fault) -> None:
        """Record that `custodian` will not answer this attempt."""
        self._check_open(custodian)
        self.faults[custodian] = fault

    def outputs(self) -> tuple[bytes, ...]:
        """Return F, 64 bytes, for each input, in order.

        Raises:
            LookupStateError: the attempt is not READY.
        """
        if self.state is not State.READY:
            raise LookupStateError("Too few custodians have answered to finish this lookup.")
        used = sorted(self._answers)[: self.epoch.threshold]
        evaluated = combine({index: self._answers[index] for index in used})
        return tuple(
            finalize(text, r, element)
            for text, r, element in zip(self.inputs, self._blinds, evaluated, strict=False)
        )

    def _check_open(self, custodian: int) -> None:
        if custodian not in self._asked or custodian in self.faults or custodian in self._answers:
            raise LookupStateError(
                "An answer came from a custodian that this attempt is not waiting for."
            )


def rank(indices: Sequence[int], health: Mapping[int, float]) -> tuple[int, ...]:
    """Return custodian indices, the likeliest to answer soonest first.

    Args:
        indices: all custodians of the epoch.
        health: seconds of expected wait by index; absent means unknown, and comes last.
    """
    return tuple(sorted(indices, key=lambda index: (health.get(index, float("inf")), index)))
