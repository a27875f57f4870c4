"""Where a member's node answers: an address that every node can parse, or none at all.

What lies in a roster is handed to every member's HTTP client. An address that a library refuses
only when it is used would stop lookups instead of the roster.
"""

from ipaddress import AddressValueError, IPv4Address, IPv6Address
from string import ascii_lowercase, digits
from urllib.parse import urlsplit

import idna

_LONGEST_HOST = 253
_LONGEST_LABEL = 63
_LETTERS = frozenset(ascii_lowercase + digits + "-")


def check_address(url: str) -> None:
    """Return if `url` has a host that names something, and a port in 1..65535 or none.

    Args:
        url: with a scheme, in lower case.

    Raises:
        ValueError: it has not; for pydantic, which makes an error of the whole roster of it.

    Source: docs/spec/roster.md#addresses.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    if ":" in host:
        named = _is_ipv6(host)
        netloc = f"[{host}]"
    else:
        # What ends in a number is no domain name for a browser (WHATWG URL, section 3.5).
        named = _is_ipv4(host) if host.rpartition(".")[2].isdecimal() else _is_name(host)
        netloc = host
    if port is not None:
        netloc += f":{port}"
    if not named or port == 0 or parts.netloc != netloc:
        raise ValueError("no address of a node")


def _is_ipv6(host: str) -> bool:
    try:
        IPv6Address(host)
    except AddressValueError:
        return False
    return True


def _is_ipv4(host: str) -> bool:
    try:
        IPv4Address(host)
    except AddressValueError:
        return False
    return True


def _is_name(host: str) -> bool:
    """Return whether `host` is a domain name of RFC 1123; what has accents, in its ASCII form."""
    labels = host.split(".")
    if len(host) > _LONGEST_HOST or not all(_is_label(label) for label in labels):
        return False
    if not any(label.startswith("xn--") for label in labels):
        return True
    try:
        return idna.encode(idna.decode(host)) == host.encode()
    except idna.IDNAError:
        return False


def _is_label(label: str) -> bool:
    edges = label[:1] + label[-1:]
    return 1 <= len(label) <= _LONGEST_LABEL and _LETTERS.issuperset(label) and "-" not in edges
