"""HTTP/1.1 by uvicorn and httptools, with what these two leave open: how large a head, how long for it, no upgrades.

Without the bounds a caller without a token could fill the memory with headers, or keep connections for good by sending
nothing, or a byte now and then. https://www.rfc-editor.org/rfc/rfc9112
"""

import asyncio
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEADERS: Final = 100
"""As many as other servers take by default, which is a few times what proxies and browsers send."""

MAX_FRAMING_BYTES: Final = 65_536
"""All of a request but its body: URL, headers, what is around chunks. The longest token that we take is half of it."""

REFUSAL: Final = "Invalid HTTP request received."


class MalformedError(httptools.HttpParserError):
    """Not a request that every server reads alike, or too much of one: a 400 and the end of the connection."""


class HttpProtocol(HttpToolsProtocol):
    """One connection. It is closed where no request is under way and no head arrives within `timeout_keep_alive`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._framing_bytes = 0
        self._is_head = False
        self._waits_since: float | None = None
        self._closing: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._closing:
            self._closing.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        self._framing_bytes += len(data)
        try:
            self._parse(data)
            if self._framing_bytes > MAX_FRAMING_BYTES:
                raise MalformedError("too large a head")
        except httptools.HttpParserError:
            self.logger.warning(REFUSAL)
            self.send_400_response(REFUSAL)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_head = True
        self._wait_for_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._is_head:
            return  # a trailer, which must not pass for a header (section 7.1.2)
        if len(self.headers) == MAX_HEADERS:
            raise MalformedError("too many headers")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        hosts = [name for name, _ in self.headers].count(b"host")
        if hosts > 1 or (hosts == 0 and self.parser.get_http_version() == "1.1"):
            raise MalformedError("not one Host (section 3.2)")
        if self.parser.get_method() == b"CONNECT":
            raise MalformedError("a tunnel")
        self._is_head = False
        if not self.parser.should_upgrade():
            self._waits_since = None
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._framing_bytes -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        if not self.parser.should_upgrade():
            self._framing_bytes = 0
            super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.response_complete:
            self._wait_for_head()

    def _parse(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            # The parser would take the body for what follows the upgrade, and a request in it for the next one. Java
            # wants to upgrade with each request; a server may ignore that (RFC 9110 section 7.8).
            head = self._head_without_upgrade()
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            self._parse(head + data[upgrade.args[0] :])

    def _head_without_upgrade(self) -> bytes:
        version = self.parser.get_http_version().encode()
        lines = [b"%s: %s\r\n" % each for each in self.headers if each[0] != b"upgrade"]
        return b"%s %s HTTP/%s\r\n%s\r\n" % (self.parser.get_method(), self.url, version, b"".join(lines))

    def _wait_for_head(self) -> None:
        """Unlike uvicorn's own timer, this one is not put off by bytes that are no new request."""
        self._waits_since = self.loop.time()
        if self._closing is None:
            self._closing = self.loop.call_later(self.timeout_keep_alive, self._close_if_idle)

    def _close_if_idle(self) -> None:
        """One timer serves many requests, which are mostly over long before it is due."""
        self._closing = None
        if self._waits_since is None:
            return
        left_seconds = self._waits_since + self.timeout_keep_alive - self.loop.time()
        if left_seconds > 0:
            self._closing = self.loop.call_later(left_seconds, self._close_if_idle)
        else:
            self.timeout_keep_alive_handler()
