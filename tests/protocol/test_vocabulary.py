import json
import re
from pathlib import Path

import pytest

from protocol import description, vocabulary
from protocol.areas import AREAS, AreaError, is_area, is_newer_area, parse_area
from protocol.coded import HIGHEST_WIRE, VERSION, Coded, NotAWordError, Unknown
from protocol.description import TRAITS, Trait
from protocol.vocabulary import Consent, Perpetrator, PlaceType, Severity, Violence

VECTORS = Path(__file__).parent.parent / "vectors" / "vocabulary"

VOCABULARIES = [
    kind
    for module in (vocabulary, description)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, Coded) and kind is not Coded
]


def test_words_are_those_of_the_frozen_table() -> None:
    table = json.loads((VECTORS / "words.json").read_text())
    assert table["version"] == VERSION
    words = {kind.__name__: {word.value: word.wire for word in kind} for kind in VOCABULARIES}
    assert words == table["words"], table["why"]


def test_areas_are_those_of_the_frozen_table() -> None:
    table = json.loads((VECTORS / "areas.json").read_text())
    assert dict(AREAS) == table["areas"], table["why"]


@pytest.mark.parametrize("kind", VOCABULARIES, ids=lambda kind: kind.__name__)
def test_slugs_and_codes_are_unique_and_stable_in_shape(kind: type[Coded]) -> None:
    assert len({word.wire for word in kind}) == len(kind)
    for word in kind:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", word.value)
        assert word.name == word.value.upper()
        assert str(word) == word.value
        assert 1 <= word.wire <= HIGHEST_WIRE


@pytest.mark.parametrize("kind", VOCABULARIES, ids=lambda kind: kind.__name__)
def test_words_are_found_by_slug_and_by_code(kind: type[Coded]) -> None:
    for word in kind:
        assert kind.named(word.value) is word
        assert kind.from_wire(word.wire) is word
        assert kind.from_newer(word.wire) is word


@pytest.mark.parametrize("wire", [0, -1, 200, 256, 2**60])
def test_a_code_outside_this_vocabulary_is_refused(wire: int) -> None:
    with pytest.raises(NotAWordError) as caught:
        Severity.from_wire(wire)
    assert caught.value.code == "vocabulary-code"


def test_a_slug_outside_the_vocabulary_is_refused() -> None:
    for slug in ("", "Risque", "RISQUE", "autre"):
        with pytest.raises(NotAWordError):
            Severity.named(slug)


def test_a_newer_code_is_kept_as_it_is() -> None:
    assert Severity.from_newer(5) == Unknown(5)
    assert Severity.from_newer(HIGHEST_WIRE) == Unknown(HIGHEST_WIRE)
    assert Severity.from_newer(1) is Severity.PENIBLE
    for wire in (0, -1, HIGHEST_WIRE + 1):
        with pytest.raises(NotAWordError):
            Severity.from_newer(wire)


def test_severity_says_what_leaves_and_what_needs_two_people() -> None:
    assert [word for word in Severity if not word.federated] == [Severity.PENIBLE]
    assert [word for word in Severity if word.needs_two] == [
        Severity.DANGEREUX,
        Severity.TRES_DANGEREUX,
    ]
    assert [word.wire for word in Severity] == sorted(word.wire for word in Severity)


def test_only_the_false_client_stays_home() -> None:
    assert [word for word in Violence if not word.federated] == [Violence.FAUX_CLIENT]


def test_nine_consents() -> None:
    assert len(Consent) == 9


def test_words_of_two_vocabularies_may_be_equal_strings() -> None:
    # The trap that Coded's docstring warns of; if it ever goes, so may the warning.
    assert str(Perpetrator.AUTRE) == str(PlaceType.AUTRE)


def test_each_trait_has_its_words() -> None:
    assert set(TRAITS) == set(Trait)
    assert all(len(kind) > 1 for kind in TRAITS.values())


def test_no_word_tells_skin_or_origin() -> None:
    assert not {"peau", "couleur_peau", "race", "ethnie", "origine", "nationalite"} & {
        word.value for kind in VOCABULARIES for word in kind
    }


def test_areas_cover_both_countries() -> None:
    departements = [code for code in AREAS if re.fullmatch(r"[0-9][0-9AB][0-9]?", code)]
    assert len(departements) == 101
    assert "20" not in AREAS
    assert AREAS["69"] == "Rhône"
    assert AREAS["95"] == "Val-d’Oise"
    assert AREAS["90"] == "Territoire de Belfort"
    assert AREAS["75101"] == "Paris 1er"
    assert AREAS["75120"] == "Paris 20e"
    assert AREAS["69389"] == "Lyon 9e"
    assert AREAS["13216"] == "Marseille 16e"
    assert sum(code.startswith("BE-") for code in AREAS) == 11


@pytest.mark.parametrize(
    ("text", "code"),
    [("1", "01"), ("01", "01"), (" 2a ", "2A"), ("974", "974"), ("be-bru", "BE-BRU")],
)
def test_an_area_is_read_as_people_write_it(text: str, code: str) -> None:
    assert parse_area(text) == code
    assert is_area(code)


@pytest.mark.parametrize(
    "text",
    ["", "0", "20", "96", "69003", "75000", "75121", "Lyon", "BE", "FR-69", "\u0661", "69 381"],
)
def test_what_is_no_area_is_refused(text: str) -> None:
    assert not is_area(text)
    with pytest.raises(AreaError) as caught:
        parse_area(text)
    assert caught.value.code == "vocabulary-area"


@pytest.mark.parametrize(
    ("code", "newer"),
    [("CH-GE", True), ("LU-1", True), ("DE-ABC", True), ("DE-ABCD", False), ("ch-ge", False),
     ("CH-", False), ("CH-GE\n", False), ("C-GE", False), ("CHE-GE", False), ("99", False)],
)  # fmt: skip
def test_a_newer_area_has_the_shape_of_iso_3166_2(code: str, *, newer: bool) -> None:
    assert is_newer_area(code) is newer
