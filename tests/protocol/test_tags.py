from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from crypto.values import Secret
from protocol.roster import Stretching
from protocol.tags import body_key, stretch, tag_of
from tests.protocol.builders import stream

CHEAP = Stretching(operations=1, memory_kib=8)
Z = Secret(stream("z"))


def test_the_same_inputs_give_the_same_tag() -> None:
    assert tag_of(Z, 1, "cabiria") == tag_of(Secret(stream("z")), 1, "cabiria")
    assert len(tag_of(Z, 1, "cabiria")) == 32
    assert len(body_key(Z, 1, "cabiria").reveal()) == 32


def test_tags_and_keys_never_collide() -> None:
    """Kinds, networks, generations and associations stay apart (pitfall 14)."""
    seen = set()
    for z, generation, name in product((Z, Secret(stream("y"))), (1, 2), ("cabiria", "strass")):
        seen.add(tag_of(z, generation, name))
        seen.add(body_key(z, generation, name).reveal())
    assert len(seen) == 16


def test_stretching_depends_on_everything() -> None:
    outputs = {
        stretch(output, network_id, generation, cost).reveal()
        for output, network_id, generation, cost in product(
            (bytes(64), stream("f", 64)),
            (bytes(32), stream("network")),
            (1, 2),
            (
                CHEAP,
                Stretching(operations=2, memory_kib=8),
                Stretching(operations=1, memory_kib=16),
            ),
        )
    }
    assert len(outputs) == 24


@given(
    st.text(st.characters(codec="ascii"), max_size=10),
    st.text(st.characters(codec="ascii"), max_size=10),
)
def test_two_associations_never_share_a_tag(left: str, right: str) -> None:
    assert (tag_of(Z, 1, left) == tag_of(Z, 1, right)) == (left == right)
