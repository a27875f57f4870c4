"""Mistakes that were made elsewhere, each shown to be one, and not made here."""

from collections.abc import Sequence

from crypto import group, oprf
from crypto.derivation import lp
from crypto.group import multiply, multiply_base
from crypto.sharing import split
from crypto.threshold import combine
from crypto.values import Element, Scalar, SecretScalar
from tests.crypto import poprf
from tests.crypto.material import number, random_secret

KEY = random_secret("network key")
SHARES = split(KEY, 2, [1, 2], [random_secret("slope")])
BLIND = random_secret("blind")
PHONE, EMAIL = lp(b"phone/1"), lp(b"email/1")


def test_partial_answers_of_mode_1_combine_and_of_mode_2_do_not() -> None:
    """1 / (share + tweak) is not linear in the share: a POPRF cannot be custody-shared."""
    blinded = oprf.blind(b"x", BLIND)
    parts: dict[int, Sequence[Element]] = {
        index: (multiply(share, blinded),) for index, share in SHARES.items()
    }
    assert combine(parts) == (multiply(KEY, blinded),)

    blinded = poprf.blind(b"x", BLIND)
    whole, _ = poprf.evaluate(KEY, [blinded], b"phone/1", random_secret("nonce"))
    parts = {
        index: poprf.evaluate(share, [blinded], b"phone/1", random_secret("nonce"))[0]
        for index, share in SHARES.items()
    }
    assert combine(parts) != whole


def test_an_additive_tweak_would_let_a_client_convert_kinds() -> None:
    """With key + tweak(kind), an answer for one kind gives the answer for any other.

    The client knows the point it asked about and both public tweaks. So kind is part of the
    hashed input, and `oprf` has no parameter beside the input.
    """
    point = group.hash_to_element(b"someone", b"test")
    phone, email = poprf.tweak(b"phone/1"), poprf.tweak(b"email/1")
    asked = multiply(group.scalar_add(KEY, SecretScalar(phone)), point)
    difference = group.scalar_from_int(number(email) - number(phone))
    converted = group.add(asked, multiply(difference, point))
    assert converted == multiply(group.scalar_add(KEY, SecretScalar(email)), point)


def test_kinds_in_the_hashed_input_have_unrelated_points() -> None:
    outputs = set()
    for kind in (PHONE, EMAIL):
        for network in (b"net-1", b"net-2"):
            input_ = lp(network) + kind + lp(b"+33639980123")
            evaluated = multiply(KEY, oprf.blind(input_, BLIND))
            outputs.add(oprf.finalize(input_, BLIND, evaluated))
    assert len(outputs) == 4


def test_framing_keeps_network_kind_and_text_apart() -> None:
    first, second = (b"net", b"phone/1", b"+33639980123"), (b"netphone", b"/1", b"+33639980123")
    assert b"".join(first) == b"".join(second)
    framed = [b"".join(map(lp, parts)) for parts in (first, second)]
    assert oprf.blind(framed[0], BLIND) != oprf.blind(framed[1], BLIND)


def test_one_blind_for_two_elements_shows_that_they_are_equal() -> None:
    """Why a fresh blind is drawn for each element, and again for each new attempt."""
    again = random_secret("another blind")
    assert oprf.blind(b"x", BLIND) == oprf.blind(b"x", BLIND)
    assert oprf.blind(b"x", BLIND) != oprf.blind(b"x", again)


def test_answers_under_two_blinds_do_not_combine() -> None:
    """Why hedges and resends of one attempt carry the same element."""
    again = random_secret("another blind")
    mixed = {
        1: (multiply(SHARES[1], oprf.blind(b"x", BLIND)),),
        2: (multiply(SHARES[2], oprf.blind(b"x", again)),),
    }
    (combined,) = combine(mixed)
    right = oprf.finalize(b"x", BLIND, multiply(KEY, oprf.blind(b"x", BLIND)))
    assert oprf.finalize(b"x", BLIND, combined) != right
    assert oprf.finalize(b"x", again, combined) != right


def test_a_top_bit_in_a_scalar_would_be_ignored_by_the_library() -> None:
    """Why decode_scalar checks by itself: libsodium masks the bit, so two encodings work."""
    twice = Scalar((7 | 1 << 255).to_bytes(32, "little"))
    assert multiply_base(twice) == multiply_base(group.scalar_from_int(7))
