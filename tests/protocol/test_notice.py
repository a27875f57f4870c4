import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from crypto.values import Secret
from protocol.areas import AREAS
from protocol.coded import HIGHEST_WIRE, VERSION, NotAWordError, Unknown
from protocol.description import TRAITS, AgeBand, Beard, Gender, Trait
from protocol.errors import NoticeError, ProtocolError, VocabularyError
from protocol.notice import (
    PLAIN_SIZE,
    SEALED_SIZE,
    NotFederatedError,
    Notice,
    combine,
    decode,
    encode,
    seal,
    unseal,
)
from protocol.vocabulary import (
    Knowledge,
    Perpetrator,
    PlaceType,
    Relation,
    Severity,
    TimeOfDay,
    Violence,
)

VECTORS = Path(__file__).parent.parent / "vectors" / "notice"
KEY = Secret(bytes(range(32)))
ID = bytes(16)


def _cases(name: str) -> list[Any]:
    vector = json.loads((VECTORS / f"{name}.json").read_text())
    return [pytest.param(case, id=case["why"]) for case in vector["cases"]]


def _padded(body: str) -> bytes:
    return (body.encode() + b"\x80").ljust(PLAIN_SIZE, b"\0")


def _notice(**stated: object) -> Notice:
    least: dict[str, object] = {
        "severity": Severity.RISQUE,
        "violence": (Violence.VOL,),
        "knowledge": Knowledge.RELAYED,
    }
    return Notice.model_validate({**least, **stated})


@pytest.mark.parametrize("case", _cases("plain"))
def test_plain_vector(case: dict[str, Any]) -> None:
    plain = _padded(case["body"]) if "body" in case else bytes.fromhex(case["plain"])
    try:
        outcome = "ok" if encode(decode(plain)) == plain else "re-encoded otherwise"
    except ProtocolError as error:
        outcome = error.code
    assert outcome == case["expect"], case["why"]


@pytest.mark.parametrize("case", _cases("sealed"))
def test_sealed_vector(case: dict[str, Any]) -> None:
    key = Secret(bytes.fromhex(case["key"]))
    place = case["origin"], bytes.fromhex(case["id"]), case["generation"]
    sealed = bytes.fromhex(case["sealed"])
    try:
        notice = unseal(sealed, key, *place)
        assert seal(notice, key, *place, bytes.fromhex(case["nonce"])) == sealed
        assert encode(notice) == _padded(case["body"])
        outcome = "ok"
    except ProtocolError as error:
        outcome = error.code
    assert outcome == case["expect"], case["why"]


def test_sealing_refuses_a_place_that_is_none() -> None:
    for announcement_id, generation in ((b"", 1), (ID, -1), (ID, 2**32)):
        with pytest.raises(NoticeError):
            seal(_notice(), KEY, "a", announcement_id, generation, bytes(24))


FEDERATED = [word for word in Violence if word.federated]
WORDS = st.sampled_from(Trait).flatmap(
    lambda trait: st.tuples(st.just(trait), st.sampled_from(list(TRAITS[trait])))
)
NOTICES = st.builds(
    Notice,
    severity=st.sampled_from([word for word in Severity if word.federated]),
    violence=st.sets(st.sampled_from(FEDERATED), min_size=1).map(tuple),
    perpetrator=st.none() | st.sampled_from(Perpetrator),
    place=st.none() | st.sampled_from(PlaceType),
    time=st.none() | st.sampled_from(TimeOfDay),
    relation=st.none() | st.sampled_from(Relation),
    month=st.none() | st.builds("20{:02}-{:02}".format, st.integers(0, 99), st.integers(1, 12)),
    area=st.none() | st.sampled_from(list(AREAS)),
    description=st.lists(WORDS).map(dict),
    incidents=st.integers(1, 99),
    knowledge=st.sampled_from(Knowledge),
    contact=st.booleans(),
)


@given(NOTICES)
def test_every_notice_survives_its_472_bytes(notice: Notice) -> None:
    plain = encode(notice)
    assert len(plain) == PLAIN_SIZE == 472
    assert decode(plain) == notice


@given(NOTICES)
def test_every_sealed_notice_is_512_bytes(notice: Notice) -> None:
    sealed = seal(notice, KEY, "a", ID, 1, bytes(24))
    assert len(sealed) == SEALED_SIZE == 512
    assert unseal(sealed, KEY, "a", ID, 1) == notice


@given(
    st.binary(max_size=500)
    | st.builds(
        lambda plain, at, byte: plain[:at] + bytes([byte]) + plain[at + 1 :],
        NOTICES.map(encode),
        st.integers(0, PLAIN_SIZE - 1),
        st.integers(0, 255),
    )
)
def test_any_bytes_are_a_notice_or_refused(plain: bytes) -> None:
    try:
        again, evidence = encode(decode(plain)), b""
    except (NoticeError, VocabularyError) as error:
        again, evidence = plain, error.evidence
    assert again == plain
    assert evidence == b"", "what was sealed stays out of errors"


@pytest.mark.parametrize("size", [0, PLAIN_SIZE - 1, PLAIN_SIZE + 1])
def test_another_size_is_refused_before_anything_is_read(size: int) -> None:
    with pytest.raises(NoticeError, match="exactly 472 bytes"):
        decode(encode(_notice()).ljust(size, b"\0")[:size])


def test_the_largest_notice_of_our_vocabulary_fits() -> None:
    largest = _notice(
        severity=Severity.TRES_DANGEREUX,
        violence=tuple(FEDERATED),
        perpetrator=max(Perpetrator, key=lambda word: word.wire),
        place=max(PlaceType, key=lambda word: word.wire),
        time=max(TimeOfDay, key=lambda word: word.wire),
        relation=max(Relation, key=lambda word: word.wire),
        month="2099-12",
        area=max(AREAS, key=len),
        description={
            trait: max(words, key=lambda word: word.wire) for trait, words in TRAITS.items()
        },
        incidents=99,
        contact=True,
    )
    assert len(encode(largest)) == PLAIN_SIZE
    assert decode(encode(largest)) == largest


def test_the_largest_notice_of_any_later_vocabulary_fits() -> None:
    most = Unknown(HIGHEST_WIRE)
    codes = [Unknown(HIGHEST_WIRE - index) for index in range(24)]
    largest = _notice(
        vocabulary=999,
        severity=most,
        violence=tuple(codes),
        perpetrator=most,
        place=most,
        time=most,
        relation=most,
        month="2099-12",
        area="XX-ABC",
        description=dict.fromkeys(codes, most),
        incidents=99,
        knowledge=most,
        contact=True,
    )
    assert len(encode(largest)) == PLAIN_SIZE
    assert decode(encode(largest)) == largest


def test_violences_and_traits_are_put_in_order() -> None:
    notice = _notice(
        violence=(Violence.VOL, Violence.VIOL, Violence.VOL),
        description={Trait.BARBE: Beard.BOUC, Trait.GENRE: Gender.HOMME},
    )
    assert notice.violence == (Violence.VIOL, Violence.VOL)
    assert list(notice.description) == [Trait.GENRE, Trait.BARBE]


def test_a_notice_is_frozen() -> None:
    notice = _notice(description={Trait.GENRE: Gender.HOMME})
    with pytest.raises(ValidationError):
        notice.incidents = 2  # type: ignore[misc]
    with pytest.raises(TypeError):
        notice.description[Trait.GENRE] = Gender.FEMME  # type: ignore[index]
    with pytest.raises(TypeError):
        _notice().description[Trait.GENRE] = Gender.FEMME  # type: ignore[index]
    assert notice.model_dump()["description"] == {Trait.GENRE: Gender.HOMME}


@pytest.mark.parametrize(
    "stated",
    [
        {"severity": Unknown(5)},
        {"violence": (Unknown(19),)},
        {"description": {Unknown(15): Unknown(1)}},
        {"description": {Trait.GENRE: AgeBand.PLUS_65}},
        {"description": {Trait.GENRE: Unknown(9)}},
        {"vocabulary": 2, "severity": Unknown(2)},
        {"vocabulary": 2, "severity": Unknown(0)},
        {"vocabulary": 2, "severity": Unknown(256)},
        {"vocabulary": 2, "description": {Unknown(15): Gender.HOMME}},
        {"vocabulary": 2, "description": {Unknown(1): Unknown(9)}},
    ],
)
def test_a_word_outside_its_vocabulary_makes_no_notice(stated: dict[str, Any]) -> None:
    with pytest.raises(NotAWordError):
        _notice(**stated)


@pytest.mark.parametrize(
    "stated",
    [{"severity": Severity.PENIBLE}, {"violence": (Violence.VIOL, Violence.FAUX_CLIENT)}],
)
def test_what_stays_home_makes_no_notice(stated: dict[str, Any]) -> None:
    with pytest.raises(NotFederatedError) as caught:
        _notice(**stated)
    assert caught.value.code == "notice-not-federated"


@pytest.mark.parametrize(
    "stated",
    [
        {"severity": "risque"},
        {"violence": ()},
        {"violence": [Violence.VOL]},
        {"month": "2026-11-03"},
        {"month": "2026-11\n"},
        {"incidents": 0},
        {"incidents": 100},
        {"contact": 1},
        {"vocabulary": 0},
        {"vocabulary": 1000},
        {"note": "free text"},
        {"violence": tuple(Unknown(200 + index) for index in range(25)), "vocabulary": 2},
        {
            "description": {Unknown(200 + index): Unknown(1) for index in range(25)},
            "vocabulary": 2,
        },
    ],
)
def test_a_field_of_another_shape_makes_no_notice(stated: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        _notice(**stated)
    assert "free text" not in str(caught.value)


def test_combining_keeps_the_worst_the_newest_and_all_violences() -> None:
    older = _notice(
        severity=Severity.DANGEREUX,
        violence=(Violence.VIOL, Violence.MENACES),
        month="2026-02",
        place=PlaceType.RUE,
        time=TimeOfDay.NUIT,
        area="69",
        knowledge=Knowledge.FIRST_HAND,
        description={Trait.GENRE: Gender.HOMME, Trait.BARBE: Beard.BOUC},
        contact=True,
    )
    newer = _notice(
        violence=(Violence.VOL,),
        month="2026-10",
        place=PlaceType.HOTEL,
        area="31",
        description={Trait.BARBE: Beard.AUCUNE},
        incidents=2,
    )
    undated = _notice(place=PlaceType.BOIS, relation=Relation.CONNU)
    expected = Notice(
        severity=Severity.DANGEREUX,
        violence=(Violence.VIOL, Violence.VOL, Violence.MENACES),
        month="2026-10",
        place=PlaceType.HOTEL,
        time=TimeOfDay.NUIT,
        relation=Relation.CONNU,
        area="31",
        knowledge=Knowledge.FIRST_HAND,
        description={Trait.GENRE: Gender.HOMME, Trait.BARBE: Beard.AUCUNE},
        incidents=4,
        contact=True,
    )
    for order in permutations((older, newer, undated)):
        assert combine(order) == expected


SHUFFLED = st.lists(NOTICES, min_size=1, max_size=4).flatmap(
    lambda notices: st.tuples(st.just(notices), st.permutations(notices))
)


@given(SHUFFLED)
def test_combining_does_not_depend_on_the_order(orders: tuple[list[Notice], list[Notice]]) -> None:
    notices, shuffled = orders
    combined = combine(notices)
    assert combine(shuffled) == combined
    assert combined.incidents == min(99, sum(notice.incidents for notice in notices))
    assert set(combined.violence) == {word for notice in notices for word in notice.violence}
    assert combined.severity.wire == max(notice.severity.wire for notice in notices)
    assert combine([notices[0]]) == notices[0]


def test_many_reports_with_every_violence_still_combine() -> None:
    assert combine([_notice(violence=tuple(FEDERATED))] * 200).incidents == 99


def test_only_ones_own_reports_combine() -> None:
    with pytest.raises(NoticeError):
        combine([])
    with pytest.raises(NoticeError):
        combine([_notice(), _notice(vocabulary=VERSION + 1)])
