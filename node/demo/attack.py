"""The thief's second step: try every candidate number with whatever shares were seized unlocked.

One and the same function runs for any set of shares. Below the threshold it combines what it has as
if that were enough, which is the best one can do: every value of K fits fewer than t shares.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from crypto.group import hash_to_element, multiply
from crypto.labels import SuiteLabel
from crypto.oprf import Mode, context_string, finalize
from crypto.threshold import combine
from crypto.values import Element, Secret, SecretScalar
from protocol.identifiers import oprf_input
from protocol.readings import Identifier
from protocol.roster import Roster
from protocol.tags import stretch, tag_of

Progress = Callable[[int], None]


def silent(_done: int) -> None:
    """Tell nobody."""


def identify(
    roster: Roster,
    shares: Mapping[int, SecretScalar],
    seized_tags: Mapping[str, Iterable[bytes]],
    candidates: Sequence[Identifier],
    progress: Progress = silent,
) -> set[Identifier]:
    """Return the candidates that the thief recognises in the seized tags.

    Args:
        roster: public.
        shares: what was seized unlocked, by custodian index; any number of them.
        seized_tags: tags found on the seized disks, by announcing association.
        candidates: numbers to try.
        progress: called with the number of candidates tried.
    """
    index = {(name, tag) for name, tags in seized_tags.items() for tag in tags}
    found: set[Identifier] = set()
    for done, candidate in enumerate(candidates, start=1):
        z = stretched(roster, shares, candidate)
        if any((name, tag_of(z, roster.epoch.generation, name)) in index for name in seized_tags):
            found.add(candidate)
        progress(done)
    return found


def stretched(
    roster: Roster,
    shares: Mapping[int, SecretScalar],
    candidate: Identifier,
) -> Secret:
    """Return Z of `candidate` as these shares give it; the real one with the threshold or more."""
    return stretch(
        _output(roster, shares, candidate),
        roster.network_id,
        roster.epoch.generation,
        roster.parameters.argon2id,
    )


def _output(roster: Roster, shares: Mapping[int, SecretScalar], candidate: Identifier) -> bytes:
    text = oprf_input(candidate, roster.network_id)
    point = hash_to_element(text, SuiteLabel.HASH_TO_GROUP + context_string(Mode.VOPRF))
    parts: dict[int, Sequence[Element]] = {
        index: [multiply(share, point)] for index, share in shares.items()
    }
    return finalize(text, _ONE, combine(parts)[0])


_ONE = SecretScalar((1).to_bytes(32, "little"))
"""No blinding: nobody is asked."""
