import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crypto.signing import public_key
from crypto.values import SigningSeed
from protocol.note import (
    COSIGNATURE,
    ED25519,
    MAX_NOTE_SIZE,
    KeyName,
    Note,
    NoteError,
    NoteSignatureError,
    SignatureLine,
    decode_verifier_key,
    ed25519_check,
    encode_verifier_key,
    key_id,
    parse_note,
    sign_note,
    valid_key_name,
    verify_note,
)

SEED = SigningSeed(b"\x01" * 32)
OTHER = SigningSeed(b"\x02" * 32)
NAME = "veilleuse/demo/cabiria"
SIGNER = KeyName(NAME, key_id(NAME, ED25519, public_key(SEED)))
KNOWN = {SIGNER: ed25519_check(public_key(SEED))}

# C2SP signed-note, "Example" of "Verifier keys".
PUBLISHED_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
PUBLISHED_NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXm"
    "RKuwHjG1Yu72IneyaQM=\n"
)

names = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Z"], exclude_characters="+"), min_size=1
)
texts = st.text(st.characters(exclude_categories=["Cc", "Cs"], include_characters="\n")).map(
    lambda text: text + "\n"
)


def test_the_published_example_verifies() -> None:
    name, kind, key = decode_verifier_key(PUBLISHED_KEY)
    assert (name, kind) == ("example.com/foo", ED25519)
    assert encode_verifier_key(name, kind, key) == PUBLISHED_KEY
    note = parse_note(PUBLISHED_NOTE.encode())
    signer = KeyName(name, key_id(name, kind, key))
    assert verify_note(note, {signer: ed25519_check(key)}) == note.signatures
    assert note.text == "This is an example message.\n"


@given(texts, names)
def test_what_is_signed_is_read_back_and_verifies(text: str, name: str) -> None:
    note = sign_note(text, [(name, SEED), (NAME + "/2", OTHER)])
    assert parse_note(note.to_bytes()) == note
    signer = KeyName(name, key_id(name, ED25519, public_key(SEED)))
    check = ed25519_check(public_key(SEED))
    assert verify_note(note, {signer: check}) == note.signatures[:1]


@given(st.binary(max_size=120))
@example(PUBLISHED_NOTE.encode())
@example("\n\n— a AAAAAAA=\n".encode())
@example("a\n\n\n— a AAAAAAA=\n".encode())
@example("— a AAAAAAA=\n".encode())
@example("a\n\n— a AAAAAAA=".encode())
@example("a\n\n— a AAAAAAA=\nb\n".encode())
@example("a\n\n— a AAAAAA==\n".encode())
@example("a\n\n— a+b AAAAAAA=\n".encode())
def test_any_bytes_are_read_exactly_or_refused(data: bytes) -> None:
    try:
        note = parse_note(data)
    except NoteError as error:
        evidence = error.evidence
    else:
        evidence = note.to_bytes()
    assert evidence == data


@given(st.data())
def test_a_note_changed_anywhere_no_longer_says_the_same(data: st.DataObject) -> None:
    """Whatever byte is changed, the note is refused, or it has lost its only known signature."""
    original = sign_note("text\n", [(NAME, SEED)]).to_bytes()
    place = data.draw(st.integers(0, len(original) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != original[place]))
    changed = original[:place] + bytes([byte]) + original[place + 1 :]
    try:
        verified = verify_note(parse_note(changed), KNOWN)
    except NoteError:
        verified = ()
    assert verified == ()


def test_a_known_keys_bad_line_refuses_the_whole_note() -> None:
    good = sign_note("text\n", [(NAME, SEED)])
    bad = SignatureLine(SIGNER, bytes(64))
    for lines in [(bad,), (*good.signatures, bad), (bad, *good.signatures)]:
        note = Note(good.text, lines)
        with pytest.raises(NoteSignatureError, match="wrong") as caught:
            verify_note(note, KNOWN)
        assert caught.value.evidence == note.to_bytes()
        assert caught.value.code == "note-signature"


def test_a_signature_of_another_length_is_wrong() -> None:
    note = Note("text\n", (SignatureLine(SIGNER, b"x"),))
    with pytest.raises(NoteSignatureError):
        verify_note(parse_note(note.to_bytes()), KNOWN)


def test_unknown_lines_are_left_out() -> None:
    note = sign_note("text\n", [("stranger", OTHER), (NAME, SEED), (NAME, OTHER)])
    assert [line.key for line in verify_note(note, KNOWN)] == [SIGNER]


def test_a_note_nobody_known_signed_has_no_verified_lines() -> None:
    assert verify_note(sign_note("text\n", [("stranger", OTHER)]), KNOWN) == ()


def test_a_new_line_takes_the_place_of_the_same_keys_line() -> None:
    note = sign_note("text\n", [(NAME, SEED), ("other", OTHER)])
    again = note.with_signature(SignatureLine(SIGNER, b"newer"))
    assert [line.key.name for line in again.signatures] == ["other", NAME]
    assert again.signatures[-1].signature == b"newer"


def test_a_hundred_lines_are_read_and_one_more_refused() -> None:
    hundred = sign_note("text\n", [(f"key-{number}", SEED) for number in range(100)])
    assert len(parse_note(hundred.to_bytes()).signatures) == 100
    with pytest.raises(NoteError, match="100"):
        sign_note("text\n", [(f"key-{number}", SEED) for number in range(101)])


def test_a_flood_is_refused_unread() -> None:
    with pytest.raises(NoteError, match="over the limit") as caught:
        parse_note(b"\xff" * (MAX_NOTE_SIZE + 1))
    assert caught.value.evidence == b""


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("no newline", NAME),
        ("text\n\n— a AAAAAAA=", NAME),  # would read back with a line more
        ("tab\t\n", NAME),
        ("\ud800\n", NAME),
        ("text\n", ""),
        ("text\n", "a b"),
        ("text\n", "a+b"),
        ("text\n", "\udc00"),
    ],
)
def test_what_is_not_a_note_is_not_signed(text: str, name: str) -> None:
    with pytest.raises(NoteError):
        sign_note(text, [(name, SEED)])


def test_a_note_without_signers_is_none() -> None:
    with pytest.raises(NoteError):
        sign_note("text\n", [])


@pytest.mark.parametrize(
    "name", ["", "\u00a0", "a\u2003b", "a\u0085b", "a\u3000", "a\nb", "\x7f+", " "]
)
def test_key_names_have_no_spaces_of_any_script(name: str) -> None:
    assert not valid_key_name(name)


def test_key_ids_differ_by_name_type_and_key() -> None:
    key, other = public_key(SEED), public_key(OTHER)
    ids = {
        key_id(NAME, ED25519, key),
        key_id(NAME, COSIGNATURE, key),
        key_id(NAME, ED25519, other),
        key_id("other", ED25519, key),
    }
    assert len(ids) == 4


@given(names, st.sampled_from([ED25519, COSIGNATURE]))
def test_a_verifier_key_is_read_back(name: str, kind: int) -> None:
    key = public_key(SEED)
    assert decode_verifier_key(encode_verifier_key(name, kind, key)) == (name, kind, key)


def test_other_verifier_keys_are_refused() -> None:
    good = encode_verifier_key(NAME, ED25519, public_key(SEED))
    name, number, encoded = good.split("+", 2)
    spaced = "a b"
    refused = [
        "",
        name,
        f"{name}+{number}",
        good + "=",
        good[:-1],
        f"{name}+{number.upper()}+{encoded}" if number != number.upper() else f"{name}++{encoded}",
        f"{name}+00000000+{encoded}",
        f"other+{number}+{encoded}",
        encode_verifier_key(NAME, 0x06, public_key(SEED)),  # ML-DSA has other keys
        encode_verifier_key(spaced, ED25519, public_key(SEED)),
        f"{name}+{number}+AQ==",
    ]
    for text in refused:
        with pytest.raises(NoteError):
            decode_verifier_key(text)
