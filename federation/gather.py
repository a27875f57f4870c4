"""The asking side of a lookup: enough custodians' answers, soon, whatever some of them do.

Drives `protocol.lookup.Attempt`. What goes over the wire is decided before anything is known about
the number: the same requests go out whether it matches or not, and a request that is no longer
needed is still awaited, never cut off. Specification: docs/spec/evaluation.md#asking.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from crypto.errors import BatchError, ProofError, VeilleuseError
from crypto.oprf import Evaluation, verify
from federation.client import Lane, PeerClient
from federation.errors import (
    CustodyLockedError,
    NotCustodianError,
    QuotaError,
    RefusedError,
    StalledError,
    UnreachableError,
)
from federation.evaluation import Custody, evaluate_with
from federation.health import Health
from federation.ports import Clock, Entropy
from protocol.evaluation import EvaluateRequest, as_elements, parse_answer
from protocol.lookup import RANDOMNESS_SIZE, Attempt, Fault, State
from protocol.roster import Roster

PATH: Final = "/federation/v1/evaluate"
_BYTES_PER_ELEMENT: Final = 67
_BYTES_AROUND: Final = 256

Ask = Callable[[int, EvaluateRequest], Awaitable[Evaluation]]
"""Gets one custodian's answer, by index, or raises a VeilleuseError."""


@dataclass(frozen=True, slots=True)
class Hurry:
    """How long a lookup waits, in seconds of real time.

    Attributes:
        hedge: for a custodian, before the next one in order is asked too.
        deadline: for a custodian to answer at all.
    """

    hedge: float = 1.5
    deadline: float = 12.0


@dataclass(frozen=True, slots=True)
class Gathered:
    """How an attempt ended.

    Attributes:
        outputs: F, 64 bytes, for each input; None without a quorum.
        faults: why custodians that were asked did not count, by index.
    """

    outputs: tuple[bytes, ...] | None
    faults: Mapping[int, Fault]


@dataclass(slots=True)
class Gatherer:
    """Asks the custodians, this node's own share first."""

    roster: Roster
    me: str
    clients: Mapping[str, PeerClient]
    custody: Custody
    clock: Clock
    entropy: Entropy
    health: Health = field(default_factory=Health)
    hurry: Hurry = Hurry()
    crashes: Counter[str] = field(default_factory=Counter)
    """Errors that no custodian should be able to cause, by type: bugs to be found, counted here
    since a lookup goes on without them."""
    _late: set[asyncio.Task[None]] = field(init=False, repr=False, default_factory=set)

    async def gather(self, inputs: Sequence[bytes]) -> Gathered:
        """Return the outputs of one fresh attempt.

        Args:
            inputs: one or two hashed-input strings; they do not leave this process.
        """
        return await self.run(self.attempt(inputs))

    def attempt(self, inputs: Sequence[bytes]) -> Attempt:
        """Return a new attempt under the live epoch, its custodians in the best order."""
        epoch = self.roster.epoch
        member = self.roster.member(self.me)
        own = None if member is None else member.custodian
        order = self.health.order(epoch.indices, own, self.clock.monotonic())
        return Attempt(epoch, inputs, order, self.entropy(RANDOMNESS_SIZE))

    async def run(self, attempt: Attempt, ask: Ask | None = None) -> Gathered:
        """Drive `attempt` to its end.

        Args:
            attempt: fresh.
            ask: how custodians are asked; by default, over the network and by the own share.
        """
        waiting: dict[asyncio.Task[Evaluation | Fault], int] = {}
        slow: set[asyncio.Task[Evaluation | Fault]] = set()
        left = len(attempt.order)
        try:
            while attempt.state is State.COLLECTING:
                for index in attempt.wanted(len(slow)):
                    task = asyncio.create_task(self._timed(index, attempt.request, ask or self.ask))
                    waiting[task] = index
                    left -= 1
                done, _ = await asyncio.wait(
                    waiting,
                    timeout=self.hurry.hedge if left else None,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                for task in done:
                    slow.discard(task)
                    self._settle(attempt, waiting.pop(task), task.result())
                if not done:
                    self._hedge(waiting, slow)
        finally:
            for task, index in waiting.items():
                self._await_late(index, attempt.request, task)
        outputs = attempt.outputs() if attempt.state is State.READY else None
        return Gathered(outputs, MappingProxyType(dict(attempt.faults)))

    async def ask(self, index: int, request: EvaluateRequest) -> Evaluation:
        """Return custodian `index`'s answer, not verified. Raises VeilleuseError."""
        member = self.roster.custodian(index)
        if member.id == self.me:
            share, _ = self.custody.share(request.epoch)
            return await evaluate_with(self.roster, share, index, request, self.entropy)
        limit = _BYTES_AROUND + _BYTES_PER_ELEMENT * len(request.elements)
        body = await self.clients[member.id].post(PATH, request.encode(), limit, Lane.EVALUATE)
        return parse_answer(body)

    def faults(self) -> Mapping[int, Fault]:
        """Return, for people to see, why custodians did not count when last asked, by index."""
        return self.health.faults(self.clock.monotonic())

    async def close(self) -> None:
        """Stop waiting for late answers."""
        for task in self._late:
            task.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)

    async def _timed(self, index: int, request: EvaluateRequest, ask: Ask) -> Evaluation | Fault:
        start = self.clock.monotonic()
        try:
            async with asyncio.timeout(self.hurry.deadline):
                evaluation = await ask(index, request)
        except TimeoutError:
            return Fault.SLOW
        except VeilleuseError as error:
            return fault_of(error)
        except Exception as error:  # noqa: BLE001  (one custodian never ends everybody's lookup)
            self.crashes[type(error).__qualname__] += 1
            return Fault.REFUSED
        self.health.answered(index, self.clock.monotonic() - start)
        return evaluation

    def _hedge(
        self,
        waiting: Mapping[asyncio.Task[Evaluation | Fault], int],
        slow: set[asyncio.Task[Evaluation | Fault]],
    ) -> None:
        """Count on none of those that are waited for: the next lookup asks others first.

        This one still takes what they answer.
        """
        for task in waiting.keys() - slow:
            slow.add(task)
            self.health.failed(waiting[task], Fault.SLOW, self.clock.monotonic())

    def _settle(self, attempt: Attempt, index: int, outcome: Evaluation | Fault) -> None:
        if isinstance(outcome, Evaluation):
            attempt.receive(index, outcome)
        else:
            attempt.fail(index, outcome)
        fault = attempt.faults.get(index)
        if fault is None:
            self.health.proved(index)
        else:
            self.health.failed(index, fault, self.clock.monotonic())

    def _await_late(
        self, index: int, request: EvaluateRequest, task: asyncio.Task[Evaluation | Fault]
    ) -> None:
        late = asyncio.create_task(self._judge_late(index, request, task))
        self._late.add(late)
        late.add_done_callback(self._late.discard)

    async def _judge_late(
        self, index: int, request: EvaluateRequest, task: asyncio.Task[Evaluation | Fault]
    ) -> None:
        """Learn from an answer that nobody waits for any more.

        Holds the request only: the attempt, with the number and the blinds, is gone by then.
        """
        outcome = await task
        if isinstance(outcome, Evaluation):
            try:
                verify(self.roster.epoch.share_of(index), as_elements(request), outcome)
            except (ProofError, BatchError):
                outcome = Fault.LYING
            else:
                self.health.proved(index)
        if isinstance(outcome, Fault):
            self.health.failed(index, outcome, self.clock.monotonic())


_REFUSALS: Final[Mapping[str, Fault]] = MappingProxyType(
    {
        CustodyLockedError.code: Fault.LOCKED,
        NotCustodianError.code: Fault.LOCKED,
        QuotaError.code: Fault.QUOTA,
    }
)


def fault_of(error: VeilleuseError) -> Fault:
    """Return what a failed question says about the custodian.

    Never that it lied: that takes an answer, and a proof that does not carry it.
    """
    match error:
        case StalledError():
            return Fault.SLOW
        case UnreachableError():
            return Fault.UNREACHABLE
        case RefusedError(problem=problem):
            return _REFUSALS.get(problem, Fault.REFUSED)
        case _:
            return _REFUSALS.get(error.code, Fault.REFUSED)
