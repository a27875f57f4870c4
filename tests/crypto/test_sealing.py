import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import sealing
from crypto.errors import EncodingError, SealError
from crypto.values import PublicKey, SealingSecret, Secret, SymmetricKey
from tests.crypto.material import vector

KEY = SymmetricKey(bytes(range(32)))
NONCE = bytes(range(24))
CONTEXT = b"veilleuse/body/v1 context"
SEALED = sealing.seal(KEY, b"notice", CONTEXT, NONCE)
OURS = SealingSecret(bytes(range(1, 33)))
THEIRS = SealingSecret(bytes(range(2, 34)))
RECIPIENT = sealing.sealing_public(OURS)
LETTER = sealing.seal_to(RECIPIENT, b"letter", CONTEXT, THEIRS)


def test_the_symmetric_seal_is_the_drafts() -> None:
    case = {
        name: bytes.fromhex(text)
        for name, text in vector("sealing/xchacha20-poly1305.json").items()
        if name != "source"
    }
    sealed = sealing.seal(
        SymmetricKey(case["key"]), case["plaintext"], case["associated"], case["nonce"]
    )
    assert sealed == case["nonce"] + case["ciphertext"] + case["tag"]


def test_the_public_seal_is_the_documented_format() -> None:
    case = {
        name: bytes.fromhex(text)
        for name, text in vector("sealing/seal-to.json").items()
        if name != "source"
    }
    secret = SealingSecret(case["secret"])
    assert sealing.sealing_public(secret) == case["recipient"]
    sealed = sealing.seal_to(
        PublicKey(case["recipient"]),
        case["plaintext"],
        case["associated"],
        SealingSecret(case["ephemeral"]),
    )
    assert sealed == case["sealed"]
    assert sealing.unseal_from(secret, case["sealed"], case["associated"]) == case["plaintext"]


@given(st.binary(max_size=600), st.binary(max_size=60))
def test_both_seals_open_to_what_was_sealed(plaintext: bytes, associated: bytes) -> None:
    sealed = sealing.seal(KEY, plaintext, associated, NONCE)
    assert len(sealed) == len(plaintext) + sealing.SYMMETRIC_OVERHEAD
    assert sealing.unseal(KEY, sealed, associated) == plaintext
    sealed = sealing.seal_to(RECIPIENT, plaintext, associated, THEIRS)
    assert len(sealed) == len(plaintext) + sealing.PUBLIC_OVERHEAD
    assert sealing.unseal_from(OURS, sealed, associated) == plaintext


def refused(sealed: bytes = SEALED, key: Secret = KEY, associated: bytes = CONTEXT) -> None:
    with pytest.raises(SealError, match="not made for this key and context"):
        sealing.unseal(key, sealed, associated)


def letter_refused(
    sealed: bytes = LETTER, secret: SealingSecret = OURS, associated: bytes = CONTEXT
) -> None:
    with pytest.raises(SealError, match="not made for this key and context"):
        sealing.unseal_from(secret, sealed, associated)


def test_another_key_or_context() -> None:
    refused(key=SymmetricKey(bytes(32)))
    refused(associated=b"")
    refused(associated=CONTEXT + b"x")
    letter_refused(secret=THEIRS)
    letter_refused(associated=b"")
    letter_refused(associated=CONTEXT + b"x")


@pytest.mark.parametrize("place", range(len(SEALED)))
def test_every_byte_of_a_seal_counts(place: int) -> None:
    altered = bytearray(SEALED)
    altered[place] ^= 0x80
    refused(bytes(altered))


@pytest.mark.parametrize("bit", range(8 * len(LETTER)))
def test_every_bit_of_a_letter_counts(bit: int) -> None:
    """The key is bound to the ephemeral key's bytes: X25519 alone ignores the top bit."""
    altered = bytearray(LETTER)
    altered[bit // 8] ^= 1 << bit % 8
    letter_refused(bytes(altered))


@pytest.mark.parametrize("cut", [0, 1, 16, 24, 39, 40, len(SEALED) - 1])
def test_a_short_seal_is_refused(cut: int) -> None:
    refused(SEALED[:cut])


@pytest.mark.parametrize("cut", [0, 1, 31, 32, 47, 48, len(LETTER) - 1])
def test_a_short_letter_is_refused(cut: int) -> None:
    letter_refused(LETTER[:cut])


@given(st.binary(max_size=100))
def test_any_bytes_are_refused(data: bytes) -> None:
    refused(data)
    with pytest.raises(SealError):
        sealing.unseal_from(OURS, data, CONTEXT)


def test_keys_and_nonces_of_another_length_are_refused() -> None:
    for key in (Secret(bytes(16)), Secret(bytes(64))):
        refused(key=key)
        with pytest.raises(SealError, match="key of 32 bytes"):
            sealing.seal(key, b"", b"", NONCE)
    for nonce in (b"", NONCE[1:], NONCE + b"\x00"):
        with pytest.raises(SealError, match="nonce of 24 bytes"):
            sealing.seal(KEY, b"", b"", nonce)


def test_a_plain_secret_of_the_right_size_seals() -> None:
    assert sealing.unseal(Secret(KEY.reveal()), SEALED, CONTEXT) == b"notice"


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_recipient_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(SealError, match="must be 32 bytes"):
        sealing.seal_to(PublicKey(bytes(range(1, size + 1))), b"", b"", THEIRS)


@pytest.mark.parametrize("point", [bytes(32), b"\x01" + bytes(31)])
def test_a_recipient_of_small_order_is_refused(point: bytes) -> None:
    with pytest.raises(SealError, match="not usable"):
        sealing.seal_to(PublicKey(point), b"", b"", THEIRS)
    with pytest.raises(SealError, match="not usable"):
        sealing.unseal_from(OURS, point + LETTER[32:], CONTEXT)


def test_a_context_too_long_to_frame_is_refused() -> None:
    with pytest.raises(EncodingError):
        sealing.seal_to(RECIPIENT, b"", bytes(65536), THEIRS)
    with pytest.raises(EncodingError):
        sealing.unseal_from(OURS, LETTER, bytes(65536))


def test_another_ephemeral_key_gives_another_letter() -> None:
    again = sealing.seal_to(RECIPIENT, b"letter", CONTEXT, SealingSecret(bytes(range(3, 35))))
    assert again[:32] != LETTER[:32]
    assert again[32:] != LETTER[32:]
    assert sealing.unseal_from(OURS, again, CONTEXT) == b"letter"
