import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto import dleq, oprf
from crypto.dleq import Proof
from crypto.errors import BatchError, EncodingError, ProofError
from crypto.group import multiply, multiply_base
from crypto.oprf import Evaluation, Mode
from crypto.values import Element, SecretScalar
from tests.crypto.material import element, random_secret, secrets

KEY = random_secret("share")
PUBLIC = multiply_base(KEY)
RANDOMNESS = bytes(range(32))
BLINDED = [element(index) for index in range(3)]
ANSWER = oprf.evaluate(KEY, PUBLIC, BLINDED, RANDOMNESS)


@given(st.binary(max_size=80), secrets)
@settings(max_examples=25)
def test_the_output_does_not_depend_on_the_blind(input_: bytes, blind: SecretScalar) -> None:
    other = random_secret("blind")
    outputs = set()
    for each in (blind, other):
        blinded = oprf.blind(input_, each)
        answer = oprf.evaluate(KEY, PUBLIC, [blinded], RANDOMNESS)
        oprf.verify(PUBLIC, [blinded], answer)
        outputs.add(oprf.finalize(input_, each, answer.elements[0]))
    assert len(outputs) == 1
    assert len(outputs.pop()) == 64


def test_the_blinded_element_depends_on_blind_input_and_mode() -> None:
    seen = {
        oprf.blind(input_, random_secret(blind), mode)
        for input_ in (b"", b"a")
        for blind in ("one", "two")
        for mode in Mode
    }
    assert len(seen) == 8
    assert oprf.blind(b"a", KEY) == oprf.blind(b"a", KEY, Mode.VOPRF)


def test_the_output_depends_on_key_and_input() -> None:
    blind = random_secret("blind")
    outputs = set()
    for key in (KEY, random_secret("other")):
        for input_ in (b"a", b"b"):
            evaluated = multiply(key, oprf.blind(input_, blind))
            outputs.add(oprf.finalize(input_, blind, evaluated))
    assert len(outputs) == 4
    evaluated = multiply(KEY, oprf.blind(b"a", blind))
    assert oprf.finalize(b"b", blind, evaluated) not in outputs


@pytest.mark.parametrize("mode", [0, 1, 2])
def test_the_context_string_is_that_of_the_suite(mode: int) -> None:
    assert oprf.context_string(mode) == b"OPRFV1-" + bytes([mode]) + b"-ristretto255-SHA512"


def test_an_input_that_is_too_long_to_frame_is_refused() -> None:
    with pytest.raises(EncodingError):
        oprf.finalize(bytes(65536), KEY, element("x"))


def test_the_largest_batch_is_evaluated_and_verified() -> None:
    blinded = [element(index) for index in range(1000)]
    answer = oprf.evaluate(KEY, PUBLIC, blinded, RANDOMNESS)
    assert answer.elements[999] == multiply(KEY, blinded[999])
    oprf.verify(PUBLIC, blinded, answer)


def too_many() -> list[Element]:
    return [Element(hashlib.sha256(str(index).encode()).digest()) for index in range(1001)]


@pytest.mark.parametrize(
    ("blinded", "sentence"),
    [
        ([], "1 to 1000"),
        (too_many(), "1 to 1000"),
        ([BLINDED[0], BLINDED[0]], "twice"),
        ([*BLINDED, BLINDED[1]], "twice"),
    ],
    ids=["empty", "1001", "twice", "twice, apart"],
)
def test_a_bad_batch_is_refused_before_any_work(blinded: list[Element], sentence: str) -> None:
    with pytest.raises(BatchError, match=sentence):
        oprf.evaluate(KEY, PUBLIC, blinded, RANDOMNESS)
    with pytest.raises(BatchError, match=sentence):
        oprf.verify(PUBLIC, blinded, ANSWER)


def test_randomness_of_another_length_is_refused() -> None:
    with pytest.raises(EncodingError):
        oprf.evaluate(KEY, PUBLIC, BLINDED, RANDOMNESS[1:])


# --- a custodian that lies -----------------------------------------------------------------


def refused(answer: Evaluation, blinded: list[Element] = BLINDED, public: Element = PUBLIC) -> None:
    with pytest.raises(ProofError) as caught:
        oprf.verify(public, blinded, answer)
    assert caught.value.code == "proof"


def test_the_honest_answer_verifies() -> None:
    oprf.verify(PUBLIC, BLINDED, ANSWER)
    assert isinstance(ANSWER.elements, tuple)


def test_an_answer_from_somebody_who_holds_no_share() -> None:
    other = random_secret("no share")
    refused(oprf.evaluate(other, PUBLIC, BLINDED, RANDOMNESS))
    refused(oprf.evaluate(other, multiply_base(other), BLINDED, RANDOMNESS))


def test_an_answer_under_the_old_public_share() -> None:
    refused(ANSWER, public=multiply_base(random_secret("next epoch")))


def test_swapped_order() -> None:
    first, second, third = ANSWER.elements
    refused(Evaluation((second, first, third), ANSWER.proof))


def test_the_order_of_the_question_counts() -> None:
    refused(ANSWER, blinded=BLINDED[::-1])


def test_too_few_and_too_many_elements() -> None:
    refused(Evaluation(ANSWER.elements[:2], ANSWER.proof))
    refused(Evaluation((*ANSWER.elements, element("more")), ANSWER.proof))
    refused(Evaluation((), ANSWER.proof))


def test_the_question_echoed() -> None:
    refused(Evaluation(tuple(BLINDED), ANSWER.proof))


def test_one_answer_for_all() -> None:
    refused(Evaluation((ANSWER.elements[0],) * 3, ANSWER.proof))


def test_a_proof_for_another_batch() -> None:
    other = oprf.evaluate(KEY, PUBLIC, BLINDED[:2], RANDOMNESS)
    refused(Evaluation(ANSWER.elements, other.proof))


def test_a_proof_with_its_scalars_swapped() -> None:
    refused(Evaluation(ANSWER.elements, Proof(ANSWER.proof.s, ANSWER.proof.c)))


def test_a_wrong_element_with_a_proof_made_for_it() -> None:
    wrong = (element("wrong"), *ANSWER.elements[1:])
    key = random_secret("other")
    forged = dleq.prove(key, PUBLIC, BLINDED, wrong, oprf.context_string(Mode.VOPRF), RANDOMNESS)
    refused(Evaluation(wrong, forged))


def test_a_proof_of_another_mode() -> None:
    proof = dleq.prove(
        KEY, PUBLIC, BLINDED, ANSWER.elements, oprf.context_string(Mode.OPRF), RANDOMNESS
    )
    refused(Evaluation(ANSWER.elements, proof))
