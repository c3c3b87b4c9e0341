"""Ids of requests, by which log lines of different systems are brought together. They are no secrets."""

from random import getrandbits
from typing import Final

FIXED: Final = 0xF << 76 | 0b11 << 62
"""Where version and variant stand among the 128 bits."""

VERSION_4: Final = 0x4 << 76 | 0b10 << 62


def new_id() -> str:
    """A random UUID: https://www.rfc-editor.org/rfc/rfc9562#section-5.4.

    Python's own asks the kernel for each and makes an object of it, which takes several times as long.
    """
    digits = f"{getrandbits(128) & ~FIXED | VERSION_4:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
