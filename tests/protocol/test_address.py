"""Addresses of a roster: every client can use what passes."""

from contextlib import suppress

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.address import check_address


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9001",
        "http://[::1]:9001",
        "https://[2001:db8::1]",
        "https://veilleuse.exemple.org",
        "https://exemple.org:65535/veilleuse",
        "https://xn--caf-dma.exemple.org",
        "http://localhost:1",
        "https://" + ".".join(["a" * 63] * 3),
    ],
)
def test_an_address_of_a_node(url: str) -> None:
    check_address(url)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://exemple.org:0", "no port is 0"),
        ("http://exemple.org:65536", "above the last port"),
        ("http://exemple.org:", "a port is announced and none given"),
        ("http://exemple.org:080", "one form of a port only"),
        ("http://exemple.org:80:80", "two ports"),
        ("http://", "no host"),
        ("http://.", "empty labels"),
        ("http://exemple..org", "an empty label"),
        ("http://-exemple.org", "a hyphen at an edge"),
        ("http://exemple-.org", "a hyphen at an edge"),
        ("http://exem]ple.org", "a bracket"),
        ("http://[::1", "half a bracket"),
        ("http://[::1]x:80", "more than the bracket holds"),
        ("http://[:::1]", "no IPv6 address"),
        ("http://[v1.a:b]", "an address of a later kind"),
        ("http://[127.0.0.1]", "an IPv4 address in brackets"),
        ("http://127.0.0.256", "no IPv4 address"),
        ("http://1.2.3", "ends in a number and is no IPv4 address"),
        ("http://12345678", "the same, of one part"),
        ("http://127.0.0.01", "octal to some, decimal to others"),
        ("http://xn--", "nothing encoded"),
        ("http://xn--a", "not an encoding"),
        ("http://xn--999999999.org", "not an encoding"),
        ("http://" + "a" * 64 + ".org", "a label of 64"),
        ("http://" + ".".join(["a" * 63] * 4), "a name of 255"),
    ],
)
def test_no_address_of_a_node(url: str, why: str) -> None:
    try:
        check_address(url)
    except ValueError:
        return
    pytest.fail(why)


@given(
    st.lists(st.sampled_from(["xn--", "a", "-", ".", "0", "9", ":", "[", "]", "é", "z9"]))
    | st.text(st.sampled_from("abxn-.0123456789:[]"), max_size=40).map(list)
)
def test_what_passes_is_an_address_to_the_client(parts: list[str]) -> None:
    url = "http://" + "".join(parts)
    with suppress(ValueError):
        check_address(url)
        parsed = httpx.URL(url)
        assert parsed.host
        assert parsed.port != 0
