import copy
import dataclasses
import json
import logging
import pickle
from collections.abc import Callable
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import CryptoError, EncodingError, SecretLeakError, VeilleuseError
from crypto.values import (
    ORDER,
    SealingSecret,
    Secret,
    SecretScalar,
    SigningSeed,
    SymmetricKey,
)

CONTENT = bytes(range(1, 33))[:31] + b"\x0f"
FIXED = [SecretScalar, SigningSeed, SealingSecret, SymmetricKey]
ALL = [Secret, *FIXED]


@pytest.mark.parametrize("kind", ALL)
def test_reveal_gives_the_content(kind: type[Secret]) -> None:
    assert kind(CONTENT).reveal() == CONTENT


@pytest.mark.parametrize("kind", FIXED)
@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_another_length_is_refused(kind: type[Secret], size: int) -> None:
    with pytest.raises(EncodingError, match=f"{kind.__name__} must be 32 bytes"):
        kind(b"\x01" * size)


@pytest.mark.parametrize("size", [0, 1, 64])
def test_a_plain_secret_has_any_length(size: int) -> None:
    assert Secret(b"\x01" * size).reveal() == b"\x01" * size


@pytest.mark.parametrize("value", [0, ORDER, ORDER + 1, 2**255, 2**256 - 1])
def test_a_scalar_out_of_range_is_refused(value: int) -> None:
    with pytest.raises(EncodingError, match="below the group's order"):
        SecretScalar(value.to_bytes(32, "little"))


@pytest.mark.parametrize("value", [1, 2, ORDER - 1])
def test_a_scalar_in_range_is_taken(value: int) -> None:
    assert int.from_bytes(SecretScalar(value.to_bytes(32, "little")).reveal(), "little") == value


def test_a_secret_keeps_its_own_bytes() -> None:
    buffer = bytearray(CONTENT)
    secret = Secret(cast("bytes", buffer))
    buffer[0] ^= 1
    assert secret.reveal() == CONTENT
    assert type(secret.reveal()) is bytes


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        lambda secret: "%s %r" % (secret, secret),  # noqa: UP031 -- what logging does
        lambda secret: repr([secret]),
    ],
)
def test_text_is_fixed_and_empty_of_content(
    kind: type[Secret], show: Callable[[Secret], str]
) -> None:
    text = show(kind(CONTENT))
    other = show(kind(CONTENT[::-1][:31] + b"\x01"))
    assert f"<{kind.__name__} 32 bytes>" in text
    assert text == other


def test_a_log_line_that_meets_a_secret_is_harmless(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("test").error("share %s %r", SecretScalar(CONTENT), Secret(CONTENT))
    assert caplog.messages == ["share <SecretScalar 32 bytes> <Secret 32 bytes>"]


LEAKS: dict[str, Callable[[Any], object]] = {
    "format": format,
    "f-string": lambda secret: f"{secret}",
    "format spec": lambda secret: f"{secret:>40}",
    "bytes": bytes,
    "list": list,
    "hash": hash,
    "set": lambda secret: {secret},
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle 0": lambda secret: pickle.dumps(secret, protocol=0),
    "pickle": pickle.dumps,
    "pickle 1": lambda secret: pickle.dumps(secret, protocol=1),
    "pickle 2": lambda secret: pickle.dumps(secret, protocol=2),
    "reduce_ex": lambda secret: secret.__reduce_ex__(4),
    "reduce": lambda secret: secret.__reduce__(),
    "getstate": lambda secret: secret.__getstate__(),
}


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("leak", LEAKS.values(), ids=LEAKS)
def test_every_other_way_out_raises(kind: type[Secret], leak: Callable[[Secret], object]) -> None:
    with pytest.raises(SecretLeakError) as caught:
        leak(kind(CONTENT))
    assert kind.__name__ in str(caught.value)
    assert isinstance(caught.value, TypeError)


def test_json_and_dataclasses_do_not_serialise_one() -> None:
    @dataclasses.dataclass
    class Holder:
        share: Secret

    with pytest.raises(TypeError):
        json.dumps({"share": Secret(CONTENT)})
    with pytest.raises(SecretLeakError):
        dataclasses.asdict(Holder(Secret(CONTENT)))


@pytest.mark.parametrize("kind", ALL)
def test_a_secret_has_no_attribute_dictionary(kind: type[Secret]) -> None:
    with pytest.raises(TypeError):
        vars(kind(CONTENT))


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_equality_is_that_of_the_content(left: bytes, right: bytes) -> None:
    assert (Secret(left) == Secret(right)) is (left == right)
    assert (Secret(left) != Secret(right)) is (left != right)
    assert Secret(left) == Secret(bytes(left))


def test_secrets_of_different_kinds_are_never_equal() -> None:
    assert SigningSeed(CONTENT) != SealingSecret(CONTENT)
    assert Secret(CONTENT) != SymmetricKey(CONTENT)
    assert Secret(CONTENT) != CONTENT


def test_the_error_tree_has_one_root_and_stable_distinct_codes() -> None:
    found: dict[str, type[VeilleuseError]] = {VeilleuseError.code: VeilleuseError}
    queue: list[type[VeilleuseError]] = [CryptoError]
    while queue:
        kind = queue.pop()
        assert kind.code not in found
        found[kind.code] = kind
        queue += [child for child in kind.__subclasses__() if child.__module__ == "crypto.errors"]
    assert set(found) == {
        "internal",
        "crypto",
        "encoding",
        "batch",
        "proof",
        "sharing",
        "signature",
        "seal",
        "derivation",
        "secret-leak",
        "libsodium",
    }
