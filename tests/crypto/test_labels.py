from itertools import permutations

import pytest

from crypto.labels import Label, SuiteLabel

EVERY = [*Label, *SuiteLabel]


def test_no_label_equals_or_begins_another() -> None:
    for first, second in permutations(EVERY, 2):
        assert not bytes(second).startswith(bytes(first)), (first, second)


def test_no_member_is_a_silent_alias_of_another() -> None:
    assert len(Label.__members__) == len(list(Label))
    assert len(SuiteLabel.__members__) == len(list(SuiteLabel))


@pytest.mark.parametrize("label", Label, ids=lambda label: label.name)
def test_our_labels_have_one_shape_and_carry_their_name(label: Label) -> None:
    name = label.name.lower().replace("_", "-")
    assert bytes(label) == f"veilleuse/{name}/v1".encode()


def test_a_label_is_bytes() -> None:
    assert Label.TAG + b"x" == b"veilleuse/tag/v1x"
    assert b"".join((Label.BODY, b"y")) == b"veilleuse/body/v1y"
