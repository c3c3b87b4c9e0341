"""The other end of a connection, as bytes: what a server may do to a client that no HTTP server would do on purpose."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

CREATED = b'HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{"id":"A"}'


class Peer:
    """One connection; `server` sees it from accepting to closing."""

    def __init__(self, server: "Server", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server = server
        self._reader = reader
        self.writer = writer

    async def receive(self) -> bytes:
        """The next request, whole; it is entered in the server's list."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        request = head + await self._reader.readexactly(int(length[1]) if length else 0)
        self.server.received.append(request)
        return request

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def until_closed(self, take: Callable[[bytes], object] = len) -> None:
        """Until the client has closed; what it sends meanwhile is taken."""
        while data := await self._reader.read(65_536):
            take(data)


Talk = Callable[[Peer], Awaitable[None]]
"""What the server does with a connection. When it returns the connection is closed."""


class Server:
    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.connections = 0
        self.port = 0

    @property
    def methods(self) -> list[bytes]:
        return [request.partition(b" ")[0] for request in self.received]


@asynccontextmanager
async def serving(talk: Talk, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """A server on a free port of 127.0.0.1."""
    server = Server()
    running: list[asyncio.Task[None] | None] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        running.append(asyncio.current_task())
        try:
            await talk(Peer(server, reader, writer))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client went first, or the test is over
        finally:
            writer.close()
            with suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()

    listener = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for each in filter(None, running):
            each.cancel()
            await asyncio.wait([each])


def write_certificate(folder: Path, host: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate for the host that is its own authority: the file to trust, and the server's side."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, SHA256())
    )
    trusted, private = folder / f"{host}.pem", folder / f"{host}.key"
    trusted.write_bytes(certificate.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, private)
    return trusted, context
