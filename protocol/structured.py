"""The header fields of a signed request, as text: one exact spelling of each, by regex.

RFC 9421 leaves a signer many choices; here each is made once, so that nothing is left for a
verifier to interpret. This file knows syntax only: what the values mean is in requests.py.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Final

IDENTIFIER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}")
"""A key's or an association's id: nothing that needs escaping in a quoted string."""

VERSION_NUMBER: Final = re.compile(r"[1-9][0-9]{0,3}")
MEDIA_TYPE: Final = re.compile(r"[a-z]+/[a-z0-9.+-]{1,100}")
TARGET_URI: Final = re.compile(
    r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[1-9][0-9]{0,4})?"
    r"/(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-F]{2})*"
)
"""Absolute, lower-case host, at least the path `/`, no fragment, no user."""

CONTENT_DIGEST: Final = re.compile(r"sha-256=:[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=:")

_LABEL: Final = "veilleuse="
_INPUT: Final = re.compile(
    r'veilleuse=\("@method" "@target-uri"(?P<typed> "content-type")? "content-digest"'
    r' "veilleuse-version" "veilleuse-to"\)'
    r";created=(?P<created>[1-9][0-9]{9});expires=(?P<expires>[1-9][0-9]{9})"
    rf';keyid="(?P<keyid>{IDENTIFIER.pattern})";alg="ed25519"'
    r';nonce="(?P<nonce>[0-9a-f]{32})";tag="veilleuse-v1"'
)
# 64 bytes leave 4 unused bits in the last base64 letter: only A, Q, g and w have them at zero.
_SIGNATURE: Final = re.compile(r"veilleuse=:(?P<base64>[A-Za-z0-9+/]{85}[AQgw]==):")


@dataclass(frozen=True, slots=True)
class Parameters:
    """What `signature-input` says.

    Attributes:
        typed: whether `content-type` is covered: true for a POST, false for a GET.
        created: Unix seconds, ten digits.
        expires: Unix seconds, ten digits.
        keyid: matches `IDENTIFIER`.
        nonce: 16 bytes.
    """

    typed: bool
    created: int
    expires: int
    keyid: str
    nonce: bytes

    def to_field(self) -> str:
        """Format the `signature-input` field."""
        content_type = ' "content-type"' if self.typed else ""
        return (
            f'{_LABEL}("@method" "@target-uri"{content_type} "content-digest"'
            f' "veilleuse-version" "veilleuse-to")'
            f";created={self.created};expires={self.expires}"
            f';keyid="{self.keyid}";alg="ed25519"'
            f';nonce="{self.nonce.hex()}";tag="veilleuse-v1"'
        )

    @classmethod
    def from_field(cls, field: str) -> "Parameters | None":
        """Parse a `signature-input` field; None if it is not exactly the profile's."""
        found = _INPUT.fullmatch(field)
        if found is None:
            return None
        return cls(
            typed=found["typed"] is not None,
            created=int(found["created"]),
            expires=int(found["expires"]),
            keyid=found["keyid"],
            nonce=bytes.fromhex(found["nonce"]),
        )


def signature_to_field(signature: bytes) -> str:
    """Format the `signature` field from the 64 bytes."""
    return f"{_LABEL}:{base64.b64encode(signature).decode()}:"


def signature_from_field(field: str) -> bytes | None:
    """Parse a `signature` field into 64 bytes; None if it is not exactly the profile's."""
    found = _SIGNATURE.fullmatch(field)
    return None if found is None else base64.b64decode(found["base64"])


def content_digest(body: bytes) -> str:
    """Format the `content-digest` field (RFC 9530, SHA-256); an absent body counts as empty."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def signature_base(
    method: str, target_uri: str, fields: dict[str, str], parameters: Parameters
) -> bytes:
    """Build the bytes that are signed.

    Args:
        method: upper case.
        target_uri: as the sender wrote it, matching `TARGET_URI`.
        fields: the covered header fields in the profile's order, `content-type` left out of a GET.
        parameters: what `signature-input` says.
    Source: RFC 9421 section 2.5.
    """
    covered = {"@method": method, "@target-uri": target_uri, **fields}
    lines = [f'"{name}": {value}' for name, value in covered.items()]
    lines.append(f'"@signature-params": {parameters.to_field().removeprefix(_LABEL)}')
    return "\n".join(lines).encode("ascii")
