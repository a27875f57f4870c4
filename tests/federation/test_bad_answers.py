"""Answers that are not what the author signed are not applied, and convict nobody."""

from dataclasses import replace

import pytest

from federation.client import Lane
from federation.pacing import LONGEST_BACKOFF
from protocol.answer import Unsearched, gap_of
from protocol.entries import Announce, parse_entry
from protocol.merkle import leaf_hash
from protocol.payload import (
    Code,
    Expired,
    Gone,
    Held,
    Opening,
    Piece,
    Slot,
    commit,
    encode_pieces,
    parse_pieces,
)
from tests.federation.hosts import World
from tests.federation.pulls import BIG, A, B, Bend, altered, entries_bent, proof_bent, pull


@pytest.mark.parametrize(
    ("bend", "code"),
    [
        (entries_bent(altered), "consistency"),
        (entries_bent(lambda raws: [raws[0], raws[2]]), "consistency"),
        (entries_bent(lambda raws: raws[::-1]), "consistency"),
        (entries_bent(lambda raws: [*raws[:2], raws[1]]), "consistency"),
        (entries_bent(lambda raws: [*raws, raws[0]]), "range"),
        (entries_bent(lambda _: []), "range"),
        (proof_bent, "consistency"),
        (lambda _: b'{"entries":["!"],"proof":[]}', "range"),
        (lambda _: b'{"entries":[]}', "range"),
        (lambda _: b"<html>", "canonical"),
        (lambda _: b" " * (BIG + 1), "answer-size"),
    ],
    ids=[
        "altered",
        "dropped",
        "reordered",
        "doubled",
        "added",
        "none",
        "longer proof",
        "not base64",
        "no proof",
        "not JSON",
        "oversize",
    ],
)
async def test_altered_entries_are_not_applied_and_nobody_is_convicted(
    world: World, bend: Bend, code: str
) -> None:
    author = world[B]
    author.log.announce("z")
    await author.publish()
    await pull(world)
    for number in "abc":
        author.log.announce(number)
    await author.publish()
    # The proof between the heads alone (from == to) stays as the author made it.
    author.bend = lambda path, content: (
        bend(content) if "/entries/" in path and "/1/1?" not in path else content
    )
    before = world[A].ledger.state
    result = await pull(world)
    assert (result.error, result.applied, result.up_to_date) == (code, 0, False)
    # Nothing but that there is more than is held: lookups are "behind" from now on.
    assert world[A].ledger.state.logs[B] == replace(before.logs[B], seen_size=4)
    author.bend = None
    assert (await pull(world)).applied == 3


async def test_a_root_over_nothing_that_can_be_shown_applies_nothing(world: World) -> None:
    author = world[B]
    author.log.announce("a")
    await author.publish()
    await pull(world)
    author.log.announce("b")
    author.impose(author.rows(), root=leaf_hash(b"wrong"))
    assert (await pull(world)).error == "consistency"
    held = world[A].ledger.log(B)
    assert (held.quarantine, held.applied.size, held.head_size) == (None, 1, 1)
    assert held.seen_size == 2  # signed, and not held: lookups are "behind"


async def test_a_wrong_root_of_a_log_never_seen_applies_nothing(world: World) -> None:
    author = world[B]
    author.log.announce("a")
    author.impose(author.rows(), root=leaf_hash(b"wrong"))
    assert (await pull(world)).error == "consistency"
    assert world[A].ledger.log(B).rows == []


async def test_what_is_signed_and_not_served_is_known_not_to_be_searched(world: World) -> None:
    author, reader = world[B], world[A]
    author.log.announce("a")
    await author.publish()
    await pull(world)
    author.log.announce("b")
    await author.publish()
    author.bend = lambda path, content: b"{}" if "/entries/" in path else content
    assert (await pull(world)).error == "range"
    statuses = await reader.ledger.read(lambda tx: tx.mirrors(world.clock.now()))
    (status,) = [each for each in statuses if each.member == B]
    assert (status.applied, status.known_size) == (1, 2)
    gap = gap_of(status, world.clock.now(), 86_400)
    assert gap is not None
    assert gap.reason is Unsearched.BEHIND
    held = reader.ledger.log(B)
    assert (held.head_size, held.quarantine) == (1, None)
    author.bend = None
    await pull(world)
    (status,) = [
        each for each in await reader.ledger.read(lambda tx: tx.mirrors(0)) if each.applied
    ]
    assert gap_of(status, world.clock.now(), 86_400) is None


def pieces_bent(index: int, content: bytes) -> bytes:
    rows = [list(row) for row in parse_pieces(content, BIG)]
    opening = rows[index][0]
    assert isinstance(opening, Opening)
    bent = bytearray(opening.payload)
    bent[-3] ^= 1
    rows[index][0] = Opening(opening.salt, bytes(bent))
    return encode_pieces(rows)


def opening_of(payload: bytes, content: bytes) -> bytes:
    del content
    return encode_pieces([[Opening(bytes(32), payload)]])


@pytest.mark.parametrize(
    "bend",
    [
        lambda content: pieces_bent(0, content),
        lambda content: opening_of(b"{}", content),
        lambda _: encode_pieces([[Held()]]),
        lambda _: encode_pieces([[Gone(by=0)]]),
        lambda _: encode_pieces([[]]),
        lambda _: encode_pieces([[Expired(), Expired()]]),
    ],
    ids=["altered", "another", "kept from a member", "gone by itself", "too few", "too many"],
)
async def test_pieces_that_nobody_signed_convict_nobody(world: World, bend: Bend) -> None:
    author = world[B]
    author.log.announce("a")
    await author.publish()
    author.bend = lambda path, content: bend(content) if "/payloads/" in path else content
    result = await pull(world)
    assert (result.error, result.applied, result.up_to_date) == ("piece", 0, False)
    held = world[A].ledger.log(B)
    assert (held.quarantine, held.rows, held.seen_size) == (None, [], 1)
    author.bend = None
    assert (await pull(world)).up_to_date


@pytest.mark.parametrize("piece", [Gone(by=5), Expired()], ids=["gone", "expired"])
async def test_a_code_that_is_kept_back_convicts_nobody(world: World, piece: Piece) -> None:
    author = world[B]
    author.log.announce("a")
    author.log.revise(0, Code.WITHDRAW)
    await author.publish()

    def bend(path: str, content: bytes) -> bytes:
        if "/payloads/" not in path:
            return content
        rows = parse_pieces(content, BIG)
        return encode_pieces([rows[0], (piece, rows[1][1])])

    author.bend = bend
    assert (await pull(world)).error == "piece"
    assert world[A].ledger.log(B).quarantine is None
    author.bend = None
    assert (await pull(world)).applied == 2


async def test_a_payload_that_its_author_committed_to_and_that_is_none_convicts(
    world: World,
) -> None:
    author = world[B]
    for number in "ab":
        author.log.announce(number)
    entry = parse_entry(author.log.raws[1])
    assert isinstance(entry, Announce)
    opening = Opening(bytes(32), b'{"type":"announcement"}')
    author.log.raws[1] = Announce(id=entry.id, c=commit(B, entry.id, opening)).encode()
    author.log.pieces[1] = {Slot.MAIN: opening}
    author.log.announce("c")
    author.impose(author.rows())
    result = await pull(world)
    assert (result.error, result.applied) == ("payload", 1)
    held = world[A].ledger.log(B)
    assert (held.quarantine, held.quarantined_at, held.applied.size) == ("payload", 1, 1)
    assert held.evidence == author.log.raws[1]  # the entry: what may be erased is not evidence


async def test_a_peer_whose_answers_stay_wrong_is_pulled_less_and_less(world: World) -> None:
    author, reader = world[B], world[A]
    author.log.announce("a")
    await author.publish()
    reader.schedule.take_due(world.clock.monotonic() + 1)
    author.bend = lambda path, content: b"{}" if "/entries/" in path else content
    for _ in range(12):
        assert (await pull(world)).error == "range"
        reader.schedule.take_due(world.clock.monotonic() + 1000)
    assert reader.clients[B].wait(Lane.PULL) == 0  # it answers, and quickly
    await pull(world)
    assert reader.schedule.take_due(world.clock.monotonic() + LONGEST_BACKOFF / 2 - 1) == ()
    author.bend = None
    assert (await pull(world)).error is None
    reader.schedule.take_due(world.clock.monotonic() + 1000)
    await pull(world)
    assert reader.schedule.take_due(world.clock.monotonic() + 60) == (B,)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (encode_pieces([]), "range"),
        (encode_pieces([[Expired()]] * 2), "range"),
        (b'{"items":[[{}]]}', "payload"),
        (b"[", "canonical"),
    ],
)
async def test_a_malformed_payload_answer_is_nobodys_entry(
    world: World, content: bytes, code: str
) -> None:
    world[B].log.announce("a")
    await world[B].publish()
    world[B].bend = lambda path, original: content if "/payloads/" in path else original
    assert (await pull(world)).error == code
    assert world[A].ledger.log(B).quarantine is None


async def test_an_unreadable_proof_convicts_nobody_of_an_empty_log(world: World) -> None:
    author = world[B]
    author.log.announce("a")
    author.log.announce("b")
    await author.publish()
    author.bend = lambda path, content: proof_bent(content) if "/entries/" in path else content
    assert (await pull(world)).error == "consistency"
    assert world[A].ledger.log(B).quarantine is None


async def test_an_unreadable_proof_between_the_heads_convicts_nobody(world: World) -> None:
    author = world[B]
    author.log.announce("a")
    await author.publish()
    await pull(world)
    author.log.announce("b")
    await author.publish()
    author.bend = lambda path, content: proof_bent(content) if "/entries/" in path else content
    assert (await pull(world)).error == "consistency"
    assert world[A].ledger.log(B).quarantine is None
    author.bend = None
    assert (await pull(world)).applied == 1


async def test_a_peer_that_refuses_to_prove_is_asked_again_later(world: World) -> None:
    author = world[B]
    author.log.announce("a")
    await author.publish()
    await pull(world)
    author.log.announce("b")
    await author.publish()

    def bend(path: str, content: bytes) -> bytes:
        if "/entries/" not in path:
            return content
        return b"{}" if "/1/1?" in path else proof_bent(content)

    author.bend = bend
    assert (await pull(world)).error == "range"
    assert world[A].ledger.log(B).quarantine is None
