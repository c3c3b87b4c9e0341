"""The page and its files, as a browser gets them."""

from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from gateway.page import DOCUMENT, NOT_BUILT, VARIABLES, Page, Start
from tests.harness import Harness, running

ROOT = Path(__file__).parents[1]
BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>page</title>")
    (tmp_path / "assets" / "main-abc.js").write_text("1")
    return tmp_path


async def get(page: Page, path: str) -> httpx.Response:
    app = Starlette(routes=page.routes)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.test") as http:
        return await http.get(path)


async def test_a_browser_gets_the_page_and_a_strict_policy(gateway: Harness) -> None:
    """Nothing but our own files may load or be called; the page is never cached or framed."""
    response = await gateway.http.get("/graphql", headers=BROWSER)
    assert (response.status_code, response.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert response.headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert (response.headers["cache-control"], response.headers["referrer-policy"]) == ("no-store", "no-referrer")


async def test_a_client_that_sends_a_query_gets_an_answer_not_the_page(gateway: Harness) -> None:
    """A GET with a query is GraphQL, whatever it accepts."""
    response = await gateway.http.get("/graphql?query={__typename}", headers=BROWSER)
    assert response.status_code == 401


async def test_what_stands_in_the_editors_is_told_without_being_kept(built: Path) -> None:
    """The start has document, variables, the demo token and the schema, if there are such."""
    page = Page(Start("{ a }", {"b": 1}, "demo"), to_sdl=lambda: "type Query { a: Int }", static=built)
    response = await get(page, "/playground/start.json")
    assert response.json() == {
        "document": "{ a }",
        "variables": {"b": 1},
        "token": "demo",
        "schema": "type Query { a: Int }",
    }
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("introspection", "schema"),
    [
        pytest.param("true", (ROOT / "schema.graphql").read_text(encoding="utf-8"), id="shown"),
        pytest.param("false", None, id="hidden"),
    ],
)
async def test_the_page_knows_the_schema_before_anyone_has_a_token(introspection: str, schema: str | None) -> None:
    """It has the schema exactly if introspection is allowed, and no token of its own making."""
    async with running({"GATEWAY_INTROSPECTION": introspection}) as gateway:
        response = await gateway.http.get("/playground/start.json")
    assert response.json() == {"document": DOCUMENT, "variables": VARIABLES, "token": None, "schema": schema}


async def test_files_with_hashed_names_are_kept_for_good(built: Path) -> None:
    """Browsers fetch each file once."""
    response = await get(Page(Start(), to_sdl=None, static=built), "/playground/assets/main-abc.js")
    assert (response.status_code, response.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")


async def test_a_page_that_was_not_built_says_how(tmp_path: Path) -> None:
    """A clone without a build serves, and its page says what to type."""
    page = Page(Start(), to_sdl=None, static=tmp_path / "nothing")
    assert bytes(page.document().body).decode() == NOT_BUILT
    assert (await get(page, "/playground/assets/x.js")).status_code == 404
