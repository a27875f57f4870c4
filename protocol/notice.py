"""The sealed notice of an announcement: always 512 bytes, opened by who knows the number.

XChaCha20-Poly1305 under body_a (protocol/tags.py); the associated data binds the bytes to their
place, so that a notice copied to another announcement, association or generation does not open.
Source: design section 5; docs/spec/vocabulary.md#sealing.
"""

from typing import ClassVar, Final

from crypto import sealing
from crypto.derivation import lp
from crypto.errors import SealError
from crypto.labels import Label
from crypto.values import Secret
from protocol.combine import combine
from protocol.errors import NoticeError
from protocol.notice_plain import PLAIN_SIZE, NotFederatedError, Notice, decode, encode

__all__ = [
    "PLAIN_SIZE",
    "SEALED_SIZE",
    "NotFederatedError",
    "Notice",
    "NoticeSealError",
    "combine",
    "decode",
    "encode",
    "seal",
    "unseal",
]

SEALED_SIZE: Final = PLAIN_SIZE + sealing.SYMMETRIC_OVERHEAD
"""512 bytes: nonce (24), ciphertext (472), tag (16)."""

_ID_SIZE: Final = 16
_MOST_GENERATION: Final = 2**32 - 1


class NoticeSealError(NoticeError):
    """A sealed notice does not open here: another key, another place, or altered bytes."""

    code: ClassVar[str] = "notice-seal"


def seal(
    notice: Notice, key: Secret, origin: str, announcement_id: bytes, generation: int, nonce: bytes
) -> bytes:
    """Return the 512 bytes of `notice` as `origin` announces it.

    Args:
        notice: what is announced.
        key: body_a of this origin and generation, 32 bytes.
        origin: the announcing association's log origin, below 65536 bytes.
        announcement_id: 16 bytes, in the entry.
        generation: of the network key, 0 to 2**32 - 1.
        nonce: 24 fresh random bytes; an amended notice takes new ones.

    Raises:
        NoticeError: id or generation out of range.
        SealError: key or nonce of another length.
    """
    place = _place(origin, announcement_id, generation)
    return sealing.seal(key, encode(notice), place, nonce)


def unseal(
    sealed: bytes, key: Secret, origin: str, announcement_id: bytes, generation: int
) -> Notice:
    """Return the notice in `sealed`; arguments as in `seal`.

    Raises:
        NoticeSealError: it does not open under this key at this place, or is not 512 bytes.
        NoticeError: what opened is no notice; id or generation out of range.
        VocabularyError: a word or an area that its vocabulary does not hold.
    """
    place = _place(origin, announcement_id, generation)
    if len(sealed) != SEALED_SIZE:
        raise NoticeSealError(f"A sealed notice is exactly {SEALED_SIZE} bytes.")
    try:
        plain = sealing.unseal(key, sealed, place)
    except SealError:
        raise NoticeSealError("This notice does not open under this number.") from None
    return decode(plain)


def _place(origin: str, announcement_id: bytes, generation: int) -> bytes:
    if len(announcement_id) != _ID_SIZE or not 0 <= generation <= _MOST_GENERATION:
        raise NoticeError("An announcement has an id of 16 bytes and a generation of 4.")
    number = generation.to_bytes(4, "big")
    return Label.BODY + lp(origin.encode()) + lp(announcement_id) + lp(number)
