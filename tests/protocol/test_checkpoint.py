import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.signing import public_key
from crypto.values import PublicKey, SigningSeed
from protocol.checkpoint import (
    MAX_TIMESTAMP,
    Checkpoint,
    CheckpointError,
    VerifiedCheckpoint,
    cosign,
    cosignature_line,
    log_origin,
    open_checkpoint,
    sign_checkpoint,
    witness_name,
)
from protocol.errors import PeerError
from protocol.merkle import EMPTY_ROOT, MAX_SIZE, Hash, leaf_hash
from protocol.note import COSIGNATURE, NoteError, NoteSignatureError, key_id, parse_note, sign_note

ROOT = Path(__file__).parents[2]
VECTORS = sorted((ROOT / "tests" / "vectors" / "checkpoint").glob("*.json"))

LOG, WITNESS, OTHER = (SigningSeed(bytes([byte]) * 32) for byte in (1, 2, 3))
ORIGIN = log_origin("demo", "cabiria")
NAME = witness_name(ORIGIN)
WITNESSES = {NAME: public_key(WITNESS)}
HEAD = Checkpoint(ORIGIN, 7, leaf_hash(b"root"))
SIGNED = sign_checkpoint(HEAD, ORIGIN, LOG)
NOW = 1_800_000_000

# C2SP tlog-cosignature, the example at its beginning: text, name, timestamp.
PUBLISHED = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"


def opened(data: bytes) -> VerifiedCheckpoint:
    return open_checkpoint(data, ORIGIN, public_key(LOG), WITNESSES)


def test_there_are_vectors() -> None:
    assert len(VECTORS) > 45


@pytest.mark.parametrize("file", VECTORS, ids=lambda file: file.stem)
def test_vector(file: Path) -> None:
    vector = json.loads(file.read_text())
    data = bytes.fromhex(vector["note_hex"]) if "note_hex" in vector else vector["note"].encode()
    key = PublicKey(bytes.fromhex(vector["log_key"]))
    names = vector["witnesses"].items()
    witnesses = {name: PublicKey(bytes.fromhex(public)) for name, public in names}
    try:
        verified = open_checkpoint(data, vector["origin"], key, witnesses)
    except PeerError as error:
        outcome, evidence = error.code, error.evidence
    else:
        outcome, evidence = "ok", verified.raw
        head = Checkpoint(vector["origin"], vector["size"], Hash(bytes.fromhex(vector["root"])))
        assert verified.checkpoint == head
        assert dict(verified.cosigned) == vector["cosigned"]
    assert outcome == vector["expect"], vector["why"]
    assert evidence == data


def test_the_documented_example_is_a_vector() -> None:
    text = (ROOT / "docs" / "spec" / "log.md").read_text()
    vector = json.loads((ROOT / "tests/vectors/checkpoint/ok-own-witness.json").read_text())
    body, _, _ = vector["note"].partition("\n\n")
    assert f"```\n{body}\n\n— {ORIGIN} …\n— {NAME} …\n```" in text
    assert f"```\ncosignature/v1\ntime 1800000000\n{body}\n```" in text


@given(st.integers(1, MAX_SIZE), st.binary(min_size=32, max_size=32).map(Hash))
def test_a_signed_head_opens_as_what_was_signed(size: int, root: Hash) -> None:
    head = Checkpoint(ORIGIN, size, root)
    raw = sign_checkpoint(head, ORIGIN, LOG)
    assert opened(raw) == VerifiedCheckpoint(head, {}, raw)
    assert Checkpoint.parse(str(head)) == head


@given(st.text())
def test_any_text_is_a_checkpoint_exactly_or_refused(text: str) -> None:
    try:
        checkpoint = Checkpoint.parse(text)
    except CheckpointError:
        return
    assert str(checkpoint) == text


@given(st.integers(0, MAX_TIMESTAMP))
def test_a_cosignature_says_when(timestamp: int) -> None:
    raw = cosign(SIGNED, NAME, WITNESS, timestamp)
    assert opened(raw).cosigned == {NAME: timestamp}
    assert opened(raw).checkpoint == HEAD


def test_cosigning_again_refreshes_the_time_and_adds_no_line() -> None:
    first = cosign(SIGNED, NAME, WITNESS, NOW)
    second = cosign(first, NAME, WITNESS, NOW + 60)
    assert opened(second).cosigned == {NAME: NOW + 60}
    assert len(second) == len(first)


def test_a_cosignature_over_another_head_does_not_count() -> None:
    other = sign_checkpoint(Checkpoint(ORIGIN, 8, HEAD.root), ORIGIN, LOG)
    line = parse_note(cosign(other, NAME, WITNESS, NOW)).signatures[-1]
    moved = parse_note(SIGNED).with_signature(line).to_bytes()
    with pytest.raises(NoteSignatureError):
        opened(moved)


def test_the_log_key_does_not_sign_as_a_witness() -> None:
    """One key under both names: the two types of signature never pass for each other."""
    witnesses = {ORIGIN: public_key(LOG)}
    raw = cosign(SIGNED, ORIGIN, LOG, NOW)
    verified = open_checkpoint(raw, ORIGIN, public_key(LOG), witnesses)
    assert verified.cosigned == {ORIGIN: NOW}
    only_cosigned = "\n".join(raw.decode().split("\n")[:4] + raw.decode().split("\n")[5:]).encode()
    with pytest.raises(NoteSignatureError, match="has not signed"):
        open_checkpoint(only_cosigned, ORIGIN, public_key(LOG), witnesses)


def test_an_unknown_witness_is_ignored() -> None:
    raw = cosign(SIGNED, "elsewhere.example/w", OTHER, NOW)
    assert opened(raw).cosigned == {}


def test_the_cosignature_of_the_published_example_has_our_form() -> None:
    """C2SP tlog-cosignature's example line: 4 bytes of key id, 8 of time, 64 of signature."""
    line = cosignature_line(PUBLISHED, "witness.example.com/w1", WITNESS, 1_679_315_147)
    assert line.signature[:8] == bytes.fromhex("00000000641850cb")
    assert len(line.signature) == 72
    assert line.key.key_id == key_id(line.key.name, COSIGNATURE, public_key(WITNESS))


def test_nothing_else_is_cosigned() -> None:
    text = sign_note("not a checkpoint\n", [(ORIGIN, LOG)]).to_bytes()
    with pytest.raises(CheckpointError):
        cosign(text, NAME, WITNESS, NOW)
    for timestamp in (-1, MAX_TIMESTAMP + 1):
        with pytest.raises(CheckpointError):
            cosign(SIGNED, NAME, WITNESS, timestamp)
    for make in (cosign, lambda _, *rest: cosignature_line(str(HEAD), *rest)):
        with pytest.raises(NoteError, match="name"):
            make(SIGNED, "two words", WITNESS, NOW)
    with pytest.raises(NoteError):
        cosign(b"", NAME, WITNESS, NOW)


def test_a_full_note_takes_no_further_cosignature() -> None:
    signers = [(ORIGIN, LOG), *((f"key-{number}", OTHER) for number in range(99))]
    full = sign_note(str(HEAD), signers).to_bytes()
    with pytest.raises(NoteError, match="100"):
        cosign(full, NAME, WITNESS, NOW)


@pytest.mark.parametrize(
    ("origin", "size", "root"),
    [
        ("", 1, HEAD.root),
        ("two words", 1, HEAD.root),
        ("a+b", 1, HEAD.root),
        ("line\nbreak", 1, HEAD.root),
        (ORIGIN, -1, HEAD.root),
        (ORIGIN, MAX_SIZE + 1, HEAD.root),
        (ORIGIN, 1, Hash(b"short")),
        (ORIGIN, 0, HEAD.root),
    ],
)
def test_an_impossible_head_is_refused(origin: str, size: int, root: Hash) -> None:
    with pytest.raises(CheckpointError):
        Checkpoint(origin, size, root)


def test_an_empty_log_has_a_head() -> None:
    raw = sign_checkpoint(Checkpoint(ORIGIN, 0, EMPTY_ROOT), ORIGIN, LOG)
    assert opened(raw).checkpoint.size == 0


def test_a_verified_head_cannot_be_changed() -> None:
    verified = opened(SIGNED)
    with pytest.raises(TypeError):
        verified.cosigned["x"] = 1  # type: ignore[index]  # that it is refused is the point


def test_names_follow_from_the_network_and_the_association() -> None:
    assert ORIGIN == "veilleuse/demo/cabiria"
    assert NAME == "veilleuse/demo/cabiria/witness"
    assert log_origin("a" * 64, "1") == f"veilleuse/{'a' * 64}/1"


@pytest.mark.parametrize("name", ["", "A", "a b", "a/b", "a+b", "-a", "a-", "é", "a" * 65, "a\n"])
def test_other_names_are_refused(name: str) -> None:
    for arguments in ((name, "cabiria"), ("demo", name)):
        with pytest.raises(CheckpointError):
            log_origin(*arguments)
