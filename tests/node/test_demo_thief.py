import base64
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.group import multiply, scalar_from_wide
from crypto.oprf import blind, finalize
from crypto.threshold import combine
from node.demo.attack import identify
from node.demo.search import Needle, encodings, number_needles, search
from protocol.identifiers import oprf_input, read
from protocol.readings import Identifier
from protocol.tags import stretch, tag_of
from tests.protocol.builders import network, stream

NUMBER = "+33639980123"
SECRET = bytes(range(200, 232))
NEEDLES = [
    *number_needles("number", NUMBER, ["06 39 98 01 23"]),
    Needle("key", SECRET, text=False),
]


def _numbers(count: int) -> list[Identifier]:
    return [
        read("phone/1", f"+3363998{index:04d}").candidates[0].identifier for index in range(count)
    ]


@pytest.mark.parametrize(
    "planted",
    [
        NUMBER.encode(),
        b"called 06 39 98 01 23 twice",
        b'{"n":33639980123}',
        b"0639980123",
        NUMBER.encode("utf-16-le"),
        NUMBER.encode("utf-16-be"),
        NUMBER.encode().hex().encode(),
        NUMBER.encode().hex().upper().encode(),
        base64.b64encode(NUMBER.encode()),
        base64.b64encode(b"x" + NUMBER.encode() + b"yz"),
        base64.b64encode(b"xx" + NUMBER.encode()),
        base64.urlsafe_b64encode(b"xx" + NUMBER.encode()),
        SECRET,
        SECRET.hex().encode(),
        base64.b64encode(SECRET),
        base64.urlsafe_b64encode(b"?" + SECRET),
    ],
)
def test_a_planted_secret_is_found(tmp_path: Path, planted: bytes) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "file").write_bytes(stream("noise", 5000) + planted + stream("n", 999))
    leaks = search(tmp_path, NEEDLES)
    assert {leak.needle for leak in leaks} <= {"number", "key"}
    assert leaks
    assert leaks[0].file.name == "file"


def test_noise_holds_no_secret(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(stream("noise", 100_000))
    assert search(tmp_path, NEEDLES) == []


def test_a_needle_does_not_show_itself() -> None:
    assert "3998" not in repr(list(number_needles("number", NUMBER, [])))


def test_short_needles_are_passed_over() -> None:
    assert list(encodings(Needle("short", b"12345", text=True))) == []


@given(st.binary(min_size=6, max_size=40), st.binary(max_size=7), st.binary(max_size=7))
def test_base64_is_found_at_any_alignment(secret: bytes, before: bytes, after: bytes) -> None:
    encoded = base64.b64encode(before + secret + after)
    patterns = dict(encodings(Needle("key", secret, text=False)))
    assert patterns[f"base64 of raw, alignment {len(before) % 3}"] in encoded


def test_shares_below_the_threshold_identify_nobody_and_t_identify_all() -> None:
    built = network()
    roster, shares = built.roster, built.dealing.shares
    candidates = _numbers(40)
    reported = {candidates[3], candidates[17], candidates[39]}
    tags: dict[str, list[bytes]] = {"cabiria": [], "strass": [stream("another tag")]}
    for identifier in reported:
        text = oprf_input(identifier, roster.network_id)
        r = scalar_from_wide(stream("blind", 64))
        asked = blind(text, r)
        answers = {index: [multiply(shares[index], asked)] for index in (1, 2, 3)}
        output = finalize(text, r, combine(answers)[0])
        z = stretch(output, roster.network_id, 1, roster.parameters.argon2id)
        tags["cabiria"].append(tag_of(z, 1, "cabiria"))
    for size in (1, 2, 3, 4):
        for chosen in combinations(shares, size):
            seized = {index: shares[index] for index in chosen}
            found = identify(roster, seized, tags, candidates)
            assert found == (reported if size >= roster.epoch.threshold else set())


def test_progress_is_told() -> None:
    built = network()
    seen: list[int] = []
    identify(built.roster, {1: built.dealing.shares[1]}, {}, _numbers(3), seen.append)
    assert seen == [1, 2, 3]
