"""Every way people write one phone number down: one list for unit and end-to-end tests."""

import unicodedata
from typing import Final, NamedTuple


class Spelling(NamedTuple):
    """A text that means the number; `country` says whether it carries its country by itself."""

    text: str
    country: bool


_SEPARATORS: Final = {
    "nothing": "",
    "space": " ",
    "dot": ".",
    "hyphen": "-",
    "slash": "/",
    "no-break space": "\u00a0",
    "narrow no-break space": "\u202f",
    "thin space": "\u2009",
    "ideographic space": "\u3000",
    "en dash": "\u2013",
    "em dash": "\u2014",
    "non-breaking hyphen": "\u2011",
    "minus sign": "\u2212",
    "dot and space": ". ",
    "bullet": "\u2022",
    "tab": "\t",
    "zero-width space": "\u200b",
    "soft hyphen": "\u00ad",
}

_ZEROS: Final = {
    "full-width": "\uff10",
    "arabic-indic": "\u0660",
    "extended arabic-indic": "\u06f0",
    "devanagari": "\u0966",
    "bengali": "\u09e6",
    "thai": "\u0e50",
    "mathematical bold": "\U0001d7ce",
}

_INVISIBLE: Final = (
    *(chr(code) for code in range(0x202A, 0x202F)),
    *(chr(code) for code in range(0x2066, 0x206A)),
    "\u200b\u200c\u200d\u200e\u200f\u2060\u061c\ufeff",
)

_CIRCLED: Final = str.maketrans("0123456789", "⓪①②③④⑤⑥⑦⑧⑨")
_KEYCAP: Final = "\ufe0f\u20e3"


def spellings(e164: str, national: str, country: str) -> list[Spelling]:
    """Return the spellings of one number.

    Args:
        e164: "+33639980123".
        national: as its own country dials it, "0639980123" (or "411234" where there is no
            trunk prefix).
        country: its calling code, "33".
    """
    significant = e164.removeprefix("+" + country)
    trunk = national.removesuffix(significant)
    local = [Spelling(text, country=False) for text in _spaced(trunk, significant)]
    abroad = [
        Spelling(lead + text, country=True)
        for lead in _leads(country, trunk)
        for text in _spaced("", significant)
    ]
    # Without its plus, a number with its country still reads as one only where it fits nothing
    # else, so it counts as a spelling without one.
    bare = [Spelling(country + significant, country=False)]
    return [
        *local,
        *bare,
        *abroad,
        *_disguised(national, country=False),
        *_disguised(e164, country=True),
    ]


def _leads(country: str, trunk: str) -> list[str]:
    optional = [f"+{country} ({trunk})", f"+{country}{trunk}"] if trunk else []
    plain = ["+{}", "+{} ", "00{}", "00 {} ", "(+{}) ", "+({})", "+ {} ", "+00{}", "\uff0b{} "]
    return [*(lead.format(country) for lead in plain), f"tel:+{country}-", *optional]


def _spaced(first: str, rest: str) -> list[str]:
    """Return `first` and `rest` in groups: by twos as in France, three then twos as in Belgium."""
    groupings = [_groups(first, rest, odd) for odd in (len(rest) % 2, 3)]
    return [mark.join(groups) for mark in _SEPARATORS.values() for groups in groupings]


def _groups(first: str, rest: str, size: int) -> list[str]:
    groups = [first + rest[:size], *(rest[at : at + 2] for at in range(size, len(rest), 2))]
    return [group for group in groups if group]


def _disguised(text: str, *, country: bool) -> list[Spelling]:
    texts = [
        *(text.translate(_digits(zero)) for zero in _ZEROS.values()),
        *(mark + mark.join(text) + mark for mark in _INVISIBLE),
        text.translate(_CIRCLED),
        "".join(sign + _KEYCAP if sign.isdigit() else sign for sign in text),
        f"  {text}\r\n",
        f"Tél. : {text}",
        f"tel:{text}",
        f"Téléphone : {text}",
        f"\N{BLACK TELEPHONE}\ufe0f {text}",
        f"\N{MOBILE PHONE}{text}",
        unicodedata.normalize("NFD", f"Tél {text}"),
    ]
    return [Spelling(written, country) for written in texts]


def _digits(zero: str) -> dict[int, str]:
    return {ord("0") + value: chr(ord(zero) + value) for value in range(10)}
