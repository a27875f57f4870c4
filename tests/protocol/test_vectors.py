"""The vectors of docs/spec: what another implementation can be tested with."""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import nacl.bindings
import pytest

from crypto.errors import VeilleuseError
from crypto.group import decode_element, decode_scalar, multiply
from crypto.oprf import blind, finalize, verify
from crypto.values import SecretScalar
from protocol.entries import parse_entry
from protocol.evaluation import as_elements, parse_answer, parse_request
from protocol.identifiers import oprf_input, read
from protocol.lookup import Attempt, State
from protocol.payload import Opening, Slot, commit, open_payload
from protocol.roster import Epoch, Stretching, verify_genesis
from protocol.tags import body_key, stretch, tag_of

ROOT = Path(__file__).parents[1] / "vectors"


def _vectors(topic: str) -> list[Any]:
    files = sorted((ROOT / topic).glob("*.json"))
    return [pytest.param(json.loads(f.read_text("utf-8")), id=f.stem) for f in files]


def _code(outcome: VeilleuseError | None) -> str:
    return "ok" if outcome is None else outcome.code


@pytest.mark.parametrize("vector", _vectors("tags"))
def test_tag_vector(vector: dict[str, Any]) -> None:
    network_id = bytes.fromhex(vector["network_id"])
    identifier = read(vector["kind"], vector["typed"]).candidates[0].identifier
    assert identifier.text == vector["text"]
    text = oprf_input(identifier, network_id)
    assert text.hex() == vector["input"]
    r = SecretScalar(decode_scalar(bytes.fromhex(vector["blind"])))
    assert blind(text, r).hex() == vector["blinded"]
    key = SecretScalar(decode_scalar(bytes.fromhex(vector["key"])))
    evaluated = multiply(key, decode_element(bytes.fromhex(vector["blinded"])))
    assert evaluated.hex() == vector["evaluated"]
    output = finalize(text, r, evaluated)
    assert output.hex() == vector["output"]
    z = stretch(output, network_id, vector["generation"], Stretching(**vector["argon2id"]))
    assert z.reveal().hex() == vector["z"]
    for association, expected in vector["associations"].items():
        tag = tag_of(z, vector["generation"], association)
        assert tag.hex() == expected["tag"]
        key_bytes = body_key(z, vector["generation"], association).reveal()
        assert key_bytes.hex() == expected["body_key"]


@pytest.mark.parametrize("vector", _vectors("tags"))
def test_tag_vector_by_the_formulas_alone(vector: dict[str, Any]) -> None:
    """The same values from the standard library, as docs/spec/tags.md writes them."""

    def lp(data: bytes) -> bytes:
        return len(data).to_bytes(2, "big") + data

    network_id = bytes.fromhex(vector["network_id"])
    generation = vector["generation"].to_bytes(4, "big")
    text = lp(network_id) + lp(vector["kind"].encode()) + lp(vector["text"].encode())
    assert text.hex() == vector["input"]
    label = b"veilleuse/argon2-salt/v1" + lp(generation)
    z = nacl.bindings.crypto_pwhash_alg(
        32,
        bytes.fromhex(vector["output"]),
        hmac.digest(network_id, label, hashlib.sha256)[:16],
        vector["argon2id"]["operations"],
        vector["argon2id"]["memory_kib"] * 1024,
        nacl.bindings.crypto_pwhash_ALG_ARGON2ID13,
    )
    assert z.hex() == vector["z"]
    for association, expected in vector["associations"].items():
        tail = lp(generation) + lp(association.encode())
        for name, start in (("tag", b"veilleuse/tag/v1"), ("body_key", b"veilleuse/body/v1")):
            assert hmac.digest(z, start + tail, hashlib.sha256).hex() == expected[name]


@pytest.mark.parametrize("vector", _vectors("entries"))
def test_entry_vector(vector: dict[str, Any]) -> None:
    outcome: VeilleuseError | None = None
    try:
        parse_entry(vector["entry"].encode())
    except VeilleuseError as error:
        outcome = error
    assert _code(outcome) == vector["expect"], vector["why"]


@pytest.mark.parametrize("vector", _vectors("payloads"))
def test_payload_vector(vector: dict[str, Any]) -> None:
    opening = Opening(bytes.fromhex(vector["salt"]), vector["payload"].encode())
    entry_id, commitment = bytes.fromhex(vector["id"]), bytes.fromhex(vector["commitment"])
    outcome: VeilleuseError | None = None
    try:
        open_payload(vector["origin"], entry_id, Slot(vector["slot"]), commitment, opening)
    except VeilleuseError as error:
        outcome = error
    assert _code(outcome) == vector["expect"], vector["why"]
    if vector["expect"] == "ok":
        assert commit(vector["origin"], entry_id, opening) == commitment


@pytest.mark.parametrize("vector", _vectors("evaluation"))
def test_evaluation_vector(vector: dict[str, Any]) -> None:
    outcome: VeilleuseError | None = None
    try:
        if vector["message"] == "request":
            parse_request(vector["data"].encode())
        else:
            question = parse_request(vector["question"].encode())
            public = decode_element(bytes.fromhex(vector["public_share"]))
            verify(public, as_elements(question), parse_answer(vector["data"].encode()))
    except VeilleuseError as error:
        outcome = error
    assert _code(outcome) == vector["expect"], vector["why"]


@pytest.mark.parametrize("vector", _vectors("roster"))
def test_roster_vector(vector: dict[str, Any]) -> None:
    pinned = None if vector["network_id"] is None else bytes.fromhex(vector["network_id"])
    outcome: VeilleuseError | None = None
    try:
        roster = verify_genesis(json.dumps(vector["roster"]).encode(), pinned)
    except VeilleuseError as error:
        outcome = error
    else:
        assert roster.network_id == pinned
    assert _code(outcome) == vector["expect"], vector["why"]


@pytest.mark.parametrize("vector", _vectors("lookup"))
def test_lookup_vector(vector: dict[str, Any]) -> None:
    epoch = Epoch.model_validate_json(json.dumps(vector["epoch"]))
    inputs = [bytes.fromhex(text) for text in vector["inputs"]]
    attempt = Attempt(epoch, inputs, epoch.indices, bytes.fromhex(vector["randomness"]))
    assert attempt.request.encode().decode() == vector["request"]
    attempt.wanted()
    for index, answer in vector["answers"].items():
        attempt.receive(int(index), parse_answer(answer.encode()))
    assert {str(index): fault for index, fault in attempt.faults.items()} == vector["faults"]
    assert attempt.state == vector["state"], vector["why"]
    if attempt.state is State.READY:
        assert [output.hex() for output in attempt.outputs()] == vector["outputs"]
