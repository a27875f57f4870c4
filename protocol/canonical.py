"""Canonical JSON: one value has one encoding, so that hashing bytes means hashing the value.

RFC 8785 (JCS), narrowed: no floats, integers within ±(2^53 − 1), at most `MAX_DEPTH` levels.
Whatever `dumps` writes, `loads` accepts; whatever `loads` accepts, `dumps` writes back unchanged.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

import rfc8785

from protocol.errors import CanonicalError

MAX_DEPTH: Final = 16
"""Arrays and objects inside one another, the outermost counted as 1."""

MAX_INTEGER: Final = 2**53 - 1
"""Beyond it a JSON number is not the same integer in every language (RFC 8785 section 3.2.2.3)."""


def dumps(value: object) -> bytes:
    """Encode `value` as its only canonical form.

    Args:
        value: None, bool, int, str, and lists, tuples and str-keyed dicts of these.

    Raises:
        CanonicalError: a float, another type, an integer out of range, a lone surrogate, or
            more than `MAX_DEPTH` levels. The value itself is never in the message.
    Source: RFC 8785; docs/spec/log.md#canonical-json.
    """
    _check(value, MAX_DEPTH)
    return rfc8785.dumps(value)  # type: ignore[arg-type]  # _check has just narrowed it


def loads(data: bytes, limit: int) -> Any:  # noqa: ANN401  # JSON: the caller's model gives it a type
    """Decode bytes from a peer, refusing all but the canonical encoding of a value.

    Args:
        data: the whole document, UTF-8, no byte-order mark.
        limit: most bytes accepted; checked before anything is parsed.

    Raises:
        CanonicalError: too long, not JSON, a duplicate key, a float, an integer out of range,
            a lone surrogate, too deep, or any byte that re-encoding would change.
            `evidence` is `data`.
    Source: RFC 8785; docs/spec/log.md#canonical-json.
    """
    if len(data) > limit:
        raise CanonicalError(f"A JSON document of {len(data)} bytes is over its limit of {limit}.")
    try:
        value = json.loads(data.decode("utf-8"))
        again = dumps(value)
    except CanonicalError as error:
        raise CanonicalError(str(error), data) from None
    except (ValueError, RecursionError):
        # Chained exceptions would carry the document's text into tracebacks.
        raise CanonicalError("Not a JSON document in UTF-8.", data) from None
    if again != data:  # a key given twice is caught here too: it was read once
        raise CanonicalError(
            "The JSON document is not in canonical form: one spelling, each key once, sorted.", data
        )
    return value


def _check(value: object, levels: int) -> None:
    match value:
        case None | bool():
            return
        case int():
            if abs(value) > MAX_INTEGER:
                raise CanonicalError("An integer is beyond 2^53 - 1.")
        case str():
            _check_text(value)
        case list() | tuple():
            _check_items(value, levels - 1)
        case dict():
            for key in value:
                _check_text(key)
            _check_items(tuple(value.values()), levels - 1)
        case _:
            raise CanonicalError(f"Canonical JSON has no {type(value).__name__}.")


def _check_items(items: Sequence[object], levels: int) -> None:
    if levels < 0:
        raise CanonicalError(f"Nested more than {MAX_DEPTH} levels deep.")
    for item in items:
        _check(item, levels)


def _check_text(text: object) -> None:
    if not isinstance(text, str):
        raise CanonicalError("An object's key is not a string.")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise CanonicalError("A string holds half of a surrogate pair.") from None
