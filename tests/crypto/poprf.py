"""Mode 2 of RFC 9497 (POPRF), from the product's own primitives.

The product has no use for it: an answer is divided by (key + tweak), and quotients do not combine
by Lagrange. Here it runs the third set of vectors, through the same hashing, proof and group code
by another road, and shows in test_pitfalls.py why it was left out.
"""

import hashlib
from collections.abc import Sequence

from crypto import dleq, group
from crypto.derivation import lp
from crypto.dleq import Proof
from crypto.labels import SuiteLabel
from crypto.oprf import context_string
from crypto.values import Element, Scalar, SecretScalar

CONTEXT = context_string(2)


def tweak(info: bytes) -> Scalar:
    return group.hash_to_scalar(b"Info" + lp(info), SuiteLabel.HASH_TO_SCALAR + CONTEXT)


def tweaked_key(key: SecretScalar, info: bytes) -> SecretScalar:
    return group.scalar_add(key, SecretScalar(tweak(info)))


def tweaked_public(public: Element, info: bytes) -> Element:
    return group.add(group.multiply_base(tweak(info)), public)


def blind(input_: bytes, blind: SecretScalar) -> Element:
    return group.multiply(blind, group.hash_to_element(input_, SuiteLabel.HASH_TO_GROUP + CONTEXT))


def evaluate(
    key: SecretScalar, blinded: Sequence[Element], info: bytes, nonce: SecretScalar
) -> tuple[tuple[Element, ...], Proof]:
    tweaked = tweaked_key(key, info)
    inverse = group.scalar_invert(tweaked)
    evaluated = tuple(group.multiply(inverse, element) for element in blinded)
    public = group.multiply_base(tweaked)
    # The statement is turned round: blinded = tweaked key * evaluated.
    return evaluated, dleq.prove_with_nonce(tweaked, public, evaluated, blinded, CONTEXT, nonce)


def verify(
    public: Element,
    blinded: Sequence[Element],
    evaluated: Sequence[Element],
    proof: Proof,
    info: bytes,
) -> None:
    dleq.verify(tweaked_public(public, info), evaluated, blinded, proof, CONTEXT)


def finalize(input_: bytes, blind: SecretScalar, evaluated: Element, info: bytes) -> bytes:
    unblinded = group.multiply(group.scalar_invert(blind), evaluated)
    return hashlib.sha512(lp(input_) + lp(info) + lp(unblinded) + SuiteLabel.FINALIZE).digest()
