"""What a person sent: bounded, decoded once, kept as typed: no error costs a second typing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final
from urllib.parse import parse_qsl

from node.errors import NodeError

FORM_TYPE: Final = "application/x-www-form-urlencoded"
MAX_FORM: Final = 250_000
"""Bytes of a form: a story of 20,000 characters takes 9 bytes for each where none is ASCII."""
MAX_FIELDS: Final = 200


class FormError(NodeError):
    """The form is not one that our pages send."""

    code: ClassVar[str] = "form"


@dataclass(slots=True)
class Form:
    """Values by field name, in the order sent, and a sentence for each field in error."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    errors: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return the first value of a field without the spaces around it, or ""."""
        return self.raw(name).strip()

    def raw(self, name: str) -> str:
        """Return the first value of a field exactly as sent, or ""."""
        return self.values.get(name, ("",))[0]

    def all(self, name: str) -> tuple[str, ...]:
        """Return each value of a field: the boxes that were ticked."""
        return self.values.get(name, ())

    def chosen(self, name: str, value: str) -> bool:
        """Return whether this option of a field was picked."""
        return value in self.all(name)

    def one_of(self, name: str, allowed: Iterable[str]) -> str | None:
        """Return the picked option, or None where nothing in `allowed` was picked."""
        value = self.text(name)
        return value if value in allowed else None


def parse(content_type: str, body: bytes) -> Form:
    """Return the form in a request's body.

    Args:
        content_type: the header, parameters included.
        body: at most `MAX_FORM` bytes.

    Raises:
        FormError: another type, too large, too many fields, or not UTF-8.
    """
    if content_type.partition(";")[0].strip().lower() != FORM_TYPE or len(body) > MAX_FORM:
        raise FormError("This form cannot be read: go back and send it again.")
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            max_num_fields=MAX_FIELDS,
            errors="strict",
        )
    except ValueError:
        # No cause: its text would hold what was typed.
        raise FormError("This form cannot be read: go back and send it again.") from None
    values: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        values[name] = (*values.get(name, ()), value)
    return Form(values)
