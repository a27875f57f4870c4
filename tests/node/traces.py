"""Searching every file of a folder for bytes that must not be there."""

import base64
from collections.abc import Iterable
from pathlib import Path


def forms(*texts: str) -> list[bytes]:
    """Return the forms in which a text could lie on a disk."""
    found: list[bytes] = []
    for text in texts:
        raw = text.encode()
        found += [raw, text.encode("utf-16-le"), raw.hex().encode(), base64.b64encode(raw)]
    return found


def traces(folder: Path, wanted: Iterable[bytes]) -> list[str]:
    """Return the files below `folder` that hold one of `wanted`."""
    sought = list(wanted)
    return [
        str(file)
        for file in sorted(folder.rglob("*"))
        if file.is_file()
        for content in [file.read_bytes()]
        if any(each in content for each in sought)
    ]
