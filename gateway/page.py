"""GraphiQL, served from the gateway's own files under a policy that lets nothing else in.

The files are built from `playground/` into `gateway/static/`. https://www.w3.org/TR/CSP3/
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

STATIC: Final = Path(__file__).with_name("static")

HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; "
        "font-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"  # monaco writes styles into the page, hence unsafe-inline for them alone
    ),
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "vary": "Accept, Accept-Encoding, Authorization, Origin",
    "x-content-type-options": "nosniff",
}

NOT_BUILT: Final = """<!doctype html>
<html lang="en"><title>managedTenants gateway</title>
<p>The gateway runs, but its page has not been built. In the project's folder: <code>make playground</code></p>
"""

DOCUMENT: Final = """\
mutation CreateCloudPcConnection($input: CreateCloudPcConnectionInput!) {
  createCloudPcConnection(input: $input) {
    id
    displayName
    tenantId
    tenantDisplayName
    healthCheckStatus
    lastRefreshedDateTime
  }
}
"""

VARIABLES: Final[Mapping[str, Any]] = {
    "input": {
        "displayName": "Contoso West Europe",
        "tenantId": "38227791-9a88-4fd7-a73d-60eb13b0e9d1",
        "tenantDisplayName": "Contoso",
        "healthCheckStatus": "pending",
        "lastRefreshedDateTime": "2026-11-24T09:00:00Z",
    }
}


@dataclass(frozen=True, slots=True)
class Start:
    """What stands in the editors at first. `token`: only one of the emulator's own."""

    document: str = DOCUMENT
    variables: Mapping[str, Any] = field(default_factory=lambda: VARIABLES)
    token: str | None = field(default=None, repr=False)


class HashedFiles(StaticFiles):
    """Files whose names change with their content, so that browsers may keep them for good."""

    def file_response(self, *arguments: Any, **options: Any) -> Response:
        response = super().file_response(*arguments, **options)
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
        response.headers["x-content-type-options"] = "nosniff"
        return response

    async def check_config(self) -> None:
        """A clone without a build has no such folder; each file is then a 404."""


class Page:
    """The HTML for whoever answers at `/graphql`, and `routes` for all that it loads.

    `to_sdl` prints the schema, which the page explains and completes before anyone has a token; None hides it. It
    takes a while, so it is not done before somebody looks.
    """

    def __init__(self, start: Start, *, to_sdl: Callable[[], str] | None, static: Path = STATIC) -> None:
        self._editors = {"document": start.document, "variables": start.variables, "token": start.token}
        self._to_sdl = to_sdl
        index = static / "index.html"
        self._html = index.read_text(encoding="utf-8") if index.is_file() else NOT_BUILT
        self.routes: list[BaseRoute] = [
            Route("/playground/start.json", self._tell_start),
            Mount("/playground", HashedFiles(directory=static, check_dir=False)),
        ]

    def document(self) -> Response:
        return HTMLResponse(self._html, headers=HEADERS)

    async def _tell_start(self, _: Request) -> Response:
        sdl = await run_in_threadpool(self._to_sdl) if self._to_sdl else None
        return JSONResponse({**self._editors, "schema": sdl}, headers=HEADERS)
