import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import dleq
from crypto.derivation import lp
from crypto.dleq import Proof
from crypto.errors import EncodingError, ProofError
from crypto.group import (
    linear_combination,
    multiply,
    multiply_base,
    scalar_from_int,
    scalar_from_wide,
)
from crypto.values import ORDER, Element, Scalar, SecretScalar
from tests.crypto.material import element, number, random_secret, secret, secrets

CONTEXT = b"test-context"
KEY = random_secret("key")
PUBLIC = multiply_base(KEY)
SOURCES = [element(index) for index in range(3)]
IMAGES = [multiply(KEY, source) for source in SOURCES]
RANDOMNESS = bytes(range(32))
PROOF = dleq.prove(KEY, PUBLIC, SOURCES, IMAGES, CONTEXT, RANDOMNESS)


@given(secrets, st.integers(1, 4), st.binary(min_size=32, max_size=32))
def test_an_honest_proof_verifies(key: SecretScalar, size: int, randomness: bytes) -> None:
    sources = [element(index) for index in range(size)]
    images = [multiply(key, source) for source in sources]
    public = multiply_base(key)
    proof = dleq.prove(key, public, sources, images, CONTEXT, randomness)
    dleq.verify(public, sources, images, proof, CONTEXT)


def refused(
    public: Element = PUBLIC,
    sources: list[Element] = SOURCES,
    images: list[Element] = IMAGES,
    proof: Proof = PROOF,
    context: bytes = CONTEXT,
    match: str = "does not verify under this public key",
) -> None:
    with pytest.raises(ProofError, match=match):
        dleq.verify(public, sources, images, proof, context)


def test_the_proof_of_these_tests_verifies() -> None:
    dleq.verify(PUBLIC, SOURCES, IMAGES, PROOF, CONTEXT)


def test_another_public_key() -> None:
    refused(public=multiply_base(random_secret("other")))


def test_another_context() -> None:
    refused(context=b"other-context")


def test_swapped_order() -> None:
    refused(sources=[SOURCES[1], SOURCES[0], SOURCES[2]])
    refused(images=[IMAGES[1], IMAGES[0], IMAGES[2]])
    refused(sources=[SOURCES[1], SOURCES[0], SOURCES[2]], images=[IMAGES[1], IMAGES[0], IMAGES[2]])


@pytest.mark.parametrize("place", range(3))
def test_one_wrong_image_or_source(place: int) -> None:
    def wrong(whole: list[Element]) -> list[Element]:
        return [*whole[:place], element("wrong"), *whole[place + 1 :]]

    refused(sources=wrong(SOURCES))
    refused(images=wrong(IMAGES))


def test_two_errors_that_cancel_in_a_plain_sum() -> None:
    """Without weights by hash, images moved by +D and -D would pass."""
    moved = [
        linear_combination([scalar_from_int(1), scalar_from_int(sign)], [image, element("d")])
        for sign, image in zip((1, -1), IMAGES, strict=False)
    ]
    refused(images=[*moved, IMAGES[2]])


def test_a_proof_of_wrong_images_does_not_verify() -> None:
    wrong = [IMAGES[0], element("wrong"), IMAGES[2]]
    proof = dleq.prove(KEY, PUBLIC, SOURCES, wrong, CONTEXT, RANDOMNESS)
    refused(images=wrong, proof=proof)


def test_length_mismatch() -> None:
    sentence = "one element for each element of the question"
    refused(images=IMAGES[:2], match=sentence)
    refused(sources=SOURCES[:2], match=sentence)
    refused(sources=[], images=[], match=sentence)
    refused(sources=[], match=sentence)


def test_a_prover_who_aims_at_the_identity_is_refused() -> None:
    """With s = -c * key both commitments are the identity; only the key's holder can do it."""
    challenge = scalar_from_int(12345)
    response = scalar_from_int(-12345 * number(KEY))
    refused(proof=Proof(challenge, response), match="a commitment is the identity")


def test_images_that_cancel_are_refused() -> None:
    """A prover who finds weights that cancel gets an error of the protocol, not a crash."""
    weights = dleq._coefficients(PUBLIC, SOURCES, IMAGES, CONTEXT)
    assert len(set(weights)) == 3
    with pytest.MonkeyPatch.context() as patch:
        one, minus = scalar_from_int(1), scalar_from_int(-1)
        patch.setattr(dleq, "_coefficients", lambda *_: [one, minus])
        refused(sources=SOURCES[:2], images=[IMAGES[0]] * 2, match="identity")
        refused(sources=[SOURCES[0]] * 2, images=IMAGES[:2], match="identity")


@pytest.mark.parametrize("bit", range(512))
def test_every_bit_of_a_proof_counts(bit: int) -> None:
    altered = bytearray(PROOF.to_bytes())
    altered[bit // 8] ^= 1 << bit % 8
    try:
        proof = Proof.from_bytes(bytes(altered))
    except EncodingError:
        return
    refused(proof=proof)


def test_a_proof_goes_through_its_bytes() -> None:
    raw = PROOF.to_bytes()
    assert len(raw) == 64
    assert raw == PROOF.c + PROOF.s
    assert Proof.from_bytes(raw) == PROOF


@given(st.binary(max_size=70) | st.binary(min_size=64, max_size=64))
def test_any_bytes_are_a_proof_or_refused(data: bytes) -> None:
    try:
        proof = Proof.from_bytes(data)
    except EncodingError:
        return
    assert proof.to_bytes() == data


@pytest.mark.parametrize("size", [0, 32, 63, 65, 96])
def test_a_proof_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(EncodingError, match="A proof must be 64 bytes"):
        Proof.from_bytes((PROOF.to_bytes() * 2)[:size])


@pytest.mark.parametrize("place", [0, 32])
@pytest.mark.parametrize("value", [0, ORDER, 2**256 - 1])
def test_a_proof_with_a_bad_scalar_is_refused(place: int, value: int) -> None:
    raw = bytearray(PROOF.to_bytes())
    raw[place : place + 32] = value.to_bytes(32, "little")
    with pytest.raises(EncodingError):
        Proof.from_bytes(bytes(raw))


@pytest.mark.parametrize("size", [0, 31, 33])
def test_randomness_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(EncodingError, match="exactly 32 bytes of randomness"):
        dleq.prove(KEY, PUBLIC, SOURCES, IMAGES, CONTEXT, bytes(size))


# --- a nonce never serves twice (two equations would give the key) ---------------------------


def solved(first: Proof, second: Proof) -> int:
    """What an attacker computes from two proofs, hoping that they had one nonce."""
    return (
        (number(first.s) - number(second.s))
        * pow(number(second.c) - number(first.c), -1, ORDER)
        % ORDER
    )


def test_one_nonce_for_two_statements_reveals_the_key() -> None:
    nonce = secret(99)
    first, second = (
        dleq.prove_with_nonce(KEY, PUBLIC, SOURCES[:size], IMAGES[:size], CONTEXT, nonce)
        for size in (1, 2)
    )
    assert solved(first, second) == number(KEY)


def nonce_of(key: SecretScalar, proof: Proof) -> int:
    return (number(proof.s) + number(proof.c) * number(key)) % ORDER


def test_repeated_randomness_gives_a_nonce_of_its_own_to_each_statement() -> None:
    """A virtual machine restored from a snapshot draws the same random bytes again."""
    statements = [
        (PUBLIC, SOURCES[:1], IMAGES[:1], CONTEXT),
        (PUBLIC, SOURCES[1:2], IMAGES[1:2], CONTEXT),
        (PUBLIC, SOURCES, IMAGES, CONTEXT),
        (PUBLIC, SOURCES[::-1], IMAGES[::-1], CONTEXT),
        (PUBLIC, SOURCES, [*IMAGES[:2], element("wrong")], CONTEXT),
        (element("other"), SOURCES, IMAGES, CONTEXT),
        (PUBLIC, SOURCES, IMAGES, b"other-context"),
    ]
    proofs = [dleq.prove(KEY, *statement, RANDOMNESS) for statement in statements]
    assert len({nonce_of(KEY, proof) for proof in proofs}) == len(statements)
    for second in proofs[1:]:
        assert solved(proofs[0], second) != number(KEY)


def test_fresh_randomness_gives_a_fresh_nonce_to_the_same_statement() -> None:
    again = dleq.prove(KEY, PUBLIC, SOURCES, IMAGES, CONTEXT, RANDOMNESS[::-1])
    assert again != PROOF
    dleq.verify(PUBLIC, SOURCES, IMAGES, again, CONTEXT)


def test_the_nonce_is_the_specified_hash_of_key_randomness_and_statement() -> None:
    """Above all the key is in it: who can guess the randomness still cannot guess the nonce."""
    source = linear_combination(dleq._coefficients(PUBLIC, SOURCES, IMAGES, CONTEXT), SOURCES)
    image = multiply(KEY, source)
    parts = (lp(CONTEXT), KEY.reveal(), RANDOMNESS, PUBLIC, source, image)
    wide = hashlib.sha512(b"veilleuse/dleq-nonce/v1" + b"".join(parts)).digest()
    nonce = scalar_from_wide(wide)
    assert dleq.prove_with_nonce(KEY, PUBLIC, SOURCES, IMAGES, CONTEXT, nonce) == PROOF
    assert isinstance(PROOF.s, bytes)
    assert Scalar(PROOF.s) != nonce.reveal()
