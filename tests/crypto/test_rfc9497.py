"""Every ristretto255-SHA512 vector of RFC 9497, on every libsodium that a node may load."""

from typing import Any

import pytest

from crypto import dleq, oprf
from crypto.derivation import lp
from crypto.group import decode_element, hash_to_scalar, multiply, multiply_base
from crypto.labels import SuiteLabel
from crypto.oprf import Evaluation, Mode
from crypto.values import SecretScalar
from tests.crypto import poprf
from tests.crypto.material import vector

pytestmark = pytest.mark.usefixtures("each_libsodium")

FILES = {
    0: vector("rfc9497/mode0-oprf.json"),
    1: vector("rfc9497/mode1-voprf.json"),
    2: vector("rfc9497/mode2-poprf.json"),
}


def cases(mode: int) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", FILES[mode]["vectors"])


def many(text: str) -> list[bytes]:
    return [bytes.fromhex(part) for part in text.split(",")]


def key(mode: int) -> SecretScalar:
    return SecretScalar(bytes.fromhex(FILES[mode]["skSm"]))


@pytest.mark.parametrize("mode", FILES)
def test_number_of_vectors(mode: int) -> None:
    assert len(FILES[mode]["vectors"]) == {0: 2, 1: 3, 2: 3}[mode]


@pytest.mark.parametrize("mode", FILES)
def test_tags(mode: int) -> None:
    tag = SuiteLabel.HASH_TO_GROUP + oprf.context_string(mode)
    assert tag == bytes.fromhex(FILES[mode]["groupDST"])


@pytest.mark.parametrize("mode", FILES)
def test_derived_key_pair(mode: int) -> None:
    """DeriveKeyPair (section 3.2.1): nobody holds the product's key, so only vectors derive one."""
    source = bytes.fromhex(FILES[mode]["seed"]) + lp(bytes.fromhex(FILES[mode]["keyInfo"]))
    derived = hash_to_scalar(source + b"\x00", b"DeriveKeyPair" + oprf.context_string(mode))
    assert derived == key(mode).reveal()
    if mode:
        assert multiply_base(key(mode)) == bytes.fromhex(FILES[mode]["pkSm"])


@cases(0)
def test_oprf(case: dict[str, Any]) -> None:
    input_, blind = bytes.fromhex(case["Input"]), SecretScalar(bytes.fromhex(case["Blind"]))
    blinded = oprf.blind(input_, blind, Mode.OPRF)
    assert blinded == bytes.fromhex(case["BlindedElement"])
    evaluated = multiply(key(0), blinded)
    assert evaluated == bytes.fromhex(case["EvaluationElement"])
    assert oprf.finalize(input_, blind, evaluated) == bytes.fromhex(case["Output"])


@cases(1)
def test_voprf(case: dict[str, Any]) -> None:
    inputs = many(case["Input"])
    blinds = [SecretScalar(raw) for raw in many(case["Blind"])]
    blinded = [oprf.blind(*pair) for pair in zip(inputs, blinds, strict=True)]
    assert blinded == many(case["BlindedElement"])

    public = decode_element(bytes.fromhex(FILES[1]["pkSm"]))
    elements = oprf.evaluate(key(1), public, blinded, bytes(32)).elements
    assert list(elements) == many(case["EvaluationElement"])

    nonce = SecretScalar(bytes.fromhex(case["Proof"]["r"]))
    context = oprf.context_string(Mode.VOPRF)
    proof = dleq.prove_with_nonce(key(1), public, blinded, elements, context, nonce)
    assert proof.to_bytes().hex() == case["Proof"]["proof"]
    oprf.verify(public, blinded, Evaluation(elements, proof))

    outputs = [oprf.finalize(*three) for three in zip(inputs, blinds, elements, strict=True)]
    assert outputs == many(case["Output"])


@cases(2)
def test_poprf(case: dict[str, Any]) -> None:
    inputs, info = many(case["Input"]), bytes.fromhex(case["Info"])
    blinds = [SecretScalar(raw) for raw in many(case["Blind"])]
    blinded = [poprf.blind(*pair) for pair in zip(inputs, blinds, strict=True)]
    assert blinded == many(case["BlindedElement"])

    nonce = SecretScalar(bytes.fromhex(case["Proof"]["r"]))
    elements, proof = poprf.evaluate(key(2), blinded, info, nonce)
    assert list(elements) == many(case["EvaluationElement"])
    assert proof.to_bytes().hex() == case["Proof"]["proof"]
    poprf.verify(multiply_base(key(2)), blinded, elements, proof, info)

    outputs = [poprf.finalize(*three, info) for three in zip(inputs, blinds, elements, strict=True)]
    assert outputs == many(case["Output"])
