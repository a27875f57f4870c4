"""Every domain-separation label of the project, in one table.

A label starts the hashed or authenticated bytes of exactly one purpose. No label equals another
or is the beginning of another (tests/crypto/test_labels.py), so bytes made for one purpose can
never be read as made for another, even where a label is followed directly by data.

A changed construction takes a new label (…/v2); a label is never reused.
"""

from enum import Enum


class Label(bytes, Enum):
    """Our own labels. A member is `bytes`: `Label.TAG + lp(x)` works."""

    TAG = b"veilleuse/tag/v1"
    """An association's tag of an identifier, from Z."""
    BODY = b"veilleuse/body/v1"
    """The key of an association's sealed notice, from Z; also its associated data."""
    LEAF = b"veilleuse/leaf/v1"
    """The salted commitment to a payload in a log entry."""
    ARGON2_SALT = b"veilleuse/argon2-salt/v1"
    """The salt of F to Z, from network id and generation."""
    DLEQ_NONCE = b"veilleuse/dleq-nonce/v1"
    """The nonce of a custodian's proof."""
    DEALING = b"veilleuse/dealing/v1"
    """The founder's coefficients (temporary, crypto/dealing.py)."""
    SEAL_KEY = b"veilleuse/seal-key/v1"
    """The one-time key of crypto.sealing.seal_to."""
    SHARE_SEAL = b"veilleuse/share-seal/v1"
    """A key share under the custody passphrase."""
    VAULT_KEY = b"veilleuse/vault-key/v1"
    """The vault's keys under the vault passphrase."""
    VAULT_INDEX = b"veilleuse/vault-index/v1"
    """A node's local keyed index of its own identifiers."""
    VAULT_FIELD = b"veilleuse/vault-field/v1"
    """A report's field under the report's own key."""
    REPORT_KEY = b"veilleuse/report-key/v1"
    """A report's own key under the vault's key."""
    DEPOSIT_SEAL = b"veilleuse/deposit-seal/v1"
    """A report that a locked node accepted, sealed to its association's key."""
    MESSAGE = b"veilleuse/message/v1"
    """A sealed message from one association to another."""


class SuiteLabel(bytes, Enum):
    """The labels that RFC 9497 fixes for its suites; only oprf.py and dleq.py use them."""

    CONTEXT = b"OPRFV1-"
    HASH_TO_GROUP = b"HashToGroup-"
    HASH_TO_SCALAR = b"HashToScalar-"
    SEED = b"Seed-"
    COMPOSITE = b"Composite"
    CHALLENGE = b"Challenge"
    FINALIZE = b"Finalize"
