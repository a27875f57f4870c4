"""Other people's code reads our log: Go's x/mod/sumdb note and tlog (tests/foreign/verify.go)."""

import base64
import copy
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crypto.signing import public_key
from crypto.values import SigningSeed
from protocol.checkpoint import Checkpoint, cosign, log_origin, sign_checkpoint, witness_name
from protocol.merkle import (
    CompactRange,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    subtrees_of,
)
from protocol.note import COSIGNATURE, ED25519, encode_verifier_key
from protocol.tiles import ENTRIES, Tile, encode_bundle, hash_tile
from tests.tools import require_tool

PROGRAM = Path(__file__).parents[1] / "foreign" / "verify.go"
GO_SOURCES = "/usr/share/gocode"
"""Where Debian's golang-golang-x-mod-dev puts golang.org/x/mod."""

LOG, OWN_WITNESS, WITNESS = (SigningSeed(bytes([byte]) * 32) for byte in (1, 2, 3))
ORIGIN = log_origin("demo", "cabiria")
OWN_NAME, OTHER_NAME = witness_name(ORIGIN), witness_name(log_origin("demo", "strass"))

SIZE = 600  # two full tiles, a partial one, and a partial tile above
ENTRY_BYTES = [b'{"entry":%d}' % index for index in range(SIZE)]
LEAVES = [leaf_hash(entry) for entry in ENTRY_BYTES]
SUBTREES = subtrees_of(LEAVES)

Case = dict[str, Any]


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def root_of(size: int) -> bytes:
    return CompactRange().extend(LEAVES[:size]).root()


def signed_note(size: int = SIZE) -> bytes:
    head = Checkpoint(ORIGIN, size, CompactRange().extend(LEAVES[:size]).root())
    note = sign_checkpoint(head, ORIGIN, LOG)
    note = cosign(note, OWN_NAME, OWN_WITNESS, 1_800_000_000)
    return cosign(note, OTHER_NAME, WITNESS, 1_800_000_060)


def good_case() -> Case:
    tiles = [Tile(0, 0), Tile(0, 1), Tile(0, 2, SIZE % 256), Tile(1, 0, 2)]
    bundles = [Tile(ENTRIES, 0), Tile(ENTRIES, 2, SIZE % 256)]
    return {
        "log_key": encode_verifier_key(ORIGIN, ED25519, public_key(LOG)),
        "witness_keys": [
            encode_verifier_key(OWN_NAME, COSIGNATURE, public_key(OWN_WITNESS)),
            encode_verifier_key(OTHER_NAME, COSIGNATURE, public_key(WITNESS)),
        ],
        "note": b64(signed_note()),
        "tiles": {tile.path: b64(hash_tile(tile, LEAVES[tile.start : tile.end])) for tile in tiles},
        "bundles": [
            {
                "first": bundle.start,
                "data": b64(encode_bundle(ENTRY_BYTES[bundle.start : bundle.end])),
            }
            for bundle in bundles
        ],
        "inclusion": [
            {
                "index": index,
                "entry": b64(ENTRY_BYTES[index]),
                "path": [b64(item) for item in inclusion_proof(SUBTREES, index, SIZE)],
            }
            for index in (0, 1, 255, 256, 257, 511, 512, 598, 599)
        ],
        "consistency": [
            {
                "old_size": old_size,
                "old_root": b64(root_of(old_size)),
                "path": [b64(item) for item in consistency_proof(SUBTREES, old_size, SIZE)],
            }
            for old_size in (1, 3, 255, 256, 257, 511, 512, 513, 599, 600)
        ],
    }


def flip(encoded: str, at: int = -1) -> str:
    data = bytearray(base64.b64decode(encoded))
    data[at] ^= 1
    return b64(bytes(data))


def change_note(case: Case, old: bytes, new: bytes) -> None:
    note = base64.b64decode(case["note"])
    assert old in note
    case["note"] = b64(note.replace(old, new))


def bad_log_signature(case: Case) -> None:
    change_note(case, b"\n600\n", b"\n601\n")


def bad_cosignature(case: Case) -> None:
    lines = base64.b64decode(case["note"]).decode().splitlines(keepends=True)
    name, _, signature = lines[-1].strip().rpartition(" ")
    lines[-1] = f"{name} {flip(signature)}\n"
    case["note"] = b64("".join(lines).encode())


def missing_cosignature(case: Case) -> None:
    lines = base64.b64decode(case["note"]).decode().splitlines(keepends=True)
    case["note"] = b64("".join(lines[:-1]).encode())


def bad_tile(case: Case) -> None:
    case["tiles"]["0/001"] = flip(case["tiles"]["0/001"])


def bad_upper_tile(case: Case) -> None:
    case["tiles"]["1/000.p/2"] = flip(case["tiles"]["1/000.p/2"])


def bad_bundle(case: Case) -> None:
    case["bundles"][0]["data"] = flip(case["bundles"][0]["data"])


def bad_inclusion_path(case: Case) -> None:
    case["inclusion"][0]["path"][0] = flip(case["inclusion"][0]["path"][0])


def bad_inclusion_entry(case: Case) -> None:
    case["inclusion"][0]["entry"] = b64(b"another entry")


def bad_consistency_path(case: Case) -> None:
    case["consistency"][1]["path"][0] = flip(case["consistency"][1]["path"][0])


def bad_consistency_root(case: Case) -> None:
    case["consistency"][1]["old_root"] = b64(root_of(4))


@pytest.fixture(scope="module")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    go = require_tool("go")
    folder = tmp_path_factory.mktemp("go")
    environment = {
        **os.environ,
        "GO111MODULE": "off",
        "GOPATH": GO_SOURCES,
        "GOCACHE": str(folder / "cache"),
        "GOFLAGS": "",
        "GOPROXY": "off",
    }
    subprocess.run(
        [go, "build", "-o", str(folder / "verify"), str(PROGRAM)],
        check=True,
        env=environment,
        timeout=110,
    )
    return folder / "verify"


def run(verifier: Path, case: Case) -> tuple[int, str]:
    done = subprocess.run(
        [str(verifier)],
        input=json.dumps(case),
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    return done.returncode, (done.stdout + done.stderr).strip()


def test_go_verifies_our_log(verifier: Path) -> None:
    assert run(verifier, good_case()) == (0, "ok")


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (bad_log_signature, "checkpoint: invalid signature for key veilleuse/demo/cabiria+"),
        (bad_cosignature, "checkpoint: invalid signature for key veilleuse/demo/strass/witness+"),
        (missing_cosignature, "checkpoint: 2 of 3 keys signed"),
        (bad_tile, "tile: the leaf hashes have another root"),
        (bad_upper_tile, "tile: 1/000.p/2 is not what its leaves give"),
        (bad_bundle, "bundle from 0: the entry is not the one in the tree"),
        (bad_inclusion_path, "inclusion of 0"),
        (bad_inclusion_entry, "inclusion of 0"),
        (bad_consistency_path, "consistency from 3"),
        (bad_consistency_root, "consistency from 3"),
    ],
)
def test_go_refuses_a_broken_log(
    verifier: Path, damage: Callable[[Case], None], complaint: str
) -> None:
    case = copy.deepcopy(good_case())
    damage(case)
    status, output = run(verifier, case)
    assert (status, complaint in output) == (1, True), output
