"""ristretto255 (RFC 9496): the door for bytes, hashing, and arithmetic on verified values.

`decode_element` and `decode_scalar` are the only way in for foreign bytes. What they return is
trusted by every other function here, which therefore never checks twice. The identity is not an
`Element`: an operation that would produce it raises.
"""

import hashlib
from collections.abc import Sequence

from crypto.errors import EncodingError
from crypto.libsodium import Buffer32, load
from crypto.values import ORDER, Element, Scalar, SecretScalar

_SIZE = 32
_WIDE = 64
_IDENTITY = bytes(_SIZE)
_MAX_DST = 255
# SHA-512's block of zeros, and the length asked for (64) with the zero byte after it.
_Z_PAD = bytes(128)
_LENGTH_AND_ZERO = b"\x00\x40\x00"


def decode_element(data: bytes) -> Element:
    """Return 32 foreign bytes as a group element.

    The top bit is checked here because libsodium 1.0.18 ignores it and so accepts two encodings
    of one point.

    Raises:
        EncodingError: another length, not canonical, not on the group, or the identity.
    Source: RFC 9496 section 4.3.1; RFC 9497 section 4.1 (DeserializeElement).
    """
    if (
        len(data) != _SIZE
        or data[31] & 0x80
        or data == _IDENTITY
        or not load().is_valid_point(bytes(data))
    ):
        raise EncodingError("These bytes are not a ristretto255 element other than the identity.")
    return Element(bytes(data))


def decode_scalar(data: bytes) -> Scalar:
    """Return 32 foreign bytes (little-endian) as a public scalar, 0 < s < ORDER.

    Raises:
        EncodingError: another length, zero, or not reduced.
    Source: RFC 9497 section 4.1 (DeserializeScalar), and zero refused.
    """
    if len(data) != _SIZE or not 0 < int.from_bytes(data, "little") < ORDER:
        raise EncodingError("These bytes are not a scalar above zero and below the group's order.")
    return Scalar(bytes(data))


def scalar_from_int(value: int) -> Scalar:
    """Return a public number modulo ORDER as a scalar.

    Raises:
        EncodingError: it is a multiple of ORDER.
    """
    return decode_scalar((value % ORDER).to_bytes(_SIZE, "little"))


def expand_message(message: bytes, dst: bytes) -> bytes:
    """Return 64 uniform bytes: expand_message_xmd with SHA-512 and len_in_bytes = 64.

    Args:
        message: any length.
        dst: domain separation tag, 1 to 255 bytes.

    Raises:
        EncodingError: the tag is empty or too long.
    Source: RFC 9380 section 5.3.1; 64 bytes are one SHA-512 block, so the loop has one turn.
    """
    if not 1 <= len(dst) <= _MAX_DST:
        raise EncodingError("A domain separation tag must have 1 to 255 bytes.")
    dst_prime = dst + bytes((len(dst),))
    first = hashlib.sha512(_Z_PAD + message + _LENGTH_AND_ZERO + dst_prime).digest()
    return hashlib.sha512(first + b"\x01" + dst_prime).digest()


def hash_to_element(message: bytes, dst: bytes) -> Element:
    """Return the element that `message` hashes to; nobody knows its discrete logarithm.

    Raises:
        EncodingError: bad tag, or the result is the identity (never seen).
    Source: RFC 9497 section 4.1 (HashToGroup), RFC 9380 appendix B.
    """
    out = Buffer32()
    load().from_hash(out, expand_message(message, dst))
    return _element(out.raw)


def hash_to_scalar(message: bytes, dst: bytes) -> Scalar:
    """Return the public scalar that `message` hashes to.

    Raises:
        EncodingError: bad tag.
    Source: RFC 9497 section 4.1 (HashToScalar).
    """
    out = Buffer32()
    load().scalar_reduce(out, expand_message(message, dst))
    return Scalar(out.raw)


def scalar_from_wide(wide: bytes) -> SecretScalar:
    """Return 64 uniformly random bytes reduced modulo ORDER (bias below 2**-250).

    Raises:
        EncodingError: another length, or the result is zero.
    """
    if len(wide) != _WIDE:
        raise EncodingError("A secret scalar is made from exactly 64 random bytes.")
    out = Buffer32()
    load().scalar_reduce(out, wide)
    return SecretScalar(out.raw)


def multiply(scalar: Scalar | SecretScalar, element: Element) -> Element:
    """Return scalar * element, in constant time.

    Raises:
        EncodingError: the result is the identity.
    """
    out = Buffer32()
    raw = scalar.reveal() if isinstance(scalar, SecretScalar) else scalar
    if load().multiply(out, raw, element):
        raise EncodingError("A product is the identity: one of the inputs is crafted.")
    return Element(out.raw)


def multiply_base(scalar: Scalar | SecretScalar) -> Element:
    """Return scalar * generator, in constant time.

    Raises:
        EncodingError: the scalar is zero.
    """
    out = Buffer32()
    raw = scalar.reveal() if isinstance(scalar, SecretScalar) else scalar
    if load().multiply_base(out, raw):
        raise EncodingError("A product is the identity: the scalar is zero.")
    return Element(out.raw)


def add(left: Element, right: Element) -> Element:
    """Return left + right.

    Raises:
        EncodingError: the result is the identity.
    """
    out = Buffer32()
    load().add(out, left, right)
    return _element(out.raw)


def subtract(left: Element, right: Element) -> Element:
    """Return left - right.

    Raises:
        EncodingError: the result is the identity.
    """
    out = Buffer32()
    load().subtract(out, left, right)
    return _element(out.raw)


def linear_combination(scalars: Sequence[Scalar], elements: Sequence[Element]) -> Element:
    """Return the sum of scalars[i] * elements[i]: one product and one addition a term.

    Args:
        scalars: public, at least one.
        elements: as many.

    Raises:
        EncodingError: no terms, not as many of both, or a product or the sum is the identity.
    """
    if len(scalars) != len(elements):
        raise EncodingError("A linear combination needs one scalar for each element.")
    if not scalars:
        raise EncodingError("A linear combination needs at least one term.")
    sodium = load()
    total = Buffer32()
    product = Buffer32()
    first = True
    # The longest loop of the project (1000 terms in a proof): no calls beyond libsodium's own.
    for scalar, element in zip(scalars, elements, strict=True):
        if sodium.multiply(product, scalar, element):
            raise EncodingError("A product is the identity: one of the inputs is crafted.")
        if first:
            total, product, first = product, total, False
        else:
            sodium.add(total, total, product)
    return _element(total.raw)


def scalar_add(left: SecretScalar, right: SecretScalar) -> SecretScalar:
    """Return left + right modulo ORDER, in constant time.

    Raises:
        EncodingError: the result is zero.
    """
    out = Buffer32()
    load().scalar_add(out, left.reveal(), right.reveal())
    return SecretScalar(out.raw)


def scalar_subtract(left: SecretScalar, right: SecretScalar) -> SecretScalar:
    """Return left - right modulo ORDER, in constant time.

    Raises:
        EncodingError: the result is zero.
    """
    out = Buffer32()
    load().scalar_subtract(out, left.reveal(), right.reveal())
    return SecretScalar(out.raw)


def scalar_multiply(left: SecretScalar, right: Scalar | SecretScalar) -> SecretScalar:
    """Return left * right modulo ORDER, in constant time."""
    out = Buffer32()
    raw = right.reveal() if isinstance(right, SecretScalar) else right
    load().scalar_multiply(out, left.reveal(), raw)
    return SecretScalar(out.raw)


def scalar_invert(scalar: SecretScalar) -> SecretScalar:
    """Return 1 / scalar modulo ORDER, in constant time."""
    out = Buffer32()
    load().scalar_invert(out, scalar.reveal())
    return SecretScalar(out.raw)


def _element(raw: bytes) -> Element:
    """Trust libsodium's own output, except that it gives the identity without a word."""
    if raw == _IDENTITY:
        raise EncodingError("A result is the identity: one of the inputs is crafted.")
    return Element(raw)
