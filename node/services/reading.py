"""From what a person typed to identifiers, with errors that name the field and never the text."""

from node.errors import InvalidError
from node.services.errors import AmbiguousIdentifierError
from node.services.model import KINDS, IdentifierDraft, Named
from protocol.errors import IdentifierError
from protocol.identifiers import Readings, read
from protocol.readings import CountryNeededError


def read_typed(field: str, draft: IdentifierDraft, default_region: str) -> Readings:
    """Return the one or two readings of one typed identifier.

    Raises:
        AmbiguousIdentifierError: it exists in three countries or more.
        InvalidError: it cannot be read; the code is the reader's.
    """
    kind = KINDS.get(draft.kind, draft.kind)
    try:
        return read(kind, draft.text, draft.region or None, default_region)
    except CountryNeededError:
        raise AmbiguousIdentifierError({field: ()}) from None
    except IdentifierError as error:
        raise InvalidError({field: error.code}) from None


def read_all(drafts: tuple[IdentifierDraft, ...], default_region: str) -> tuple[Named, ...]:
    """Return the identifiers of a report, each once, in the order typed.

    Raises:
        AmbiguousIdentifierError: some could be two numbers; it carries the countries of each.
        InvalidError: one cannot be read.
    """
    named: dict[tuple[str, str], Named] = {}
    unclear: dict[str, tuple[str, ...]] = {}
    for position, draft in enumerate(drafts):
        field = f"identifiers.{position}"
        readings = read_typed(f"{field}.text", draft, default_region)
        if len(readings.candidates) > 1:
            unclear[f"{field}.region"] = tuple(
                reading.region or "" for reading in readings.candidates
            )
            continue
        reading = readings.candidates[0]
        identifier = reading.identifier
        named.setdefault(
            (identifier.kind, identifier.text),
            Named(
                kind=identifier.kind,
                text=identifier.text,
                typed=draft.text,
                region=reading.region,
            ),
        )
    if unclear:
        raise AmbiguousIdentifierError(unclear)
    return tuple(named.values())
