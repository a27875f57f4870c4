"""The base of every wire message, and the two byte encodings that messages use."""

import base64
import binascii
from typing import Annotated, Any, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
)

from protocol.canonical import dumps, loads
from protocol.errors import PeerError

M = TypeVar("M", bound="Message")


class Message(BaseModel):
    """Immutable, no coercion, unknown fields refused."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    def encode(self) -> bytes:
        """Return the canonical bytes (RFC 8785) of this message; absent fields are left out."""
        return dumps(self.model_dump(mode="json", exclude_none=True))


def read_message(
    shape: type[M], data: bytes, limit: int, error: type[PeerError], sentence: str
) -> M:
    """Return the message of `shape` in `data`, at most `limit` bytes.

    Raises:
        CanonicalError: not canonical JSON, or too long.
        error: canonical, but not of that shape; it says `sentence` and carries the bytes.
    """
    loads(data, limit)
    try:
        return shape.model_validate_json(data)
    except ValidationError:
        raise error(sentence, data) from None


def _from_hex(value: Any) -> Any:  # noqa: ANN401  (pydantic hands over whatever was in the JSON)
    if not isinstance(value, str):
        return value
    if value != value.lower():
        raise ValueError("hexadecimal must be lower case")
    return binascii.unhexlify(value)


def _from_base64(value: Any) -> Any:  # noqa: ANN401
    if not isinstance(value, str):
        return value
    decoded = base64.b64decode(value, validate=True)
    if base64.b64encode(decoded).decode("ascii") != value:
        raise ValueError("base64 must be canonical")
    return decoded


def _to_base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


_HEX = (BeforeValidator(_from_hex), PlainSerializer(bytes.hex, return_type=str))
_BASE64 = (BeforeValidator(_from_base64), PlainSerializer(_to_base64, return_type=str))

Hex16 = Annotated[bytes, *_HEX, Field(min_length=16, max_length=16)]
Hex32 = Annotated[bytes, *_HEX, Field(min_length=32, max_length=32)]
Base64 = Annotated[bytes, *_BASE64]
"""Bytes as canonical padded base64 (RFC 4648 section 4)."""

AssociationId = Annotated[str, Field(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$")]
"""An association's id in the roster: 1 to 32 lower-case letters, digits and inner hyphens."""

Month = Annotated[str, Field(pattern=r"^[0-9]{4}-(?:0[1-9]|1[0-2])$")]
"""A calendar month, `YYYY-MM`. Months compare correctly as text."""
