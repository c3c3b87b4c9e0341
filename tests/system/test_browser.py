"""The page in a real browser: Debian's Chromium, driven by Playwright."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

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


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with gateway_run() as running:
        yield running


@pytest.fixture
def said() -> list[str]:
    """Errors of the console, refusals of the policy, and requests that leave our origin."""
    return []


@pytest.fixture
def page(running: Running, said: list[str]) -> Iterator[Page]:
    origin = running.url.removesuffix("/graphql")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on(
            "request",
            lambda request: None if request.url.startswith((origin, "data:", "blob:")) else said.append(request.url),
        )
        page.goto(running.url)
        expect(page.locator(".graphiql-container")).to_be_visible(timeout=30_000)
        yield page
        browser.close()


def test_pressing_play_shows_the_typed_object(page: Page, said: list[str]) -> None:
    """The mutation, its variables and a working token are in place; nothing is refused and nothing leaves."""
    page.get_by_role("button", name="Execute query").click()
    result = page.locator(".graphiql-response")
    expect(result).to_contain_text("createCloudPcConnection", timeout=30_000)
    expect(result).to_contain_text("Contoso West Europe")
    expect(result).not_to_contain_text("errors")
    assert said == []


def test_the_docs_show_the_descriptions(page: Page, said: list[str]) -> None:
    """The schema is fetched with the token in place."""
    page.get_by_role("button", name="Show Documentation Explorer").click()
    docs = page.locator(".graphiql-doc-explorer")
    docs.get_by_text("Mutation", exact=True).click()
    expect(docs).to_contain_text("Writes to Microsoft Graph, strictly one after another.", timeout=30_000)
    assert said == []


def test_the_token_is_not_kept_in_the_browser(page: Page, running: Running) -> None:
    """Headers are forgotten with the page."""
    page.get_by_role("button", name="Execute query").click()
    expect(page.locator(".graphiql-response")).to_contain_text("createCloudPcConnection", timeout=30_000)
    kept = json.dumps(page.evaluate("() => ({ ...localStorage, ...sessionStorage })"))
    assert running.token not in kept
