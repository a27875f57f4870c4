"""Nodes that are away: what lookups say meanwhile, and what the others have when they come back."""

import pytest

from tests.e2e.fleet import Fleet, missing, running_fleet
from tests.e2e.node_process import FAULTY, until

pytestmark = pytest.mark.timeout(600)

KNOWN = "+33639980160"
MISSED = "+33639980161"
OWN = "+33639980162"
PENDING = "+33639980163"
NOBODY = "+33639980169"
SOON = 60.0


def gaps(answer: dict[str, object]) -> set[tuple[object, object]]:
    listed = answer["not_searched"]
    assert isinstance(listed, list)
    return {(gap["member"], gap["reason"]) for gap in listed}


def test_one_away_then_two_then_back(fleet: Fleet) -> None:
    lyon, toulouse = fleet["cabiria"], fleet["griselidis"]
    lyon.publish(KNOWN)
    own = toulouse.publish(OWN)
    pending = toulouse.report(PENDING)
    assert missing(fleet.others("cabiria"), KNOWN, "cabiria", SOON) == []
    assert missing([lyon], OWN, "griselidis", SOON) == []

    try:
        fleet["entractes"].kill()
        # One of four away: three custodians are enough, and its log is still held.
        assert toulouse.lookup(KNOWN)["answer"] == "MATCH"
        assert toulouse.lookup(NOBODY)["answer"] == "NO_MATCH"
        lyon.publish(MISSED)
        assert missing([toulouse], MISSED, "cabiria", SOON) == []

        fleet["strass"].kill()
        # Two away: nothing can be said of a number, and one's own reports are still searched.
        for number, reports in ((KNOWN, []), (NOBODY, []), (OWN, [own]), (PENDING, [pending])):
            answer = toulouse.lookup(number)
            assert answer["answer"] == "INCOMPLETE"
            assert (None, "no-quorum") in gaps(answer)
            assert answer["searched_until"] is None
            assert answer["own_reports"] == reports
    finally:
        for name in ("strass", "entractes"):
            if fleet[name].process_ended:
                fleet[name].start()

    # Nothing happens anywhere, and still those that were away get everything.
    assert until(fleet.settled, SOON)
    assert missing(fleet.others("cabiria"), MISSED, "cabiria", SOON) == []
    for node in fleet:
        assert node.lookup(NOBODY)["answer"] == "NO_MATCH"


def test_a_poison_entry_stops_one_log_and_no_other(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with running_fleet(
        tmp_path_factory.mktemp("poisoned"),
        programs={"entractes": FAULTY},
        publish_every=1,
        poll_every=2,
    ) as fleet:
        lille, lyon = fleet["entractes"], fleet["cabiria"]
        honest = fleet.others("entractes")
        lille.publish(KNOWN)
        assert missing(honest, KNOWN, "entractes", SOON) == []
        (lille.data / "fault").write_text("poison")
        lille.publish(MISSED)
        assert until(
            lambda: all(n.network()["members"]["entractes"]["quarantine"] for n in honest), SOON
        )

        # The others' logs go on, also in hindsight and at the quarantined node itself.
        lyon.publish(OWN)
        assert missing(fleet.others("cabiria"), OWN, "cabiria", SOON) == []
        for node in honest:
            members = node.network()["members"]
            assert [one for one, each in members.items() if each["quarantine"]] == ["entractes"]
            answer = node.lookup(NOBODY)
            assert answer["answer"] == "INCOMPLETE"
            assert gaps(answer) == {("entractes", "quarantined")}
            # What came before the poison still counts; the poison never does.
            assert node.finds(KNOWN, "entractes")
            assert not node.finds(MISSED, "entractes")
