"""One network of real node processes, shared by the tests that leave it as they found it."""

from collections.abc import Iterator

import pytest

from crypto.signing import public_key
from protocol.roster import Auditor
from tests.e2e.fleet import Fleet, running_fleet
from tests.e2e.node_process import FAULTY
from tests.protocol.builders import seed

AUDITOR = "auditrice"


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Four nodes in a hurry, and an auditor whose key is `seed("auditrice transport")`.

    Entr'Actes' node is honest until a test writes a fault into its folder.
    """
    key = public_key(seed(f"{AUDITOR} transport"))
    auditor = Auditor(id=AUDITOR, name="Auditrice", transport_key=key)
    with running_fleet(
        tmp_path_factory.mktemp("fleet"),
        programs={"entractes": FAULTY},
        auditors=(auditor,),
        publish_every=1,
        poll_every=5,
    ) as running:
        yield running
