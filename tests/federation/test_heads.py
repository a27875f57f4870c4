"""Heads: which are believed, and which convict the log that signed them."""

import base64
import json

import pytest

from federation import puller as puller_module
from federation.errors import NotMemberError
from federation.heads import split_evidence
from federation.ranges import verify_range
from protocol.canonical import dumps
from protocol.checkpoint import Checkpoint
from protocol.merkle import EMPTY_ROOT, CompactRange, Hash, leaf_hash, verify_consistency
from protocol.note import parse_note
from tests.federation.hosts import World, stored
from tests.federation.pulls import A, B, proof_bent, pull
from tests.protocol.builders import LogBuilder


async def test_two_histories_of_one_size_convict(world: World) -> None:
    author = world[B]
    author.log.announce("a")
    await author.publish()
    await pull(world)
    first = world[A].ledger.log(B).head
    other = leaf_hash(b"another history")
    author.ledger.log(B).head = served = author.sign(1, other)
    assert (await pull(world)).error == "split-view"
    held = world[A].ledger.log(B)
    assert (held.quarantine, held.quarantined_at) == ("split-view", 1)
    assert held.rows == author.rows()  # what was applied stays
    evidence = json.loads(held.evidence or b"")
    assert first is not None
    notes = [base64.b64decode(evidence[key]) for key in ("held", "served")]
    assert [note.split(b"\n")[:3] for note in notes] == [
        note.split(b"\n")[:3] for note in (first, served)
    ]
    # Both are signed by the log's own key: whoever reads them needs nobody's word.
    for note in notes:
        world["griselidis"].mirror.open_head(B, note)


async def test_a_shorter_head_of_another_history_convicts_with_the_proof(world: World) -> None:

    author = world[B]
    for number in "abc":
        author.log.announce(number)
    await author.publish()
    await pull(world)
    author.ledger.log(B).head = author.sign(2, leaf_hash(b"another history"))
    assert (await pull(world)).error == "split-view"
    evidence = json.loads(world[A].ledger.log(B).evidence or b"")
    held, served = (
        Checkpoint.parse(parse_note(base64.b64decode(evidence[key])).text)
        for key in ("held", "served")
    )
    root = Hash(bytes.fromhex(evidence["root"]))
    proof = [Hash(bytes.fromhex(item)) for item in evidence["proof"]]
    verify_consistency(served.size, root, held.size, held.root, proof)
    assert root != served.root


async def test_a_rollback_changes_nothing_and_does_not_look_fresh(world: World) -> None:
    author = world[B]
    author.log.announce("a")
    author.log.announce("b")
    await author.publish()
    await pull(world)
    before = world.clock.now()
    world.clock.advance(600)
    author.impose(author.rows()[:1])
    assert (await pull(world)).error == "rollback"
    held = world[A].ledger.log(B)
    assert (held.applied.size, held.head_size, held.head_time) == (2, 2, before)
    assert held.quarantine is None
    author.impose(author.rows())  # it fetched its own entries back from its peers
    assert (await pull(world)).up_to_date


@pytest.mark.parametrize(
    ("ahead", "error"), [(60, None), (61, "peer-clock"), (86_400, "peer-clock"), (-9999, None)]
)
async def test_a_head_from_the_future_is_refused(
    world: World, ahead: int, error: str | None
) -> None:
    author = world[B]
    author.log.announce("a")
    await author.publish()
    log = author.ledger.log(B)
    note = author.sign(1, log.applied.root(), cosigned=world.clock.now() + ahead)
    author.bend = lambda path, content: note if path == "/log/checkpoint" else content
    result = await pull(world)
    assert result.error == error
    assert world[A].ledger.log(B).head_time == (None if error else world.clock.now() + ahead)


@pytest.mark.parametrize("who", ["griselidis", A])
async def test_the_head_of_another_log_is_refused(world: World, who: str) -> None:
    other = world[who]
    other.log.announce("a")
    await other.publish()
    note = other.sign(1, other.ledger.log(who).applied.root())
    world[B].log.announce("b")
    await world[B].publish()
    world[B].bend = lambda path, content: note if path == "/log/checkpoint" else content
    assert (await pull(world)).error == "note-signature"


async def test_a_head_without_its_authors_cosignature_is_refused(world: World) -> None:
    author = world[B]
    author.log.announce("a")
    await author.publish()

    def bend(path: str, content: bytes) -> bytes:
        if path != "/log/checkpoint":
            return content
        lines = content.decode().splitlines(keepends=True)
        return "".join(line for line in lines if "/witness " not in line).encode()

    author.bend = bend
    assert (await pull(world)).error == "head-uncosigned"


@pytest.mark.parametrize("shared", [0, 1, 2, 5, 6])
async def test_a_longer_head_of_another_history_convicts_by_what_was_signed(
    world: World, shared: int
) -> None:
    author = world[B]
    for number in "abcdefg":
        author.log.announce(number)
    await author.publish()
    await pull(world)
    held_note = world[A].ledger.log(B).head
    other = LogBuilder(B)
    for number in "abcdefg"[:shared]:
        other.announce(number)
    for number in "hijklmnop":
        other.announce(number)
    author.impose(stored(other))
    assert (await pull(world)).error == "split-view"
    held = world[A].ledger.log(B)
    assert (held.quarantine, held.applied.size) == ("split-view", 7)
    assert len(held.rows) == 7
    # A third party needs nothing but the log's key.
    evidence = json.loads(held.evidence or b"")
    assert evidence["index"] == shared
    assert held_note is not None
    assert base64.b64decode(evidence["held"]) == held_note
    before = CompactRange.from_bytes(bytes.fromhex(evidence["before"]))
    for kind in ("held", "served"):
        head = world["griselidis"].mirror.open_head(B, base64.b64decode(evidence[kind]))
        proof = [Hash(bytes.fromhex(item)) for item in evidence[f"{kind}_proof"]]
        verify_range(before, [base64.b64decode(evidence[f"{kind}_entry"])], proof, head.checkpoint)
    assert evidence["held_entry"] != evidence["served_entry"]


@pytest.mark.parametrize("proofs", [(), ("/3/3?",), ("/3/3?", "/1/1?"), ("/",)])
async def test_answers_altered_while_a_fork_is_looked_for_convict_nobody(
    world: World, proofs: tuple[str, ...]
) -> None:
    author = world[B]
    for number in "abc":
        author.log.announce(number)
    await author.publish()
    await pull(world)
    author.log.announce("d")
    await author.publish()

    def bend(path: str, content: bytes) -> bytes:
        if "/entries/" not in path:
            return content
        message = json.loads(content)
        entries = [base64.b64decode(raw).replace(b'"v":1', b'"v":2') for raw in message["entries"]]
        content = dumps({**message, "entries": [base64.b64encode(raw).decode() for raw in entries]})
        return proof_bent(content) if any(part in path for part in proofs) else content

    author.bend = bend
    assert (await pull(world)).error == "consistency"
    assert world[A].ledger.log(B).quarantine is None


async def test_there_is_no_log_of_a_stranger(world: World) -> None:
    with pytest.raises(NotMemberError):
        world[A].mirror.open_head("nobody", world[B].sign(0, EMPTY_ROOT))


async def test_other_signers_of_an_empty_log_split_nothing(world: World) -> None:
    author = world[B]
    author.impose([])
    result = await pull(world)
    assert (result.error, result.up_to_date) == (None, True)
    assert world[A].ledger.log(B).head_time == world.clock.now()
    author.log.announce("a")
    await author.publish()
    assert (await pull(world)).applied == 1


async def test_contradictory_heads_while_entries_are_outstanding_convict(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(puller_module, "MAX_PULL", 1)
    world[A].puller._spans[B] = 1
    author = world[B]
    author.log.announce("a")
    author.log.announce("b")
    author.log.announce("c")
    await author.publish()
    await pull(world)
    held = world[A].ledger.log(B)
    assert (held.applied.size, held.head_size) == (1, 3)
    other = LogBuilder(B)  # the same first entry, then another history of the same length
    for number in "axy":
        other.announce(number)
    author.impose(stored(other))
    assert (await pull(world)).error == "split-view"
    assert len(world[A].ledger.log(B).rows) == 1
    evidence = json.loads(world[A].ledger.log(B).evidence or b"")
    assert set(evidence) == {"held", "served"}


async def test_evidence_against_a_log_of_which_no_head_is_held(world: World) -> None:
    head = world[A].mirror.open_head(B, world[B].sign(1, leaf_hash(b"one history")))
    evidence = json.loads(await world[A].ledger.read(lambda tx: split_evidence(tx, None, head)))
    assert (evidence["held"], base64.b64decode(evidence["served"])) == (None, head.note)
