"""Several reports of one number at one association become the one notice that it announces."""

from collections.abc import Iterable

from protocol.coded import VERSION
from protocol.errors import NoticeError
from protocol.notice_plain import MOST_INCIDENTS, Notice, encode
from protocol.vocabulary import Knowledge


def combine(notices: Iterable[Notice]) -> Notice:
    """Return one notice for all reports of one number, in whatever order they come.

    - severity: the highest; violence: all that any report names;
    - incidents: the sum, at most 99; month: the newest;
    - knowledge: first-hand if any report is; contact: allowed if any report allows it, and the
      association then answers for that report alone;
    - the rest, and each trait of the description: as the newest report that states it says.
      Reports of one month, or without one (older than all), are put in the order of their
      encodings, so that the result never depends on the order given.

    No score is made, and nothing is concluded that no report says.

    Raises:
        NoticeError: no notice, or one of another vocabulary than ours: only an association's
            own reports are combined.
    """
    ordered = sorted(notices, key=lambda notice: (notice.month or "", encode(notice)))
    if not ordered or any(notice.vocabulary != VERSION for notice in ordered):
        raise NoticeError("Combining takes reports of this association, at least one.")
    first_hand = any(notice.knowledge == Knowledge.FIRST_HAND for notice in ordered)
    newest = {name: value for notice in ordered for name, value in notice if value is not None}
    return Notice.model_validate(
        {
            **newest,
            "severity": max((notice.severity for notice in ordered), key=lambda word: word.wire),
            "violence": tuple({word for notice in ordered for word in notice.violence}),
            "description": {
                trait: word for notice in ordered for trait, word in notice.description.items()
            },
            "incidents": min(MOST_INCIDENTS, sum(notice.incidents for notice in ordered)),
            "knowledge": Knowledge.FIRST_HAND if first_hand else Knowledge.RELAYED,
            "contact": any(notice.contact for notice in ordered),
        }
    )
