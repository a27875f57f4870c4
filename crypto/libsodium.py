"""The one door to libsodium's ristretto255: PyNaCl does not expose it.

The system's library if there is one, else the one inside the `rbcl` package. Functions are bound
once with their argument types: ctypes then costs well under a microsecond a call.

Source: libsodium 1.0.18 and later, "Point*scalar multiplication" and "The Ristretto group".
"""

import ctypes
import importlib
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

from crypto.errors import LibraryError

SYSTEM_NAMES = ("libsodium.so.26", "libsodium.so.23", "libsodium.so", "libsodium.dylib")
"""ABI 23 is libsodium 1.0.18 and 1.0.19, ABI 26 is 1.0.20 on; both have the same ristretto255."""

Buffer32 = ctypes.c_char * 32
"""Where a result goes. Made anew for each result: cheaper than create_string_buffer."""


class Sodium:
    """Bound functions of one loaded libsodium. Each returns 0, or -1 if it refuses its input.

    Results go to a `Buffer32`, inputs are `bytes` of the right size: libsodium does not check
    lengths, so only values that passed crypto.group's door may come here.

    Raises:
        LibraryError: the library has no ristretto255 (a minimal build), or does not initialise.
    """

    __slots__ = (
        "add",
        "from_hash",
        "is_valid_point",
        "multiply",
        "multiply_base",
        "scalar_add",
        "scalar_invert",
        "scalar_multiply",
        "scalar_reduce",
        "scalar_subtract",
        "subtract",
    )

    def __init__(self, library: ctypes.CDLL) -> None:
        self.is_valid_point = self._bind(library, "crypto_core_ristretto255_is_valid_point", 0, 1)
        self.from_hash = self._bind(library, "crypto_core_ristretto255_from_hash", 1, 1)
        self.add = self._bind(library, "crypto_core_ristretto255_add", 1, 2)
        self.subtract = self._bind(library, "crypto_core_ristretto255_sub", 1, 2)
        self.multiply = self._bind(library, "crypto_scalarmult_ristretto255", 1, 2)
        self.multiply_base = self._bind(library, "crypto_scalarmult_ristretto255_base", 1, 1)
        self.scalar_reduce = self._bind(library, "crypto_core_ristretto255_scalar_reduce", 1, 1)
        self.scalar_add = self._bind(library, "crypto_core_ristretto255_scalar_add", 1, 2)
        self.scalar_subtract = self._bind(library, "crypto_core_ristretto255_scalar_sub", 1, 2)
        self.scalar_invert = self._bind(library, "crypto_core_ristretto255_scalar_invert", 1, 1)
        self.scalar_multiply = self._bind(library, "crypto_core_ristretto255_scalar_mul", 1, 2)
        # Also picks the fast code for this processor; 1 means that somebody did it before.
        if self._bind(library, "sodium_init", 0, 0)() < 0:
            raise LibraryError("libsodium does not initialise on this machine.")

    @staticmethod
    def _bind(library: ctypes.CDLL, name: str, outputs: int, inputs: int) -> Callable[..., int]:
        try:
            function = library[name]
        except AttributeError as error:
            raise LibraryError(f"This libsodium has no {name}: install a full build.") from error
        function.argtypes = [Buffer32] * outputs + [ctypes.c_char_p] * inputs
        function.restype = ctypes.c_int
        return function


def load_system() -> Sodium:
    """Load the operating system's libsodium.

    Raises:
        LibraryError: there is none under any name that we know, or it is a minimal build.
    """
    for name in SYSTEM_NAMES:
        with suppress(OSError):
            return Sodium(ctypes.CDLL(name))
    raise LibraryError(
        "No libsodium on this system: install it (Debian and Ubuntu: apt install libsodium23)."
    )


def load_bundled() -> Sodium:
    """Load the libsodium that the `rbcl` package carries, and leave no file behind.

    At its first import rbcl writes the library into the temporary folder and forgets it there;
    here it is given a folder that is deleted as soon as the library is mapped.

    Raises:
        LibraryError: rbcl is not installed, or the temporary folder forbids execution (noexec).
    """
    outer = tempfile.tempdir
    try:
        with tempfile.TemporaryDirectory(prefix="veilleuse-") as folder:
            tempfile.tempdir = folder
            module = importlib.import_module("rbcl._sodium")
    except ImportError as error:
        raise LibraryError("The rbcl package is not installed: run make install.") from error
    except OSError as error:
        raise LibraryError(
            "The temporary folder cannot hold a library (mounted noexec, full or read-only): "
            "install the system's libsodium (Debian and Ubuntu: apt install libsodium23), "
            "or set TMPDIR to a folder that allows execution."
        ) from error
    finally:
        tempfile.tempdir = outer
    # Somebody else may have imported rbcl before us, with its file in the usual place.
    Path(module.lib_path).unlink(missing_ok=True)
    return Sodium(module._sodium)  # noqa: SLF001 -- the name under which rbcl keeps its handle


@cache
def load() -> Sodium:
    """Return the process's libsodium, loaded at the first call: the system's, else rbcl's.

    Raises:
        LibraryError: neither can be loaded; the sentence names the cure.
    """
    try:
        return load_system()
    except LibraryError:
        return load_bundled()
