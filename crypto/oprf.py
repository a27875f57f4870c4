"""RFC 9497 over ristretto255-SHA512: blind, evaluate, verify, finalize.

Mode 0 (OPRF) and mode 1 (VOPRF). The product uses mode 1 only; mode 0 is the same arithmetic
with another context string and is here because a custodian's evaluation without its proof *is*
mode 0. A batch has 1 to 1000 elements. docs/spec/oprf.md says what is checked, and where.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache

from crypto import dleq
from crypto.derivation import lp
from crypto.dleq import Proof
from crypto.errors import BatchError
from crypto.group import hash_to_element, multiply, scalar_invert
from crypto.labels import SuiteLabel
from crypto.values import Element, SecretScalar

MAX_BATCH = 1000
"""Elements in one evaluation."""

_SUITE = b"-ristretto255-SHA512"


class Mode(IntEnum):
    """Protocol variants of RFC 9497 section 3.1. POPRF is left out: it cannot be shared."""

    OPRF = 0
    VOPRF = 1


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A custodian's answer: evaluated elements in the order of the question, and one proof."""

    elements: tuple[Element, ...]
    proof: Proof


@cache
def context_string(mode: int) -> bytes:
    """Return "OPRFV1-" || mode || "-ristretto255-SHA512". RFC 9497 section 3.1."""
    return SuiteLabel.CONTEXT + bytes((mode,)) + _SUITE


def blind(input_: bytes, blind: SecretScalar, mode: Mode = Mode.VOPRF) -> Element:
    """Return the blinded element to send to the custodians.

    Args:
        input_: below 65536 bytes.
        blind: fresh for each element and each attempt; one for all custodians of the attempt.
        mode: the variant.

    Raises:
        EncodingError: the input hashes to the identity (never seen).
    Source: RFC 9497 sections 3.3.1 and 3.3.2 (Blind).
    """
    return multiply(blind, hash_to_element(input_, SuiteLabel.HASH_TO_GROUP + context_string(mode)))


def evaluate(
    key: SecretScalar, public: Element, blinded: Sequence[Element], randomness: bytes
) -> Evaluation:
    """Return the custodian's answer to a batch, with one proof for all of it.

    Args:
        key: the custodian's share.
        public: its public share; with another one the answer does not verify.
        blinded: 1 to 1000 different elements.
        randomness: 32 fresh bytes, for the proof's nonce.

    Raises:
        BatchError: too few, too many, or one of them twice.
        EncodingError: randomness of another length.
    Source: RFC 9497 section 3.3.2 (BlindEvaluate).
    """
    check_batch(blinded)
    elements = tuple([multiply(key, element) for element in blinded])
    context = context_string(Mode.VOPRF)
    return Evaluation(elements, dleq.prove(key, public, blinded, elements, context, randomness))


def verify(public: Element, blinded: Sequence[Element], evaluation: Evaluation) -> None:
    """Return if the answer is the one that the holder of `public`'s share must give.

    Args:
        public: the custodian's public share, from the epoch's commitments and not from it.
        blinded: the batch that was asked, in its order.
        evaluation: the answer.

    Raises:
        BatchError: the question itself was not one that `evaluate` would answer.
        ProofError: another number of elements, another order, another key, or no valid proof.
    Source: RFC 9497 section 3.3.2 (the first half of Finalize).
    """
    check_batch(blinded)
    context = context_string(Mode.VOPRF)
    dleq.verify(public, blinded, evaluation.elements, evaluation.proof, context)


def finalize(input_: bytes, blind: SecretScalar, evaluated: Element) -> bytes:
    """Return the PRF's output, 64 bytes. Verify first; this cannot tell a wrong answer.

    Args:
        input_: as given to `blind`.
        blind: as given to `blind`.
        evaluated: the answer of the whole key: a combination of t custodians' answers.
    Source: RFC 9497 section 3.3.1 (Finalize).
    """
    unblinded = multiply(scalar_invert(blind), evaluated)
    return hashlib.sha512(lp(input_) + lp(unblinded) + SuiteLabel.FINALIZE).digest()


def check_batch(blinded: Sequence[Element]) -> None:
    """Return if `blinded` may be evaluated: 1 to 1000 elements, all different.

    A server calls this before it debits a quota.

    Raises:
        BatchError: it may not.
    """
    if not 1 <= len(blinded) <= MAX_BATCH:
        raise BatchError(f"A batch must have 1 to {MAX_BATCH} elements.")
    if len(set(blinded)) != len(blinded):
        raise BatchError("A batch must not hold one element twice.")
