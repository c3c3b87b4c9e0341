"""The stand-in of Microsoft Graph: nginx with fixed answers from files, over kept-alive connections.

It looks at method, path and `$top`, never at a body; only `$batch` calls for reads and for writes are told apart, by
their length.
"""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

from benchmarks.answers import Row, connection, entity, page, tenants
from benchmarks.certificate import write_certificates
from benchmarks.jobs import BATCH, CONNECTIONS, DEVICES, JOBS, JOINED, LISTED, MANY, REPLAYED, TENANTS
from benchmarks.server import free_port, stop, wait_until_open

CALM_SECONDS: Final = 0.1

DIAGNOSTIC: Final = json.dumps(
    {"ServerInfo": {"DataCenter": "West Europe", "Slice": "E", "Ring": "5", "ScaleUnit": "003", "RoleInstance": "AM1"}}
)
CONFIGURATION: Final = r"""
daemon off;
master_process off;
pid nginx.pid;
error_log stderr error;
events { worker_connections 4096; }
http {
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy;
    fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    client_body_buffer_size 64k; large_client_header_buffers 4 32k;
    keepalive_requests 1000000000; keepalive_timeout 1h; sendfile on; tcp_nodelay on;
    open_file_cache max=1000 inactive=1h;
    etag off;
    types { }
    default_type "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";
    map $args $connections {
        default /connections.json;
        "~top=%(joined)d(&|$)" /joined.json;
        "~top=%(replayed)d(&|$)" /replayed.json;
    }
    # Up to 6,999 bytes are 20 reads: the gateway's are about 6,000, 20 creates 8,000 to 10,000.
    map $content_length $batch { default /creates.json; "~^[0-9]{1,3}$" /gets.json; "~^[1-6][0-9]{3}$" /gets.json; }
    server {
        listen 127.0.0.1:%(port)d%(tls)s;
        root files;
        add_header request-id $request_id always;
        add_header client-request-id $http_client_request_id always;
        add_header x-ms-ags-diagnostic '%(diagnostic)s' always;
        add_header OData-Version 4.0 always;
        add_header Cache-Control no-store always;
        add_header Strict-Transport-Security max-age=31536000 always;
        location = %(connections)s { try_files $connections =404; error_page 405 =201 /created.json; }
        location = %(devices)s { try_files /devices.json =404; }
        location = %(tenants)s { try_files /tenants.json =404; }
        location %(connections)s/ { }
        location %(tenants)s/ { }
        location = %(batch)s { try_files $batch =404; error_page 405 =200 $batch; }
    }
    server {
        listen 127.0.0.1:%(status_port)d;
        location = /status { stub_status; }
    }
}
"""


class UpstreamError(Exception):
    """nginx does not start."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """`ca_file`: what to trust, if it speaks TLS."""

    url: str
    ca_file: Path | None
    pid: int
    status_port: int

    def calls(self) -> int:
        """How many calls it has answered. Asking is no call."""
        connection = HTTPConnection("127.0.0.1", self.status_port, timeout=10)
        connection.request("GET", "/status")
        text = connection.getresponse().read().decode()
        connection.close()
        return to_calls(text)

    def calm(self) -> int:
        """The same, once nobody calls any more: what was asked for under load may be under way when the load ends."""
        before = self.calls()
        while True:
            time.sleep(CALM_SECONDS)
            after = self.calls()
            if after == before + 1:
                return after
            before = after


def to_calls(status: str) -> int:
    """Requests less connections that were not for Graph: https://nginx.org/en/docs/http/ngx_http_stub_status_module.html."""
    match = re.search(r"^ (\d+) (\d+) (\d+)", status, re.MULTILINE)
    assert match is not None, status
    return int(match[3])


@contextmanager
def running(directory: Path, *, tls: bool) -> Iterator[Upstream]:
    """Starts nginx in the directory, on the caller's core, and stops it."""
    port, status_port = free_port(), free_port()
    write_files(directory / "files")
    ca_file = directory / "authority.pem"
    if tls:
        write_certificates(directory / "key.pem", directory / "certificate.pem", ca_file)
    (directory / "nginx.conf").write_text(to_configuration(port, status_port, tls=tls))
    process = subprocess.Popen(["nginx", "-e", "stderr", "-p", directory, "-c", "nginx.conf"])
    try:
        if not wait_until_open(process, port):
            raise UpstreamError("nginx does not start; it said why above.")
        url = f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
        yield Upstream(url, ca_file if tls else None, process.pid, status_port)
    finally:
        stop(process)


def to_configuration(port: int, status_port: int, *, tls: bool) -> str:
    return CONFIGURATION % {
        "port": port,
        "status_port": status_port,
        "tls": " ssl; ssl_certificate certificate.pem; ssl_certificate_key key.pem" if tls else "",
        "joined": JOINED,
        "replayed": REPLAYED,
        "connections": CONNECTIONS,
        "devices": DEVICES,
        "tenants": TENANTS,
        "batch": BATCH,
        "diagnostic": DIAGNOSTIC,
    }


def write_files(root: Path) -> None:
    """The answers as files; an entity is where its URL is."""
    answers: dict[str, Row] = {
        "connections.json": page("cloudPcConnections", [connection(number) for number in range(LISTED)]),
        "joined.json": page("cloudPcConnections", [connection(number) for number in range(JOINED)]),
        "tenants.json": page("tenants", tenants()),
    }
    names = {
        "created.json": "create",
        "replayed.json": "replay",
        "devices.json": "wide",
        "gets.json": "gets",
        "creates.json": "creates",
    }
    for name, job in names.items():
        call = JOBS[job].call
        assert call is not None
        answers[name] = call.answer
    for each in map(connection, range(MANY)):
        answers[f"{CONNECTIONS[1:]}/{each['id']}"] = entity("cloudPcConnections", each)
    for each in tenants():
        answers[f"{TENANTS[1:]}/{each['id']}"] = entity("tenants", each)
    for name, answer in answers.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(json.dumps(answer, separators=(",", ":")))
