import base64
import json
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    algorithms,
)
from http_sf.compat import InnerList, Item
from hypothesis import assume, given
from hypothesis import strategies as st

from crypto.signing import public_key
from crypto.values import PublicKey, SigningSeed
from protocol.requests import (
    LIFETIME,
    MAX_AGE,
    MAX_AHEAD,
    NONCE_SIZE,
    Request,
    RequestClockError,
    RequestDigestError,
    RequestError,
    RequestFormatError,
    RequestKeyError,
    RequestMisdirectedError,
    RequestSignatureError,
    VerifiedRequest,
    join_fields,
    sign_request,
    verify_request,
)
from protocol.structured import Parameters, signature_base

ROOT = Path(__file__).parents[2]
VECTORS = sorted((ROOT / "tests" / "vectors" / "requests").glob("*.json"))

SEED = SigningSeed(b"\x02" * 32)
KEY_ID = "strass"
ME = "cabiria"
NOW = 1_800_000_000
NONCE = bytes(range(NONCE_SIZE))
KEYS = {KEY_ID: public_key(SEED)}
GET = Request("GET", "https://cabiria.example/log/checkpoint")
POST = Request(
    "POST", "https://cabiria.example/federation/v1/evaluate", b"{}", content_type="application/json"
)
COVERED = [
    "@method",
    "@target-uri",
    "content-type",
    "content-digest",
    "veilleuse-version",
    "veilleuse-to",
]

bodies = st.binary(max_size=100)
nonces = st.binary(min_size=NONCE_SIZE, max_size=NONCE_SIZE)


def signed(request: Request, created: int = NOW, nonce: bytes = NONCE) -> dict[str, str]:
    return sign_request(request, SEED, KEY_ID, ME, created, nonce)


def verified(request: Request, headers: dict[str, str], now: int = NOW) -> VerifiedRequest:
    return verify_request(request, headers, ME, now, KEYS.get)


def posted(body: bytes) -> Request:
    return Request(POST.method, POST.target_uri, body, POST.content_type)


def test_there_are_vectors() -> None:
    assert len(VECTORS) > 80


@pytest.mark.parametrize("file", VECTORS, ids=lambda file: file.stem)
def test_vector(file: Path) -> None:
    vector = json.loads(file.read_text())
    keys = {name: PublicKey(bytes.fromhex(key)) for name, key in vector["keys"].items()}
    body, content_type = bytes.fromhex(vector["body"]), vector["content_type"]
    try:
        request = Request(vector["method"], vector["target_uri"], body, content_type)
        verify_request(request, vector["headers"], vector["me"], vector["now"], keys.get)
    except RequestError as error:
        outcome = error.code
    else:
        outcome = "ok"
    assert outcome == vector["expect"], vector["why"]


def test_the_documented_example_is_a_vector() -> None:
    text = (ROOT / "docs" / "spec" / "requests.md").read_text()
    vector = json.loads((ROOT / "tests" / "vectors" / "requests" / "ok-post.json").read_text())
    headers = vector["headers"]
    for name, value in headers.items():
        assert f"\n{name}: {value}\n" in text.replace(name.title(), name)
    parameters = Parameters.from_field(headers["signature-input"])
    assert parameters is not None
    covered = {name: headers[name] for name in COVERED[2:]}
    base = signature_base(vector["method"], vector["target_uri"], covered, parameters)
    assert f"```\n{base.decode()}\n```" in text


@given(bodies, nonces, st.integers(NOW - MAX_AGE, NOW + MAX_AHEAD))
def test_a_signed_request_is_verified_as_what_was_signed(
    body: bytes, nonce: bytes, created: int
) -> None:
    request = posted(body)
    expected = VerifiedRequest(KEY_ID, nonce, created, request)
    assert verified(request, signed(request, created, nonce)) == expected


def test_a_get_is_verified() -> None:
    headers = signed(GET)
    assert "content-type" not in headers
    # The digest of nothing, as RFC 9530 writes it.
    nothing = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    assert headers["content-digest"] == f"sha-256=:{nothing}:"
    assert verified(GET, headers).request == GET


@given(bodies, nonces, nonces, st.integers(NOW - 10**6, NOW + 10**6))
def test_headers_of_equal_requests_have_equal_lengths(
    body: bytes, one: bytes, other: bytes, created: int
) -> None:
    """P2: what a request carries shows in no length. A control: another body size may."""
    filler = posted(b"\x00" * len(body))
    lengths = {
        tuple((name, len(value)) for name, value in signed(request, time, nonce).items())
        for request, time, nonce in [(posted(body), NOW, one), (filler, created, other)]
    }
    assert len(lengths) == 1


@pytest.mark.parametrize("created", [NOW - MAX_AGE - 1, NOW + MAX_AHEAD + 1, NOW - 10**8])
def test_a_clock_error_says_this_nodes_time(created: int) -> None:
    with pytest.raises(RequestClockError, match="clocks") as caught:
        verified(POST, signed(POST, created))
    assert caught.value.server_time == NOW
    assert caught.value.code == "request-clock"


def test_every_bit_of_the_body_counts() -> None:
    headers = signed(POST)
    for body in (b"", b"{} ", b"{|"):
        with pytest.raises(RequestDigestError):
            verified(posted(body), headers)


def test_the_same_request_elsewhere_is_refused() -> None:
    headers = signed(POST)
    for uri in (POST.target_uri + "/", POST.target_uri.replace("cabiria", "strass")):
        with pytest.raises(RequestSignatureError):
            verified(Request("POST", uri, POST.body, POST.content_type), headers)
    with pytest.raises(RequestMisdirectedError):
        verify_request(POST, headers, "griselidis", NOW, KEYS.get)


def test_an_unknown_key_is_told_apart_from_a_wrong_one() -> None:
    headers = signed(POST)
    with pytest.raises(RequestKeyError):
        verify_request(POST, headers, ME, NOW, lambda _: None)
    other = public_key(SigningSeed(b"\x03" * 32))
    with pytest.raises(RequestSignatureError):
        verify_request(POST, headers, ME, NOW, lambda _: other)


def test_the_key_is_asked_for_only_once_all_else_is_in_order() -> None:
    asked: list[str] = []

    def key_of(name: str) -> PublicKey | None:
        asked.append(name)
        return KEYS[name]

    with pytest.raises(RequestClockError):
        verify_request(POST, signed(POST), ME, NOW + 1000, key_of)
    assert asked == []
    verify_request(POST, signed(POST), ME, NOW, key_of)
    assert asked == [KEY_ID]


@given(st.sampled_from(sorted(signed(POST))), st.text(max_size=40))
def test_any_other_field_is_refused_in_good_order(name: str, value: str) -> None:
    headers = signed(POST)
    assume(headers[name] != value)
    with pytest.raises(RequestError):
        verified(POST, {**headers, name: value})


@given(st.sampled_from(sorted(signed(POST))), st.data())
def test_any_changed_character_is_refused(name: str, data: st.DataObject) -> None:
    headers = signed(POST)
    value = headers[name]
    place = data.draw(st.integers(0, len(value) - 1))
    new = data.draw(st.characters().filter(lambda character: character != value[place]))
    headers[name] = value[:place] + new + value[place + 1 :]
    with pytest.raises(RequestError):
        verified(POST, headers)


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=8))
def test_any_target_is_plain_or_refused(uri: str, content_type: str, method: str) -> None:
    for arguments in [
        (method, POST.target_uri, b"", POST.content_type),
        ("POST", "https://a/" + uri, b"", POST.content_type),
        ("POST", POST.target_uri, b"", content_type),
    ]:
        try:
            request = Request(*arguments)
        except RequestFormatError:
            continue
        assert verified(request, signed(request)).request == request


@pytest.mark.parametrize(
    ("method", "uri", "content_type"),
    [
        ("GET", GET.target_uri, "application/json"),
        ("POST", GET.target_uri, None),
        ("POST", GET.target_uri, ""),
        ("POST", GET.target_uri, "application/json; charset=utf-8"),
        ("POST", GET.target_uri, "application/json\nveilleuse-to: x"),
        ("GET", GET.target_uri + "\n", None),
        ("GET", GET.target_uri + "%2f", None),  # one spelling: RFC 3986 section 2.1
        ("GET", "https://cabiria.example", None),
        ("HEAD", GET.target_uri, None),
    ],
)
def test_what_is_not_plain_is_no_request(method: str, uri: str, content_type: str | None) -> None:
    with pytest.raises(RequestFormatError):
        Request(method, uri, b"", content_type)


def test_a_request_shows_no_body_in_its_repr() -> None:
    assert "secret" not in repr(posted(b"secret"))


@pytest.mark.parametrize(
    ("key_id", "to", "created", "nonce", "version"),
    [
        ('a"b', ME, NOW, NONCE, "1"),
        ("", ME, NOW, NONCE, "1"),
        ("k" * 129, ME, NOW, NONCE, "1"),
        (KEY_ID, "", NOW, NONCE, "1"),
        (KEY_ID, "two words", NOW, NONCE, "1"),
        (KEY_ID, "line\nbreak", NOW, NONCE, "1"),
        (KEY_ID, ME, 999_999_999, NONCE, "1"),
        (KEY_ID, ME, 9_999_999_999, NONCE, "1"),
        (KEY_ID, ME, -NOW, NONCE, "1"),
        (KEY_ID, ME, NOW, NONCE[1:], "1"),
        (KEY_ID, ME, NOW, NONCE + b"x", "1"),
        (KEY_ID, ME, NOW, NONCE, ""),
        (KEY_ID, ME, NOW, NONCE, "v1"),
    ],
)
def test_what_does_not_fit_is_not_signed(
    key_id: str, to: str, created: int, nonce: bytes, version: str
) -> None:
    with pytest.raises(RequestFormatError):
        sign_request(POST, SEED, key_id, to, created, nonce, version)


def test_a_field_sent_twice_is_refused() -> None:
    lines = [(name.title().encode(), value.encode()) for name, value in signed(POST).items()]
    assert verified(POST, join_fields(lines)).keyid == KEY_ID
    for line in lines:
        with pytest.raises(RequestFormatError):
            verified(POST, join_fields([*lines, line]))


# The oracle: another implementation of RFC 9421.


def covered_by(request: Request) -> tuple[str, ...]:
    return tuple(name for name in COVERED if request.method == "POST" or name != "content-type")


@dataclass
class Message:
    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)


class Keys(HTTPSignatureKeyResolver):
    def resolve_private_key(self, key_id: str) -> Ed25519PrivateKey:
        assert key_id == KEY_ID
        return Ed25519PrivateKey.from_private_bytes(SEED.reveal())

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(KEYS[key_id])


class TimelessVerifier(HTTPMessageVerifier):
    """The library reads the system's clock; the vectors' time is fixed."""

    def validate_created_and_expires(
        self, sig_input: InnerList, max_age: timedelta | None = None
    ) -> None:
        assert (sig_input.params["created"], max_age) == (NOW, None)


@pytest.mark.parametrize("request_", [GET, POST], ids=["get", "post"])
def test_the_oracle_verifies_ours(request_: Request) -> None:
    message = Message(request_.method, request_.target_uri, signed(request_))
    verifier = TimelessVerifier(signature_algorithm=algorithms.ED25519, key_resolver=Keys())
    [result] = verifier.verify(
        message,
        max_age=None,
        expect_tag="veilleuse-v1",
        body=request_.body,
        require_components=tuple(
            name for name in COVERED if request_ == POST or "type" not in name
        ),
    )
    assert result.parameters == {
        "created": NOW,
        "expires": NOW + LIFETIME,
        "keyid": KEY_ID,
        "alg": "ed25519",
        "nonce": NONCE.hex(),
        "tag": "veilleuse-v1",
    }
    message.headers["veilleuse-to"] = "strass"
    with pytest.raises(InvalidSignature):
        verifier.verify(message, max_age=None, expect_tag="veilleuse-v1")


@pytest.mark.parametrize("request_", [GET, POST], ids=["get", "post"])
def test_ours_verifies_the_oracles(request_: Request) -> None:
    """The library builds what is signed, with our parameters in our order."""
    message = Message(request_.method, request_.target_uri)
    if request_.content_type is not None:
        message.headers["content-type"] = request_.content_type
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=Keys())
    signer.content_digest_class.add(message.headers, request_.body)
    message.headers |= {"veilleuse-version": "1", "veilleuse-to": ME}
    parameters = OrderedDict(
        created=NOW,
        expires=NOW + LIFETIME,
        keyid=KEY_ID,
        alg="ed25519",
        nonce=NONCE.hex(),
        tag="veilleuse-v1",
    )
    base, signature_input, _ = signer._build_signature_base(
        message,
        covered_component_ids=[Item(name) for name in covered_by(request_)],
        signature_params=parameters,
    )
    signature = Keys().resolve_private_key(KEY_ID).sign(base.encode())
    message.headers["signature-input"] = f"veilleuse={signature_input}"
    message.headers["signature"] = f"veilleuse=:{base64.b64encode(signature).decode()}:"
    headers = {name.lower(): value for name, value in message.headers.items()}
    assert headers == signed(request_)  # Ed25519 is deterministic: the very same bytes
    assert verified(request_, headers).keyid == KEY_ID
