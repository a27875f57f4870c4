import json
from pathlib import Path
from typing import Any, NamedTuple

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from protocol.errors import IdentifierError
from protocol.identifiers import PHONE, Identifier, Reading, Readings, oprf_input, read
from protocol.phone import MOST_CANDIDATES, OVERSEAS
from tests.spellings import Spelling, spellings

VECTORS = Path(__file__).parent.parent / "vectors" / "identifiers"


def _cases(*names: str) -> list[Any]:
    found = []
    for name in names:
        vector = json.loads((VECTORS / f"{name}.json").read_text())
        for case in vector["cases"]:
            case.setdefault("kind", vector.get("kind"))
            found.append(pytest.param(case, id=f"{name}: {case['why']}"))
    return found


def _outcome(kind: str, text: str, **regions: str | None) -> tuple[str, tuple[Reading, ...], str]:
    """Return "ok" or the error's code, the readings, and what the error says."""
    try:
        return "ok", read(kind, text, **regions).candidates, ""  # type: ignore[arg-type]
    except IdentifierError as error:
        return error.code, (), f"{error} {error!r}"


def _texts(readings: Readings) -> list[str]:
    return [reading.identifier.text for reading in readings.candidates]


@pytest.mark.parametrize("case", _cases("spellings", "fiction", "candidates", "refused", "kinds"))
def test_reading_vector(case: dict[str, Any]) -> None:
    regions = {name: case[name] for name in ("region", "default_region") if name in case}
    code, candidates, _ = _outcome(case["kind"], case["text"], **regions)
    assert code == case["expect"], case["why"]
    assert [
        {"text": found.identifier.text, "region": found.region, "valid": found.valid}
        for found in candidates
    ] == case.get("readings", []), case["why"]


@pytest.mark.parametrize("case", _cases("oprf-input"))
def test_oprf_input_vector(case: dict[str, Any]) -> None:
    identifier = Identifier(case["kind"], case["text"])
    assert oprf_input(identifier, bytes.fromhex(case["network"])).hex() == case["input"]


class Number(NamedTuple):
    e164: str
    national: str
    country: str


def _published_examples() -> list[Number]:
    """Return the tables' own example numbers of Belgium and overseas."""
    found = []
    for region in ("BE", *OVERSEAS):
        for kind in (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE):
            number = phonenumbers.example_number_for_type(region, kind)
            if number is not None:
                trunk = phonenumbers.ndd_prefix_for_region(region, strip_non_digits=True) or ""
                found.append(
                    Number(
                        phonenumbers.format_number(number, PhoneNumberFormat.E164),
                        trunk + phonenumbers.national_significant_number(number),
                        str(number.country_code),
                    )
                )
    return found


FICTIONAL = st.builds(
    lambda block, rest: Number(f"+33{block}{rest:04}", f"0{block}{rest:04}", "33"),
    st.sampled_from(["63998", "19900", "26191", "35301", "46571", "53649"]),
    st.integers(0, 9999),
)
NUMBERS = FICTIONAL | st.sampled_from(_published_examples())
SPELLED = NUMBERS.flatmap(
    lambda number: st.tuples(st.just(number), st.sampled_from(spellings(*number)))
)


@given(SPELLED, st.sampled_from(["FR", "BE"]))
def test_every_spelling_finds_its_number(spelled: tuple[Number, Spelling], home: str) -> None:
    number, (text, country) = spelled
    code, candidates, _ = _outcome(PHONE, text, default_region=home)
    found = [reading.identifier.text for reading in candidates]
    if country:
        assert found == [number.e164]
    else:
        assert number.e164 in found or code == "identifier-country-needed"


@given(SPELLED)
def test_with_its_region_picked_every_spelling_is_one_number(
    spelled: tuple[Number, Spelling],
) -> None:
    number, (text, _) = spelled
    region = phonenumbers.region_code_for_number(phonenumbers.parse(number.e164)) or "FR"
    assert _texts(read(PHONE, text, region)) == [number.e164]


@given(SPELLED, SPELLED)
def test_two_numbers_never_share_a_form(
    first: tuple[Number, Spelling], second: tuple[Number, Spelling]
) -> None:
    forms = [
        set(_texts(read(PHONE, text, region)))
        for (number, (text, _)) in (first, second)
        for region in [phonenumbers.region_code_for_country_code(int(number.country))]
    ]
    assert forms[0].isdisjoint(forms[1]) == (first[0] != second[0])


@given(
    st.text(max_size=80)
    | st.text(st.sampled_from("0123456789 +-.()/٠٦０６\u200e\u202aext,;*#"), max_size=30),
    st.none() | st.sampled_from(["FR", "BE", "YT", "US", "IT", "zz", "001", ""]),
    st.sampled_from(["FR", "BE", "RE"]),
)
def test_any_text_is_read_or_refused(text: str, region: str | None, home: str) -> None:
    code, candidates, said = _outcome(PHONE, text, region=region, default_region=home)
    if code != "ok":
        assert code.startswith("identifier-")
        assert not any(digit in said.replace("0", "") for digit in text if digit.isdigit())
        return
    forms = [reading.identifier.text for reading in candidates]
    assert 1 <= len(set(forms)) == len(forms) <= MOST_CANDIDATES
    for form in forms:
        assert _texts(read(PHONE, form)) == [form], "a normal form reads as itself"


def test_identifiers_never_show() -> None:
    readings = read(PHONE, "0465 71 12 34")
    for shown in (
        *map(repr, (readings, *readings.candidates, readings.candidates[0].identifier)),
        *map(str, (readings, *readings.candidates, readings.candidates[0].identifier)),
    ):
        assert "71" not in shown
        assert "phone/1" in shown


@pytest.mark.parametrize("text", ["06 39 98 01 23 poste 12", "O6 39 98 01 23", "06 39 98 01 23 4"])
def test_errors_never_repeat_what_was_typed(text: str) -> None:
    with pytest.raises(IdentifierError) as caught:
        read(PHONE, text)
    shown = str(caught.value) + repr(caught.value)
    assert not any(group in shown for group in ("39", "98", "01", "23"))
