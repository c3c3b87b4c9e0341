"""The HTTP hop: method, URL, headers, bytes, seconds → status, headers, bytes. Nothing here knows Microsoft Graph.

A failure says the one thing that matters to a write: was the request surely not sent (`NotSentError`), or may it have
arrived (`LostError`)? Redirects are never followed: they would carry the access token elsewhere.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

CONNECT_SECONDS: Final = 10.0
CONNECT_SHARE: Final = 0.9
"""A connection that takes longer is given up while there may be time for another: nothing has been sent yet.

Also, time must not be up within the handshake: cancelled there, httpcore does not close the socket.
"""

KEEP_ALIVE_SECONDS: Final = 30

IDENTITY: Final = "identity"
GZIP: Final = "gzip"
"""With `identity`, which stands for none, the encodings that are read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete HTTP response; the body is decompressed, header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class TransportError(Exception):
    """No complete answer came."""


class NotSentError(TransportError):
    """The request did not leave: nothing can have happened."""


class LostError(TransportError):
    """The request left, at least in part, and no complete answer came: anything can have happened."""


class AnswerTooLargeError(LostError):
    """More came than is read; asking again would bring the same."""


class Transport(Protocol):
    async def __call__(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_seconds: float
    ) -> Answer: ...


class Body:
    """What comes of a body, decompressed. However well it was packed, no more than the limit is ever in memory."""

    def __init__(self, encoding: str, *, most: int) -> None:
        if encoding.lower() not in {IDENTITY, GZIP}:
            raise LostError("DecodingError")
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16) if encoding.lower() == GZIP else None
        self._most = most
        self.content = bytearray()

    def add(self, chunk: bytes) -> None:
        room = self._most + 1 - len(self.content)
        try:
            self.content += self._inflate.decompress(chunk, room) if self._inflate else chunk
        except zlib.error:
            raise LostError("DecodingError") from None
        # zlib keeps what follows the end of the packed data.
        rest = self._inflate.unused_data if self._inflate else b""
        if len(self.content) + len(rest) > self._most:
            raise AnswerTooLargeError(f"more than {self._most} bytes")
