"""Sealing: what leaves the process or outlives it is encrypted and signed under the operator's secret keys."""

from base64 import urlsafe_b64encode
from collections.abc import Iterable

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def build_seal(keys: Iterable[str], purpose: bytes) -> MultiFernet:
    """Seals with the first key, opens with all of them, so that keys can be exchanged one at a time.

    `purpose` separates this use of the keys from every other (RFC 5869 section 3.2).
    """
    return MultiFernet([_derived(key, purpose) for key in keys])


def _derived(key: str, purpose: bytes) -> Fernet:
    derived = HKDF(SHA256(), length=32, salt=None, info=purpose).derive(key.encode())
    return Fernet(urlsafe_b64encode(derived))
