"""Asking a custodian to evaluate blinded elements, and reading what it answers.

Both directions have one fixed size for a given number of elements, so that nothing about the
number, its spelling or the outcome shows in the length. Specification: docs/spec/evaluation.md.
"""

from typing import Annotated

from pydantic import Field

from crypto.dleq import Proof
from crypto.errors import EncodingError
from crypto.group import decode_element
from crypto.oprf import MAX_BATCH, Evaluation
from crypto.values import Element
from protocol.errors import PeerError
from protocol.message import Hex16, Hex32, Message, read_message

MAX_MESSAGE_SIZE = 256 * MAX_BATCH
"""Bytes: 67 a hexadecimal element, with room for the rest."""

ElementHex = Hex32
ProofHex = Annotated[str, Field(pattern=r"^[0-9a-f]{128}$")]


class EvaluationFormatError(PeerError):
    """An evaluation request or answer is malformed."""

    code = "evaluation-format"


class EvaluateRequest(Message):
    """`POST /federation/v1/evaluate`; the same `request` and body again is not debited again."""

    generation: Annotated[int, Field(ge=1, lt=2**31)]
    epoch: Hex32
    request: Hex16
    elements: Annotated[tuple[ElementHex, ...], Field(min_length=1, max_length=MAX_BATCH)]


class EvaluateAnswer(Message):
    """The custodian's answer: one element per asked element, in order, and one batch proof."""

    elements: Annotated[tuple[ElementHex, ...], Field(min_length=1, max_length=MAX_BATCH)]
    proof: ProofHex


def parse_request(data: bytes) -> EvaluateRequest:
    """Return the request in `data`; each element is a valid group element, none twice.

    Raises:
        CanonicalError, EvaluationFormatError, EncodingError.
    """
    request = read_message(
        EvaluateRequest,
        data,
        MAX_MESSAGE_SIZE,
        EvaluationFormatError,
        "An evaluation request is malformed.",
    )
    for element in request.elements:
        decode_element(element)
    if len(set(request.elements)) != len(request.elements):
        raise EvaluationFormatError("An evaluation request holds the same element twice.", data)
    return request


def encode_answer(evaluation: Evaluation) -> bytes:
    """Return the canonical bytes of an answer."""
    answer = EvaluateAnswer(
        elements=tuple(bytes(element) for element in evaluation.elements),
        proof=evaluation.proof.to_bytes().hex(),
    )
    return answer.encode()


def parse_answer(data: bytes) -> Evaluation:
    """Return the evaluation in `data`: well-formed, its proof not yet verified.

    Raises:
        CanonicalError, EvaluationFormatError.
    """
    answer = read_message(
        EvaluateAnswer,
        data,
        MAX_MESSAGE_SIZE,
        EvaluationFormatError,
        "A custodian's answer is malformed.",
    )
    try:
        elements = tuple(decode_element(element) for element in answer.elements)
        proof = Proof.from_bytes(bytes.fromhex(answer.proof))
    except EncodingError as error:
        raise EvaluationFormatError(
            "A custodian's answer holds bytes that are not a group element or scalar.", data
        ) from error
    return Evaluation(elements, proof)


def as_elements(request: EvaluateRequest) -> tuple[Element, ...]:
    """Return the elements of a request that `parse_request` accepted."""
    return tuple(Element(element) for element in request.elements)
