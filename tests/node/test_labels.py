import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import extract

from node import labels
from node.labels import LABELS, UNKNOWN, label, shown
from protocol import description, vocabulary
from protocol.coded import Coded, Unknown
from protocol.vocabulary import Perpetrator, PlaceType, Severity

VOCABULARIES = [
    kind
    for module in (vocabulary, description)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, Coded) and kind is not Coded
]


def test_every_vocabulary_has_labels() -> None:
    assert set(LABELS) == set(VOCABULARIES)


@pytest.mark.parametrize("kind", VOCABULARIES, ids=lambda kind: kind.__name__)
def test_every_word_has_its_own_label(kind: type[Coded]) -> None:
    table = LABELS[kind]
    assert list(table) == list(kind), "in the order of the vocabulary, which is a menu's order"
    assert all(type(word) is kind for word in table)
    assert len(set(table.values())) == len(kind), "two words of one menu would look alike"
    for text in table.values():
        assert re.match(r"[A-ZÀ-Ý0-9]", text), "a label starts a line"
        assert text == text.strip()


def test_every_label_is_extracted_for_translation() -> None:
    source = Path(str(labels.__file__)).read_bytes()
    found = {
        message for _, message, _, _ in extract("python", BytesIO(source), keywords={"N_": None})
    }
    assert {text for table in LABELS.values() for text in table.values()} | {UNKNOWN} <= found


def test_words_that_share_a_slug_keep_their_own_label() -> None:
    assert label(Perpetrator.AUTRE) == "Autre"
    assert label(PlaceType.VEHICULE) == "Véhicule"
    assert label(Severity.TRES_DANGEREUX) == "Très dangereux"


def test_a_label_is_translated_when_it_is_shown() -> None:
    english = {"Dangereux": "Dangerous", UNKNOWN: "unknown code %(code)d"}
    assert shown(Severity.DANGEREUX, english.__getitem__) == "Dangerous"
    assert shown(Unknown(7), english.__getitem__) == "unknown code 7"
    assert shown(Unknown(7), str) == "code inconnu (7)"
