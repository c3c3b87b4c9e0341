"""The one interface to what is kept: entries by name, changed only from what one believes them to be.

Which guarantee each store gives: docs/reliability.md.
"""

from typing import Final, Protocol

from gateway.state.buckets import Buckets

ANSWER_SECONDS: Final = 2.0
"""How long a store may take for one answer. It is near, and callers wait for it."""


class Store(Protocol):
    """Entries of bytes by name. Each method raises `StoreUnavailableError`."""

    @property
    def buckets(self) -> Buckets | None:
        """Token buckets that all replicas share; None of a store that they do not share."""

    async def get(self, name: str) -> bytes | None:
        """The entry; None if there is none, or none any more."""

    async def swap(self, name: str, old: bytes | None, new: bytes | None, *, lifetime_seconds: float) -> bool:
        """Whether the entry is `new` now: it was `old`, or it was `new` already. None stands for no entry.

        So a swap whose answer was lost may be repeated. An entry that would be one too many is refused
        (`StoreUnavailableError`), never made room for: what is kept was promised to somebody.
        """

    async def close(self) -> None: ...
