"""Fixtures of this room."""

import os
from collections.abc import Callable

import pytest

from crypto import group
from crypto.errors import LibraryError
from crypto.libsodium import Sodium, load_bundled, load_system
from tests.tools import NOT_RUN, REQUIRE_ALL

LOADERS: dict[str, Callable[[], Sodium]] = {"system": load_system, "bundled": load_bundled}


@pytest.fixture(params=LOADERS)
def each_libsodium(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the test once on each libsodium that a node may load."""
    name = str(request.param)
    try:
        sodium = LOADERS[name]()
    except LibraryError as error:
        if os.environ.get(REQUIRE_ALL) == "1":
            raise
        pytest.skip(f"{NOT_RUN} (needs the {name} libsodium): {error}")
    monkeypatch.setattr(group, "load", lambda: sodium)
    return name
