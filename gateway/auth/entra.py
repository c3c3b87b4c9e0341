"""The hop to Microsoft Entra: blocking HTTP, as MSAL makes it, in a few worker threads and under a deadline.

`HttpClient` is the seam.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Protocol, TypeVar

import orjson

from gateway.clock import Deadline
from gateway.errors import DeadlineExceededError

Json = Any
"""What `json` decodes to: the one place where a type is not known."""

T = TypeVar("T")

WORKERS: Final = 8
"""Exchanges that run at a time; more wait their turn until their deadline."""


class HttpResponse(Protocol):
    """What MSAL reads of a response."""

    @property
    def status_code(self) -> int: ...

    @property
    def text(self) -> str: ...

    @property
    def headers(self) -> Mapping[str, str]: ...


class HttpClient(Protocol):
    """What MSAL needs of an HTTP client: https://msal-python.readthedocs.io/en/latest/#msal.ClientApplication."""

    def get(
        self, url: str, params: Any = None, headers: Mapping[str, str] | None = None, **options: Any
    ) -> HttpResponse: ...

    def post(
        self, url: str, params: Any = None, data: Any = None, headers: Mapping[str, str] | None = None, **options: Any
    ) -> HttpResponse: ...

    def close(self) -> None: ...


class Entra:
    """Runs blocking calls to Entra. `close` lets running ones end by their own time-out."""

    def __init__(self, http: HttpClient) -> None:
        self.http = http
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="entra")

    async def run(self, work: Callable[[], T], deadline: Deadline) -> T:
        """What the work returns; raises `GatewayError`, also when time is up."""
        try:
            async with asyncio.timeout(deadline.remaining_seconds):
                return await asyncio.get_running_loop().run_in_executor(self._workers, work)
        except TimeoutError:
            raise DeadlineExceededError(
                "Microsoft Entra did not answer within the time for the operation; nothing was sent to Graph."
            ) from None

    async def read(self, url: str, deadline: Deadline) -> tuple[int, dict[str, Json]]:
        """Status and JSON object at the URL."""
        response = await self.run(lambda: self.http.get(url, headers={"accept": "application/json"}), deadline)
        return response.status_code, orjson.loads(response.text)

    def close(self) -> None:
        self._workers.shutdown(wait=False, cancel_futures=True)
        self.http.close()
