"""Auditing copies of logs: the same fold as a node's, over bytes that nobody vouches for.

First form: logs, signatures, commitments of the payloads that the auditor may see, codes and dates,
one history across all copies, erasures. Each rule that is broken yields a finding that names who
broke it and where. Specification: docs/spec/audit.md.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from crypto.values import PublicKey
from protocol.checkpoint import VerifiedCheckpoint, open_checkpoint
from protocol.entries import Announce, Entry, Revise, parse_entry
from protocol.errors import PeerError
from protocol.fold import Amended, Announced, Effect, Item, Standing, standing_after, step, within
from protocol.merkle import CompactRange, leaf_hash
from protocol.months import month_after
from protocol.payload import Gone, Held, Opening, Piece, Slot, opens, slots_of
from protocol.roster import Member, Roster


class Rule(StrEnum):
    """What is checked. Stable codes."""

    CHECKPOINT = "checkpoint"
    """The head is signed by the log's key, and by none of its known keys wrongly."""
    LOG = "log"
    """The entries hash to the root in the signed head."""
    ENTRIES = "entries"
    """Every entry is canonical, of its kind's shape, and follows from the entries before it;
    every payload seen opens its commitment, with codes and dates inside what is allowed."""
    ONE_HISTORY = "one-history"
    """All copies of one log are prefixes of one another."""
    ERASURE = "erasure"
    """No copy keeps the payload of a withdrawn announcement, nor refuses one without a reason."""
    COPIED = "copied"
    """No tag and no sealed notice is announced by two associations: one has it from the other."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One node's copy of one log, bytes as read.

    Attributes:
        holder: association whose node was asked.
        origin: association whose log this is.
        head: the newest signed note held, or None.
        entries: raw entries from 0.
        pieces: what is held beside each entry, or None where the auditor may not see payloads.
    """

    holder: str
    origin: str
    head: bytes | None
    entries: Sequence[bytes]
    pieces: Sequence[Sequence[Piece]] | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule: who is at fault, in whose log, at which entry, and a sentence.

    `at_fault` is an association's id; several, with commas, where the logs do not say which.
    """

    rule: Rule
    at_fault: str
    origin: str
    index: int | None
    sentence: str


@dataclass(frozen=True, slots=True)
class LogSummary:
    """What one copy holds, for the reader of a report."""

    holder: str
    origin: str
    size: int
    signed_size: int | None
    head_time: int | None
    live: int
    disputed: int
    withdrawn: int
    missing: int


@dataclass(frozen=True, slots=True)
class Report:
    """The verdict. Sound means: nothing that was looked at breaks a rule."""

    findings: tuple[Finding, ...]
    logs: tuple[LogSummary, ...]

    @property
    def sound(self) -> bool:
        """Whether no rule was found broken."""
        return not self.findings


@dataclass(slots=True)
class _Folding:
    """The fold's state over one copy."""

    copy: Copy
    head: VerifiedCheckpoint | None
    roots: Sequence[bytes]
    """The log's root after each entry."""
    signed: int = 0
    """How many leading entries are known to be what the log's author signed."""
    whole: bool = False
    """Whether the fold reached the last entry: what is gone may be withdrawn after a bad one."""
    standings: dict[int, Standing] = field(default_factory=dict)
    bodies: dict[int, list[tuple[int, Slot]]] = field(default_factory=dict)
    ids: set[bytes] = field(default_factory=set)
    secrets: dict[bytes, int] = field(default_factory=dict)
    """Tags and sealed notices, to the first entry that carries them."""

    def blame(self, index: int) -> str:
        """Return whose fault entry `index` is: nobody has signed what is under no signed head."""
        return self.copy.origin if index < self.signed else self.copy.holder

    def standing(self, origin: str, index: int) -> Standing | None:
        return self.standings.get(index) if origin == self.copy.origin else None

    def has_entry_id(self, origin: str, entry_id: bytes) -> bool:
        return origin == self.copy.origin and entry_id in self.ids

    def apply(self, effect: Effect) -> None:
        at = effect.index if isinstance(effect, Announced) else effect.ref
        self.standings[at] = standing_after(effect, self.standings.get(at))
        match effect:
            case Announced(index=index, payload=payload):
                self.bodies[index] = [(index, Slot.MAIN)]
                if payload is not None:
                    self.secrets.setdefault(payload.tag, index)
                    self.secrets.setdefault(payload.notice, index)
            case Amended(index=index, ref=ref, payload=payload):
                self.bodies[ref].append((index, Slot.BODY))
                if payload is not None:
                    self.secrets.setdefault(payload.notice, index)
            case _:
                pass

    def count(self, standing: Standing) -> int:
        return sum(value is standing for value in self.standings.values())


def audit(roster: Roster, copies: Sequence[Copy], month: str) -> Report:
    """Return every broken rule found in `copies`.

    Args:
        roster: verified.
        copies: any number of copies of any of the members' logs.
        month: the current month, `YYYY-MM`, for the retention ceiling.
    """
    findings: list[Finding] = []
    folded: list[_Folding] = []
    for copy in copies:
        member = roster.member(copy.origin)
        if member is None:
            sentence = "This node keeps a log of someone who is not a member."
            findings.append(Finding(Rule.LOG, copy.holder, copy.origin, None, sentence))
            continue
        head, about_head = _check_head(roster, member, copy)
        folding = _Folding(copy, head, _roots(copy.entries))
        findings += [*about_head, *_check_root(folding)]
        folded.append(folding)
    findings += _check_histories(folded)
    ceiling = month_after(month, roster.parameters.retention_months)
    for folding in folded:
        findings += _check_entries(folding, ceiling)
        findings += _check_erasures(folding)
    findings += _check_copied(folded)
    return Report(tuple(findings), tuple(map(_summarize, folded)))


def _roots(entries: Sequence[bytes]) -> tuple[bytes, ...]:
    grown, roots = CompactRange(), list[bytes]()
    for raw in entries:
        grown = grown.append(leaf_hash(raw))
        roots.append(grown.root())
    return tuple(roots)


def _check_head(
    roster: Roster, member: Member, copy: Copy
) -> tuple[VerifiedCheckpoint | None, list[Finding]]:
    if copy.head is None:
        return None, []
    origin = roster.log_origin(member.id)
    witnesses = {roster.witness_name(m.id): PublicKey(m.witness_key) for m in roster.members}
    try:
        return open_checkpoint(copy.head, origin, PublicKey(member.log_key), witnesses), []
    except PeerError as error:
        # A head that its author never signed is the holder's invention, not the author's.
        return None, [Finding(Rule.CHECKPOINT, copy.holder, copy.origin, None, str(error))]


def _check_root(folding: _Folding) -> Iterator[Finding]:
    copy, head, roots = folding.copy, folding.head, folding.roots
    if head is None:
        if copy.entries:
            sentence = "This copy holds entries beneath no head that their author signed."
            yield Finding(Rule.LOG, copy.holder, copy.origin, None, sentence)
        return
    size = head.checkpoint.size
    if size > len(roots):
        # Being behind is no fault. What is held may still be proved by a longer copy.
        return
    root = roots[size - 1] if size else CompactRange().root()
    if root != head.checkpoint.root:
        sentence = f"The {size} entries held do not hash to the root that their author signed."
        yield Finding(Rule.LOG, copy.holder, copy.origin, None, sentence)
        return
    folding.signed = size
    if size < len(copy.entries):
        sentence = "This copy holds entries beyond the last head that their author signed."
        yield Finding(Rule.LOG, copy.holder, copy.origin, size, sentence)


def _check_histories(folded: Sequence[_Folding]) -> Iterator[Finding]:
    """Compare each copy with the longest one that its author's signature covers.

    Two copies that are both signed and differ convict the author; a copy that is not signed and
    differs is its holder's. One that agrees is signed as far as it agrees.
    """
    longest: dict[str, _Folding] = {}
    for folding in folded:
        best = longest.get(folding.copy.origin)
        if best is None or folding.signed > best.signed:
            longest[folding.copy.origin] = folding
    for folding in folded:
        copy, best = folding.copy, longest[folding.copy.origin]
        common = min(len(folding.roots), best.signed)
        index = next((i for i in range(common) if folding.roots[i] != best.roots[i]), None)
        if index is None:
            folding.signed = max(folding.signed, common)
            continue
        if index < folding.signed:
            sentence = f"{copy.holder} and {best.copy.holder} hold different histories of this log."
            yield Finding(Rule.ONE_HISTORY, copy.origin, copy.origin, index, sentence)
        else:
            sentence = "This copy is not of the log that its author signed."
            yield Finding(Rule.LOG, copy.holder, copy.origin, index, sentence)


def _check_entries(folding: _Folding, ceiling: str) -> Iterator[Finding]:
    copy = folding.copy
    for index, raw in enumerate(copy.entries):
        try:
            entry = parse_entry(raw)
            pieces = copy.pieces[index] if copy.pieces is not None else ()
            wrong = None if copy.pieces is None else _wrong_pieces(copy.origin, entry, pieces)
            if wrong is not None:
                yield Finding(Rule.ENTRIES, copy.holder, copy.origin, index, wrong)
                return
            if copy.pieces is None and isinstance(entry, Revise):
                continue
            slots = [slot for slot, _, _ in slots_of(entry)]
            held = dict(zip(slots, pieces, strict=False))
            effect = step(folding, Item(copy.origin, index, entry, held))
        except PeerError as error:
            yield Finding(Rule.ENTRIES, folding.blame(index), copy.origin, index, str(error))
            return
        if isinstance(entry, Announce | Revise):
            folding.ids.add(entry.id)
        if effect is not None:
            folding.apply(effect)
            if within(effect, ceiling) != effect:
                sentence = "A payload asks to be kept longer than the network's retention allows."
                yield Finding(Rule.ENTRIES, folding.blame(index), copy.origin, index, sentence)
    folding.whole = True


def _wrong_pieces(origin: str, entry: Entry, pieces: Sequence[Piece]) -> str | None:
    """Return what is wrong with what a holder shows beside an entry, or None."""
    slots = slots_of(entry)
    if len(pieces) != len(slots):
        return "This copy does not say what it holds beside an entry."
    for (_, entry_id, commitment), piece in zip(slots, pieces, strict=True):
        if isinstance(piece, Opening) and not opens(origin, entry_id, commitment, piece):
            return "A payload does not open the commitment in its log entry."
    if isinstance(entry, Revise) and not isinstance(pieces[0], Opening):
        return "This copy does not show whether a revision amends, withdraws or disputes."
    return None


def _check_erasures(folding: _Folding) -> Iterator[Finding]:
    copy = folding.copy
    if copy.pieces is None or not folding.whole:
        return
    for ref, standing in folding.standings.items():
        if standing is Standing.WITHDRAWN:
            held = [at for at in folding.bodies[ref] if _holds(copy.pieces, *at)]
            if held:
                sentence = "A withdrawn announcement's payload is still kept here."
                yield Finding(Rule.ERASURE, copy.holder, copy.origin, held[0][0], sentence)
        elif standing is Standing.MISSING and isinstance(copy.pieces[ref][0], Gone):
            sentence = "A payload is called erased, but its author never withdrew it."
            yield Finding(Rule.ERASURE, copy.holder, copy.origin, ref, sentence)


def _holds(pieces: Sequence[Sequence[Piece]], index: int, slot: Slot) -> bool:
    """Return whether a payload is there, shown or (to an auditor) only said to be."""
    return isinstance(pieces[index][0 if slot is Slot.MAIN else 1], Opening | Held)


def _check_copied(folded: Sequence[_Folding]) -> Iterator[Finding]:
    """Find what two associations announce. A tag is made for one; nobody can make another's.

    Both logs are whole and neither says which was first: one of the two is at fault.
    """
    seen: dict[bytes, dict[str, int]] = {}
    for folding in folded:
        for secret, index in folding.secrets.items():
            seen.setdefault(secret, {}).setdefault(folding.copy.origin, index)
    for places in seen.values():
        if len(places) > 1:
            entries = ", ".join(f"{origin} at {index}" for origin, index in sorted(places.items()))
            origin, index = min(places.items())
            sentence = f"One tag or sealed notice is announced by several: {entries}."
            yield Finding(Rule.COPIED, ", ".join(sorted(places)), origin, index, sentence)


def _summarize(folding: _Folding) -> LogSummary:
    copy, head = folding.copy, folding.head
    return LogSummary(
        holder=copy.holder,
        origin=copy.origin,
        size=len(copy.entries),
        signed_size=None if head is None else head.checkpoint.size,
        head_time=None if head is None else max(head.cosigned.values(), default=None),
        live=folding.count(Standing.LIVE),
        disputed=folding.count(Standing.DISPUTED),
        withdrawn=folding.count(Standing.WITHDRAWN),
        missing=folding.count(Standing.MISSING),
    )
