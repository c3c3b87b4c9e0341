"""The hop to Entra: real HTTP and worker threads under it, and work that is shared."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.auth.entra import Entra
from gateway.auth.flights import Flights
from gateway.auth.httpx_client import HttpxClient
from gateway.clock import Deadline
from gateway.errors import DeadlineExceededError
from tests.certificates import certificate_pem
from tests.clock import SteppingClock


@pytest.fixture
def entra() -> Iterator[Entra]:
    entra = Entra(HttpxClient(ca_file=None, transport=httpx.MockTransport(lambda _: httpx.Response(200, text="{}"))))
    yield entra
    entra.close()


async def test_work_that_hangs_holds_nobody_longer_than_their_deadline(entra: Entra) -> None:
    """The thread cannot be ended, the wait can; others go on."""
    hanging = threading.Event()
    with pytest.raises(DeadlineExceededError):
        await entra.run(hanging.wait, Deadline.after(SteppingClock(), 0.01))
    hanging.set()
    assert await entra.run(lambda: "done", Deadline.after(SteppingClock(), 5)) == "done"


async def test_bytes_in_a_form_are_sent_as_they_are() -> None:
    """MSAL puts its client assertion into the form as bytes."""
    sent: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.content)
        return httpx.Response(200, text="{}")

    http = HttpxClient(ca_file=None, transport=httpx.MockTransport(answer))
    http.post("https://login.example/token", data={"client_assertion": b"a.b.c", "scope": "x y"})
    http.close()
    assert sent == [b"client_assertion=a.b.c&scope=x+y"]


def test_cookies_are_not_kept() -> None:
    """What Entra tells of one person's exchange must not travel with another's."""
    sent: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers.get("cookie"))
        return httpx.Response(200, text="{}", headers={"set-cookie": "fpc=one-person; path=/; secure; HttpOnly"})

    http = HttpxClient(ca_file=None, transport=httpx.MockTransport(answer))
    for _ in range(2):
        http.post("https://login.example/token", data={})
    http.close()
    assert sent == [None, None]


def test_authorities_of_the_operator_are_trusted_too(tmp_path: Path) -> None:
    """`GATEWAY_CA_FILE` holds for Entra as it does for Graph."""
    file = tmp_path / "ca.pem"
    file.write_text(certificate_pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)))
    HttpxClient(ca_file=file).close()


async def test_shared_work_that_is_cancelled_is_begun_anew() -> None:
    """What ended badly is not kept for those who come later."""
    flights: Flights[str, str] = Flights()
    deadline = Deadline.after(SteppingClock(), 5)

    async def forever() -> str:
        await asyncio.Event().wait()
        raise AssertionError

    async def quick() -> str:
        return "done"

    task = flights.start("key", forever)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await flights.join("key", quick, deadline) == "done"
