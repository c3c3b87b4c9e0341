"""The page in a real browser: Debian's Chromium, driven by Playwright."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.system.process import Running, gateway_run

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

PATIENCE_MS = 60_000
"""On a machine that is busy with other tests, too."""

SLOWER = 6

PRESS_AT_ONCE = """
const press = () => {
  const button = document.querySelector(".graphiql-execute-button");
  const { x, y, width, height } = button?.getBoundingClientRect() ?? {};
  const hit = button && document.elementFromPoint(x + width / 2, y + height / 2);
  hit && button.contains(hit) ? button.click() : setTimeout(press);
};
press();
"""
"""Clicks play in the first moment in which a mouse could."""

UNAUTHORIZED = "Failed to load resource: the server responded with a status of 401 (Unauthorized)"


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with gateway_run() as running:
        yield running


@pytest.fixture(scope="module")
def operators_url() -> Iterator[str]:
    """A gateway as an operator serves it: nobody put a token in place."""
    with gateway_serve({"GATEWAY_GRAPH_VERSION": "beta"}) as url:
        yield url


@contextmanager
def gateway_serve(settings: dict[str, str]) -> Iterator[str]:
    """The endpoint's URL; the process must end with exit code 0 when it is interrupted."""
    command = [sys.executable, "-m", "gateway", "serve", "--port", "0"]
    process = subprocess.Popen(command, env=os.environ | settings, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    found = None
    while not found:
        line = process.stderr.readline()
        assert line, "it ended before it was ready"
        found = re.search(r'"listening","url":"([^"]+)"', line)
    try:
        yield found[1]
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 0


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def said() -> list[str]:
    """Errors of the console, refusals of the policy, and requests that leave our origin."""
    return []


@pytest.fixture
def sent() -> list[str]:
    """The bodies of the requests to the endpoint."""
    return []


@pytest.fixture
def page(browser: Browser, said: list[str], sent: list[str]) -> Page:
    """An empty page of a new visitor."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(PATIENCE_MS)
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))

    def note(url: str, method: str, body: str | None) -> None:
        if not url.startswith((page.url.removesuffix("/graphql"), "data:", "blob:")) and page.url != "about:blank":
            said.append(url)
        if method == "POST":
            sent.append(body or "")

    page.on("request", lambda request: note(request.url, request.method, request.post_data))
    return page


def press_play(page: Page) -> Locator:
    """The pane in which the answer appears."""
    page.get_by_role("button", name="Execute query").click()
    return page.locator(".graphiql-response")


def open_docs(page: Page) -> Locator:
    page.get_by_role("button", name="Show Documentation Explorer").click()
    return page.locator(".graphiql-doc-explorer")


def expect_created(result: Locator) -> None:
    expect(result).to_contain_text("createCloudPcConnection")
    expect(result).to_contain_text("Contoso West Europe")
    expect(result).not_to_contain_text("errors")


def test_pressing_play_shows_the_typed_object(page: Page, running: Running, said: list[str]) -> None:
    """The mutation, its variables and a working token are in place; nothing is refused and nothing leaves."""
    page.goto(running.url)
    expect_created(press_play(page))
    assert said == []


@pytest.mark.parametrize("slower", [1, SLOWER], ids=["this machine", "a slow one"])
def test_play_works_as_soon_as_it_can_be_pressed(page: Page, running: Running, slower: int, sent: list[str]) -> None:
    """A click in the very first moment is not lost, and brings variables and token."""
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slower})
    page.add_init_script(PRESS_AT_ONCE)
    page.goto(running.url, wait_until="commit")
    expect_created(page.locator(".graphiql-response"))
    assert [json.loads(each)["operationName"] for each in sent] == ["CreateCloudPcConnection"]


def test_every_tab_has_the_token(page: Page, running: Running) -> None:
    """Tabs that are opened later, and those of an earlier visit, start with it too."""
    page.goto(running.url)
    page.get_by_role("button", name="New tab").click()
    page.get_by_role("button", name="Headers", exact=True).click()
    headers = page.get_by_role("region", name="Headers")
    expect(headers).to_contain_text("Bearer eyJ")
    page.wait_for_function("() => JSON.parse(localStorage['graphiql:tabState'] ?? '{}').tabs?.length === 2")
    page.reload()
    page.get_by_role("button", name="<untitled>").click()
    page.get_by_role("button", name="Headers", exact=True).click()
    expect(headers).to_contain_text("Bearer eyJ")


def test_the_token_is_not_kept_in_the_browser(page: Page, running: Running) -> None:
    """Headers are forgotten with the page."""
    page.goto(running.url)
    expect_created(press_play(page))
    page.wait_for_function("() => localStorage['graphiql:tabState'] !== undefined")
    kept = json.dumps(page.evaluate("() => ({ ...localStorage, ...sessionStorage })"))
    assert "createCloudPcConnection" in kept
    assert running.token not in kept
    assert running.token.rpartition(".")[2] not in kept


def test_the_docs_need_no_token(page: Page, operators_url: str, said: list[str], sent: list[str]) -> None:
    """The page has the schema and its descriptions at once, and asks nobody for them."""
    page.goto(operators_url)
    docs = open_docs(page)
    docs.get_by_role("link", name="Mutation", exact=True).click()
    expect(docs).to_contain_text("Writes to Microsoft Graph, strictly one after another.")
    docs.get_by_role("link", name="createCloudPcConnection", exact=True).click()
    docs.get_by_role("link", name="CreateCloudPcConnectionInput", exact=True).click()
    expect(docs).to_contain_text("Name of the connection, as people see it.")
    assert (said, sent) == ([], [])


def test_the_editor_completes_before_a_token_is_there(page: Page, operators_url: str, said: list[str]) -> None:
    """It offers what the schema has, with its description."""
    page.goto(operators_url)
    page.locator(".graphiql-query-editor .view-lines").click()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("{ cloudPcConn")
    page.keyboard.press("Control+Space")
    expect(page.locator(".suggest-widget")).to_contain_text("cloudPcConnections")
    assert said == []


def test_without_a_token_the_page_says_what_to_do(page: Page, operators_url: str, said: list[str]) -> None:
    """The headers editor tells where a token comes from; play answers with the gateway's own error and hint."""
    page.goto(operators_url)
    expect(page.get_by_role("region", name="Headers")).to_contain_text("`gateway token` prints")
    result = press_play(page)
    expect(result).to_contain_text("UNAUTHENTICATED")
    expect(result).to_contain_text('"hint": ')
    assert said == [UNAUTHORIZED]


def test_a_hidden_schema_is_not_asked_for(page: Page, said: list[str], sent: list[str]) -> None:
    """Without introspection the page works, has no docs, and sends nothing by itself."""
    with gateway_serve({"GATEWAY_INTROSPECTION": "false"}) as url:
        page.goto(url)
        expect(open_docs(page)).to_contain_text("No GraphQL schema available")
        assert (said, sent) == ([], [])
        expect(press_play(page)).to_contain_text("UNAUTHENTICATED")
