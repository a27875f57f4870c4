"""What a person types or pastes becomes one or two candidate identifiers, by kind.

Kinds carry their normaliser's version: a change that alters any output is a new kind
("phone/2"), and lookups try both until every member has moved. Only `phone/1` has a reader so
far; `email/1`, `handle/1`, `plate/1` and `url/1` take their place in `READERS`.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from crypto.derivation import lp
from protocol.phone import PHONE, read_phone
from protocol.readings import Identifier, Reading, Readings, UnknownKindError

__all__ = ["PHONE", "READERS", "Identifier", "Reader", "Reading", "Readings", "oprf_input", "read"]

Reader = Callable[[str, str | None, str], Readings]
"""(text, region that a person picked, the association's default region) to readings."""

READERS: Final[Mapping[str, Reader]] = MappingProxyType({PHONE: read_phone})


def read(kind: str, text: str, region: str | None = None, default_region: str = "FR") -> Readings:
    """Return the one or two identifiers that `text` may mean.

    Args:
        kind: a key of READERS.
        text: as typed or pasted, in any script.
        region: two-letter code of the country that a person picked; then exactly one reading.
        default_region: the association's profile, "FR" or "BE".

    Raises:
        IdentifierError: by subclass and code, see docs/spec/identifiers.md#errors. Its message
            never repeats the text.
    Source: design section 4.
    """
    reader = READERS.get(kind)
    if reader is None:
        raise UnknownKindError("This kind of identifier cannot be read by this version.")
    return reader(text, region, default_region)


def oprf_input(identifier: Identifier, network_id: bytes) -> bytes:
    """Return x = lp(network id) || lp(kind) || lp(text), the input of the VOPRF.

    The kind is inside what is hashed, so that no two kinds, versions or networks share a tag.
    Source: design section 5.
    """
    return lp(network_id) + lp(identifier.kind.encode()) + lp(identifier.text.encode())
