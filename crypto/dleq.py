"""Proof that one secret scalar links a public key and a whole batch: RFC 9497 section 2.2.

The statement: the prover knows k with public = k * G and images[i] = k * sources[i] for all i.
One proof of 64 bytes covers the batch; a verifier that accepts knows every image to be right.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from crypto.derivation import lp
from crypto.errors import EncodingError, ProofError
from crypto.group import (
    add,
    decode_scalar,
    hash_to_scalar,
    linear_combination,
    multiply,
    multiply_base,
    scalar_from_wide,
    scalar_multiply,
    scalar_subtract,
)
from crypto.labels import Label, SuiteLabel
from crypto.values import Element, Scalar, SecretScalar

_RANDOMNESS = 32
_PROOF = 64


@dataclass(frozen=True, slots=True)
class Proof:
    """A challenge and a response; 64 bytes on the wire (c, then s)."""

    c: Scalar
    s: Scalar

    def to_bytes(self) -> bytes:
        """Return the 64 bytes that go on the wire."""
        return self.c + self.s

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the proof in 64 foreign bytes.

        Raises:
            EncodingError: another length, or one of the scalars is zero or not reduced.
        """
        if len(data) != _PROOF:
            raise EncodingError("A proof must be 64 bytes.")
        return cls(decode_scalar(data[:32]), decode_scalar(data[32:]))


def prove(
    key: SecretScalar,
    public: Element,
    sources: Sequence[Element],
    images: Sequence[Element],
    context: bytes,
    randomness: bytes,
) -> Proof:
    """Return a proof that images[i] = key * sources[i] for all i, and public = key * G.

    The nonce is a hash of the key, of `randomness` and of the statement. Two proofs with one
    nonce would reveal the key: so a repeated `randomness` (a cloned machine, a restored
    snapshot) must not suffice for that, nor a guessable one.

    Args:
        key: the secret; `public` must be its public key, or the proof will not verify.
        public: the public key.
        sources: at least one.
        images: as many.
        context: the suite's context string.
        randomness: 32 fresh random bytes.

    Raises:
        EncodingError: wrong lengths.
    """
    if len(randomness) != _RANDOMNESS:
        raise EncodingError("A proof needs exactly 32 bytes of randomness.")
    coefficients = _coefficients(public, sources, images, context)
    source = linear_combination(coefficients, sources)
    image = multiply(key, source)
    # The composites are hashes of the whole statement, so the nonce depends on all of it.
    digest = hashlib.sha512(
        b"".join((Label.DLEQ_NONCE, lp(context), key.reveal(), randomness, public, source, image))
    ).digest()
    return _respond(key, scalar_from_wide(digest), (public, source, image), context)


def prove_with_nonce(
    key: SecretScalar,
    public: Element,
    sources: Sequence[Element],
    images: Sequence[Element],
    context: bytes,
    nonce: SecretScalar,
) -> Proof:
    """Return the proof that RFC 9497's vectors expect for a given nonce: for vectors only.

    Source: RFC 9497 section 2.2.1 (GenerateProof), with ComputeCompositesFast.
    """
    source = linear_combination(_coefficients(public, sources, images, context), sources)
    return _respond(key, nonce, (public, source, multiply(key, source)), context)


def verify(
    public: Element,
    sources: Sequence[Element],
    images: Sequence[Element],
    proof: Proof,
    context: bytes,
) -> None:
    """Return if `proof` shows that images[i] = k * sources[i] for all i, where public = k * G.

    Raises:
        ProofError: it does not, or there are not as many images as sources.
    Source: RFC 9497 section 2.2.2 (VerifyProof).
    """
    if not sources or len(sources) != len(images):
        raise ProofError("An answer must have one element for each element of the question.")
    coefficients = _coefficients(public, sources, images, context)
    try:
        source = linear_combination(coefficients, sources)
        image = linear_combination(coefficients, images)
        t2 = add(multiply_base(proof.s), multiply(proof.c, public))
        t3 = add(multiply(proof.s, source), multiply(proof.c, image))
    except EncodingError as error:
        # Only who knows the key can aim at the identity here, and no honest prover does.
        raise ProofError("The proof does not verify: a commitment is the identity.") from error
    if _challenge((public, source, image), t2, t3, context) != proof.c:
        raise ProofError("The proof does not verify under this public key.")


def _respond(
    key: SecretScalar,
    nonce: SecretScalar,
    statement: tuple[Element, Element, Element],
    context: bytes,
) -> Proof:
    """Return the proof for composites (public, source, image). RFC 9497 section 2.2.1."""
    t2 = multiply_base(nonce)
    t3 = multiply(nonce, statement[1])
    challenge = _challenge(statement, t2, t3, context)
    response = scalar_subtract(nonce, scalar_multiply(key, challenge))
    return Proof(challenge, Scalar(response.reveal()))


def _challenge(
    statement: tuple[Element, Element, Element], t2: Element, t3: Element, context: bytes
) -> Scalar:
    transcript = b"".join(map(lp, (*statement, t2, t3))) + SuiteLabel.CHALLENGE
    return hash_to_scalar(transcript, SuiteLabel.HASH_TO_SCALAR + context)


def _coefficients(
    public: Element, sources: Sequence[Element], images: Sequence[Element], context: bytes
) -> list[Scalar]:
    """Return the random-looking weight of each pair in the batch.

    Source: RFC 9497 section 2.2.1 (ComputeComposites).
    """
    seed = hashlib.sha512(lp(public) + lp(SuiteLabel.SEED + context)).digest()
    head = lp(seed)
    size = b"\x00\x20"  # lp of a 32-byte element, without a call for each of 2000
    tag = SuiteLabel.HASH_TO_SCALAR + context
    return [
        hash_to_scalar(
            b"".join(
                (head, index.to_bytes(2, "big"), size, source, size, image, SuiteLabel.COMPOSITE)
            ),
            tag,
        )
        for index, (source, image) in enumerate(zip(sources, images, strict=True))
    ]
