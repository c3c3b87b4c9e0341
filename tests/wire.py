"""The other end of an HTTP connection, for what no emulator of a working service can show."""

from collections.abc import Iterator

import httpx

Scripted = httpx.Response | Exception

EVENTS = (
    "connection.connect_tcp.started",
    "connection.connect_tcp.complete",
    "http11.send_request_headers.started",
    "http11.send_request_headers.complete",
    "http11.send_request_body.started",
    "http11.receive_response_headers.started",
)
"""What httpcore tells: https://www.encode.io/httpcore/extensions/#trace. The request leaves with the third."""


def unread(answer: httpx.Response) -> httpx.Response:
    """As it comes from a socket: httpx takes one that was made of bytes for one that was read."""
    return httpx.Response(answer.status_code, headers=answer.headers, stream=answer.stream)


class Answering(httpx.MockTransport):
    """Answers as the handler says."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return unread(await super().handle_async_request(request))


class Wire(httpx.AsyncBaseTransport):
    """Answers in order, whatever is asked, and remembers what was; an exception breaks the connection.

    It tells when a request leaves, as httpcore does, unless `leaves` is false.
    """

    def __init__(self, *answers: Scripted, leaves: bool = True) -> None:
        self._answers: Iterator[Scripted] = iter(answers)
        self._leaves = leaves
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.requests.append(request)
        for event in EVENTS if self._leaves else EVENTS[:2]:
            await request.extensions["trace"](event, {})
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return unread(answer)

    @property
    def seen(self) -> list[str]:
        """Method and URL of each request."""
        return [f"{each.method} {each.url}" for each in self.requests]
