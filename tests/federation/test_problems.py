import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import BatchError, EncodingError, SecretLeakError, VeilleuseError
from federation.errors import (
    CustodyLockedError,
    EpochError,
    FederationError,
    MovedError,
    NotCustodianError,
    NotFoundError,
    NotMemberError,
    OversizeError,
    PeerClockError,
    QuotaError,
    RefusedError,
    ReplayError,
)
from federation.hints import HintError
from federation.problems import MAX_PROBLEM_SIZE, problem_of, read_problem
from protocol.errors import CanonicalError
from protocol.evaluation import EvaluationFormatError
from protocol.requests import (
    RequestClockError,
    RequestDigestError,
    RequestExpiredError,
    RequestFormatError,
    RequestKeyError,
    RequestMisdirectedError,
    RequestSignatureError,
    RequestVersionError,
)
from protocol.tiles import TileError

CASES = [
    (RequestFormatError("why"), 400),
    (RequestVersionError("why"), 400),
    (RequestMisdirectedError("why"), 421),
    (RequestClockError("why", 1_795_000_000), 401),
    (RequestExpiredError("why"), 401),
    (RequestKeyError("why"), 401),
    (RequestSignatureError("why"), 401),
    (RequestDigestError("why"), 401),
    (NotMemberError("why"), 403),
    (NotFoundError("why"), 404),
    (TileError("why"), 404),
    (ReplayError("why"), 409),
    (EpochError("why"), 409),
    (MovedError("why"), 409),
    (OversizeError("why"), 413),
    (QuotaError(17), 429),
    (CustodyLockedError("why"), 503),
    (NotCustodianError("why"), 503),
    (EvaluationFormatError("why"), 400),
    (CanonicalError("why"), 400),
    (HintError("why"), 400),
    (PeerClockError("why"), 400),
    (EncodingError("why"), 400),
    (BatchError("why"), 400),
]


@pytest.mark.parametrize(("error", "status"), CASES, ids=str)
def test_each_error_has_its_status_and_travels_by_its_code(
    error: VeilleuseError, status: int
) -> None:
    problem = problem_of(error)
    assert problem.status == status
    assert json.loads(problem.body)["title"] == str(error)
    back = read_problem(problem.status, problem.body, problem.headers.get("retry-after"))
    assert (back.status, back.problem) == (status, error.code)


def test_a_quota_says_when_it_is_back() -> None:
    problem = problem_of(QuotaError(retry_after=17))
    assert problem.headers == {"retry-after": "17"}
    assert read_problem(429, problem.body, "17").retry_after == 17


def test_a_clock_error_carries_the_servers_time_to_people() -> None:
    problem = problem_of(RequestClockError("why", 1_795_000_000))
    assert read_problem(401, problem.body, None).server_time == 1_795_000_000


@pytest.mark.parametrize(
    "error", [FederationError("share is 1234"), SecretLeakError("1234"), RefusedError(400, "1234")]
)
def test_our_own_bugs_tell_a_peer_nothing(error: VeilleuseError) -> None:
    problem = problem_of(error)
    assert problem.status == 500
    assert b"1234" not in problem.body
    assert json.loads(problem.body)["code"] == "internal"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("0", 0),
        ("120", 120),
        ("999999999", 86_400),
        ("9" * 5000, None),
        ("-1", None),
        ("soon", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("١٢", None),
    ],
)
def test_retry_after(header: str | None, expected: int | None) -> None:
    assert read_problem(429, b"", header).retry_after == expected


@pytest.mark.parametrize(
    "code", ['"UPPER"', '"a b"', '"a\\nb"', '""', f'"{"a" * 41}"', "7", "null", '["quota"]']
)
def test_a_code_that_is_no_code_is_unknown(code: str) -> None:
    assert read_problem(400, f'{{"code":{code}}}'.encode(), None).problem == "unknown"


@pytest.mark.parametrize("time", ["true", '"1795000000"', "null"])
def test_a_time_that_is_no_time_is_ignored(time: str) -> None:
    body = f'{{"code":"request-clock","server_time":{time}}}'.encode()
    assert read_problem(401, body, None).server_time is None


@given(
    st.integers(100, 599),
    st.one_of(
        st.binary(max_size=MAX_PROBLEM_SIZE + 10),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        ).map(lambda value: json.dumps(value).encode()),
    ),
    st.none() | st.text(),
)
def test_any_bytes_are_a_refusal(status: int, body: bytes, header: str | None) -> None:
    refusal = read_problem(status, body, header)
    assert refusal.status == status
    assert refusal.problem == "unknown" or refusal.problem.encode() in body
