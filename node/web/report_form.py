"""The form of a new report: from fields to a draft, with a sentence at each field that is wrong."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from node.errors import InvalidError
from node.services.errors import AmbiguousIdentifierError
from node.services.model import MAX_TYPED, IdentifierDraft, ReportDraft, read_draft
from node.services.reading import read_all
from node.web.choices import ASKED_REGIONS, trait_field
from node.web.forms import Form
from node.web.wording import Translate, field_problem, number_problem
from protocol.areas import AREAS
from protocol.coded import Coded
from protocol.description import TRAITS
from protocol.vocabulary import (
    Consent,
    Knowledge,
    Perpetrator,
    PlaceType,
    Relation,
    Severity,
    TimeOfDay,
    Violence,
)

OPTIONAL: Final[Mapping[str, type[Coded]]] = {
    "perpetrator": Perpetrator,
    "place": PlaceType,
    "time": TimeOfDay,
    "relation": Relation,
}
"""Fields with one word each, or none."""

NUMBER, REGION = "number", "region"
FIELDS: Final[Mapping[str, str]] = {
    "identifiers.0.text": NUMBER,
    "identifiers.0.region": REGION,
    "text": NUMBER,
}
"""Fields of a draft and of a lookup that have another name in the form."""

_COUNTRY: Final = re.compile("[A-Z]{2}")
_ONCE: Final = re.compile("[0-9a-f]{32}")


def draft_of(form: Form, months: Iterable[str], translate: Translate) -> ReportDraft | None:
    """Return the draft that `form` describes, or None: then `form.errors` says why.

    Only options that our page offers are taken; anything else counts as not answered.
    """
    severity = form.one_of("severity", _slugs(Severity))
    violence = [slug for slug in _slugs(Violence) if form.chosen("violence", slug)]
    knowledge = form.one_of("knowledge", _slugs(Knowledge))
    for field, answer in (("severity", severity), ("violence", violence), ("knowledge", knowledge)):
        if not answer:
            form.errors[field] = field_problem(field, "required", translate)
    if form.errors:
        return None
    fields = {
        "identifiers": [{"text": form.text(NUMBER), "region": region_of(form)}],
        "severity": severity,
        "violence": violence,
        "knowledge": knowledge,
        "month": form.one_of("month", months),
        "area": form.one_of("area", AREAS),
        "narrative": form.raw("narrative").replace("\r\n", "\n").strip(),
        "once": form.text("once") if _ONCE.fullmatch(form.text("once")) else None,
        "consents": {slug: form.chosen("consents", slug) for slug in _slugs(Consent)},
        "description": {
            trait.value: word
            for trait, vocabulary in TRAITS.items()
            if (word := form.one_of(trait_field(trait), _slugs(vocabulary))) is not None
        },
    }
    for field, vocabulary in OPTIONAL.items():
        fields[field] = form.one_of(field, _slugs(vocabulary))
    try:
        return read_draft(fields)
    except InvalidError as error:
        put_errors(form, error, translate)
        return None


def check_number(form: Form, translate: Translate) -> None:
    """Write a sentence at the number where there is none, or far too much."""
    if not form.text(NUMBER):
        form.errors[NUMBER] = number_problem("identifier-empty", translate)
    elif len(form.text(NUMBER)) > MAX_TYPED:
        form.errors[NUMBER] = number_problem("identifier-too-long", translate)


def read_number(form: Form, home: str, translate: Translate) -> tuple[str, ...]:
    """Write what is wrong with the number of a report; return the countries to choose from.

    The service reads it again. Reading it here shows all errors of a form at once.

    Args:
        form: as sent.
        home: the association's region profile.
        translate: gettext.
    """
    check_number(form, translate)
    picked = region_of(form)
    if not form.errors:
        draft = IdentifierDraft(text=form.text(NUMBER), region=picked)
        try:
            read_all((draft,), home)
        except InvalidError as error:
            return put_errors(form, error, translate)
    return () if picked is None else (picked,)


def region_of(form: Form) -> str | None:
    """Return the country that was picked, or None: one in an impossible shape counts as none."""
    region = form.text(REGION)
    return region if _COUNTRY.fullmatch(region) else None


def put_errors(form: Form, error: InvalidError, translate: Translate) -> tuple[str, ...]:
    """Write the sentences of `error` at the fields of `form`; return the countries to choose from.

    The countries are empty where the error is not about a country.
    """
    for path, code in error.fields.items():
        field = FIELDS.get(path, path.partition(".")[0])
        if isinstance(error, AmbiguousIdentifierError):
            form.errors[REGION] = number_problem(code, translate)
        elif code.startswith("identifier-"):
            form.errors[NUMBER] = number_problem(code, translate)
        else:
            form.errors[field] = field_problem(field, code, translate)
    if isinstance(error, AmbiguousIdentifierError):
        return next(iter(error.candidates.values())) or ASKED_REGIONS
    return ()


def describes(form: Form) -> bool:
    """Return whether the optional part was filled in: then it stays open."""
    fields = ("perpetrator", "relation", *(trait_field(trait) for trait in TRAITS))
    return any(form.text(field) for field in fields)


def _slugs(vocabulary: type[Coded]) -> tuple[str, ...]:
    return tuple(word.value for word in vocabulary)
