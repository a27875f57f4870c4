import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import signing
from crypto.errors import SignatureError
from crypto.values import ORDER, PublicKey, SigningSeed
from tests.crypto.material import vector

CASES = vector("ed25519/rfc8032.json")["cases"]
SEED = SigningSeed(bytes(range(32)))
PUBLIC = signing.public_key(SEED)
MESSAGE = b"checkpoint"
SIGNATURE = signing.sign(SEED, MESSAGE)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["message"])
def test_rfc8032(case: dict[str, str]) -> None:
    seed = SigningSeed(bytes.fromhex(case["seed"]))
    message, signature = bytes.fromhex(case["message"]), bytes.fromhex(case["signature"])
    assert signing.public_key(seed).hex() == case["public"]
    assert signing.sign(seed, message) == signature
    signing.verify(signing.public_key(seed), message, signature)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200))
def test_what_is_signed_verifies(seed: bytes, message: bytes) -> None:
    signature = signing.sign(SigningSeed(seed), message)
    assert len(signature) == 64
    signing.verify(signing.public_key(SigningSeed(seed)), message, signature)


def refused(
    public: bytes = PUBLIC,
    message: bytes = MESSAGE,
    signature: bytes = SIGNATURE,
    match: str = "does not verify",
) -> None:
    with pytest.raises(SignatureError, match=match):
        signing.verify(PublicKey(public), message, signature)


def test_another_key_or_message() -> None:
    refused(public=signing.public_key(SigningSeed(bytes(32))))
    refused(message=MESSAGE + b"\n")
    refused(message=b"")


@given(st.integers(0, 511))
def test_every_bit_of_a_signature_counts(bit: int) -> None:
    altered = bytearray(SIGNATURE)
    altered[bit // 8] ^= 1 << bit % 8
    refused(signature=bytes(altered))


def test_a_signature_cannot_be_changed_into_another_valid_one() -> None:
    scalar = int.from_bytes(SIGNATURE[32:], "little") + ORDER
    refused(signature=SIGNATURE[:32] + scalar.to_bytes(32, "little"))


def test_a_key_of_small_order_signs_nothing() -> None:
    identity = b"\x01" + bytes(31)
    refused(public=identity, signature=identity + bytes(32))


@pytest.mark.parametrize("size", [0, 63, 65, 128])
def test_a_signature_of_another_length_is_refused(size: int) -> None:
    # With 128 bytes the second half would otherwise be read as the start of the message.
    refused(signature=(SIGNATURE * 2)[:size], match="64 bytes")


def test_bytes_moved_from_message_to_signature_are_refused() -> None:
    refused(signature=SIGNATURE + MESSAGE[:4], message=MESSAGE[4:], match="64 bytes")


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_key_of_another_length_is_refused(size: int) -> None:
    refused(public=(PUBLIC * 2)[:size], match="32 bytes")


@given(st.binary(max_size=80), st.binary(max_size=40))
def test_any_bytes_are_refused(signature: bytes, public: bytes) -> None:
    with pytest.raises(SignatureError):
        signing.verify(PublicKey(public), MESSAGE, signature)


def test_a_seed_derives_its_public_key_once() -> None:
    seed = SigningSeed(bytes(range(32)))
    assert seed.expanded() == seed.reveal() + PUBLIC
    assert seed.expanded() is seed.expanded()
