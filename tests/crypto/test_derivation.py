from itertools import product
from typing import Any

import nacl.exceptions
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import derivation
from crypto.derivation import argon2id, hmac_sha256, lp
from crypto.errors import DerivationError, EncodingError
from crypto.labels import Label
from crypto.values import Secret, SymmetricKey
from tests.crypto.material import vector

KEY = bytes(range(32))
SALT = bytes(range(16))


@pytest.mark.parametrize("case", vector("derivation/hmac.json")["cases"], ids=lambda c: c["why"])
def test_hmac_vectors(case: dict[str, Any]) -> None:
    parts = [bytes.fromhex(part) for part in case["parts"]]
    tail = bytes.fromhex(case["tail"]) * case["tail_repeat"]
    label = Label(case["label"].encode())
    for key in (bytes.fromhex(case["key"]), Secret(bytes.fromhex(case["key"]))):
        assert hmac_sha256(key, label, *parts, tail=tail).hex() == case["mac"]


@pytest.mark.parametrize("case", vector("derivation/argon2id.json")["cases"])
def test_argon2id_vectors(case: dict[str, Any]) -> None:
    raw, salt = bytes.fromhex(case["secret"]), bytes.fromhex(case["salt"])
    for secret in (raw, Secret(raw)):
        key = argon2id(secret, salt, case["operations"], case["memory_kib"])
        assert isinstance(key, SymmetricKey)
        assert key.reveal().hex() == case["key"]


@given(st.lists(st.binary(max_size=5), max_size=4), st.lists(st.binary(max_size=5), max_size=4))
def test_framing_is_injective(left: list[bytes], right: list[bytes]) -> None:
    assert (b"".join(map(lp, left)) == b"".join(map(lp, right))) is (left == right)


def test_a_part_carries_its_length() -> None:
    assert lp(b"") == b"\x00\x00"
    assert lp(b"ab") == b"\x00\x02ab"
    assert lp(bytes(65535)) == b"\xff\xff" + bytes(65535)


@pytest.mark.parametrize("size", [65536, 70000])
def test_a_part_too_long_to_frame_is_refused(size: int) -> None:
    with pytest.raises(EncodingError, match="shorter than 65536 bytes"):
        lp(bytes(size))
    with pytest.raises(EncodingError):
        hmac_sha256(KEY, Label.TAG, bytes(size))


def test_label_parts_and_key_all_count() -> None:
    seen = {
        hmac_sha256(key, label, *parts)
        for key, label, parts in product(
            (KEY, KEY[::-1]),
            (Label.TAG, Label.BODY),
            ((), (b"",), (b"a",), (b"", b"a"), (b"a", b""), (b"aa",), (b"a", b"a")),
        )
    }
    assert len(seen) == 28


def test_a_tail_is_not_a_part() -> None:
    assert hmac_sha256(KEY, Label.LEAF, tail=b"a") != hmac_sha256(KEY, Label.LEAF, b"a")
    assert hmac_sha256(KEY, Label.LEAF, tail=lp(b"a")) == hmac_sha256(KEY, Label.LEAF, b"a")


@pytest.mark.parametrize(
    ("salt", "operations", "memory", "sentence"),
    [
        (SALT[1:], 1, 8, "salt of exactly 16 bytes"),
        (SALT + b"\x00", 1, 8, "salt of exactly 16 bytes"),
        (SALT, 0, 8, "at least one operation"),
        (SALT, -1, 8, "at least one operation"),
        (SALT, 2**32, 8, "at least one operation"),
        (SALT, 1, 7, "between 8 KiB and 4 GiB"),
        (SALT, 1, 0, "between 8 KiB and 4 GiB"),
        (SALT, 1, 4_194_304, "between 8 KiB and 4 GiB"),
    ],
)
def test_parameters_out_of_range_are_refused(
    salt: bytes, operations: int, memory: int, sentence: str
) -> None:
    with pytest.raises(DerivationError, match=sentence):
        argon2id(b"", salt, operations, memory)


def test_memory_that_the_machine_does_not_have_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> bytes:
        raise nacl.exceptions.RuntimeError

    monkeypatch.setattr(derivation, "crypto_pwhash_alg", refuse)
    with pytest.raises(DerivationError, match="could not get 4194303 KiB of memory"):
        argon2id(b"", SALT, 2**32 - 1, 4_194_303)
