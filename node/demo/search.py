"""The thief's first step: does any byte of a seized folder show a number, a narrative or a key?

Text is looked for as people and programs write it: UTF-8, UTF-16 in both orders, hexadecimal in
both cases, base64 (both alphabets) at each of its three alignments; numbers also as bare digits.
"""

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

MIN_NEEDLE = 6
"""Bytes. Shorter needles would be found by chance."""


@dataclass(frozen=True, slots=True)
class Needle:
    """Something that must not be found. `name` says what it is without showing it."""

    name: str
    content: bytes
    text: bool

    def __repr__(self) -> str:
        """Return a form without the content, which is secret."""
        return f"<Needle {self.name}>"


@dataclass(frozen=True, slots=True)
class Leak:
    """A needle that was found: where, and in which encoding."""

    needle: str
    encoding: str
    file: Path
    offset: int


def number_needles(name: str, e164: str, typed: Iterable[str]) -> Iterator[Needle]:
    """Yield a number as it was typed, in its normal form, and as digits with and without country.

    Args:
        name: what to call it in a report, without its digits.
        e164: the normal form, `+33…`.
        typed: the spellings that people used.
    """
    digits = re.sub(r"\D", "", e164)
    # The last nine digits are the subscriber's part of a French or Belgian number.
    for form in sorted({e164, digits, digits[-9:], *typed}):
        yield Needle(name, form.encode(), text=True)


def search(folder: Path, needles: Iterable[Needle]) -> list[Leak]:
    """Return every place in any file below `folder` where a needle shows.

    Raises:
        OSError: a file cannot be read; an unread file is no proof of absence.
    """
    patterns = [
        (needle.name, encoding, pattern)
        for needle in needles
        for encoding, pattern in encodings(needle)
    ]
    leaks: list[Leak] = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        data = file.read_bytes()
        for name, encoding, pattern in patterns:
            offset = data.find(pattern)
            if offset >= 0:
                leaks.append(Leak(name, encoding, file, offset))
    return leaks


def encodings(needle: Needle) -> Iterator[tuple[str, bytes]]:
    """Yield `(encoding, bytes)` for each form in which `needle` could lie in a file."""
    content = needle.content
    if len(content) < MIN_NEEDLE:
        return
    raws = [("raw", content)]
    if needle.text:
        text = content.decode()
        raws += [("utf-16-le", text.encode("utf-16-le")), ("utf-16-be", text.encode("utf-16-be"))]
    for encoding, raw in raws:
        yield encoding, raw
        yield f"hex of {encoding}", raw.hex().encode()
        yield f"upper-case hex of {encoding}", raw.hex().upper().encode()
        for shift in range(3):
            middle = _base64_middle(raw, shift)
            yield f"base64 of {encoding}, alignment {shift}", middle
            yield (
                f"url-safe base64 of {encoding}, alignment {shift}",
                middle.replace(b"+", b"-").replace(b"/", b"_"),
            )


def _base64_middle(raw: bytes, shift: int) -> bytes:
    """Return the base64 characters that depend on `raw` alone, whatever lies before and after it.

    Args:
        raw: at least `MIN_NEEDLE` bytes.
        shift: how many bytes of its three-byte group come before `raw`.
    """
    encoded = base64.b64encode(bytes(shift) + raw)
    skip = (0, 2, 3)[shift]
    whole = (shift + len(raw)) // 3 * 4
    rest = (0, 1, 2)[(shift + len(raw)) % 3]
    return encoded[skip : whole + rest]
