"""A real Redis (Debian's `redis-server`), on a free port and with a folder of its own."""

import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.system.process import until


@dataclass
class RedisServer:
    """`stop` ends it as a crash does; started again it has what it keeps on disk."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self, *options: str) -> None:
        program = shutil.which("redis-server")
        assert program, "these tests need Redis: apt-get install redis-server"
        keep = ("--appendonly", "yes", "--appendfsync", "always")
        where = ("--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder))
        self.process = subprocess.Popen([program, *where, *keep, *options], stdout=subprocess.DEVNULL)
        until(self._is_there)

    def stop(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def pause(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def _is_there(self) -> bool:
        with closing(socket.socket()) as client:
            if client.connect_ex(("127.0.0.1", self.port)):
                return False
            client.sendall(b"PING\r\n")
            return client.recv(5) == b"+PONG"


@contextmanager
def redis_server(*options: str) -> Iterator[RedisServer]:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    with TemporaryDirectory(prefix="gateway-tests-") as folder:
        server = RedisServer(port, Path(folder))
        server.start(*options)
        try:
            yield server
        finally:
            server.stop()
