"""Chromium on the built pages, served by the real web server. A page with an error on its console fails its test."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright, expect

from app.web.http.pages import UI_DIRECTORY
from tests.browser.hall import PASSWORDS, Hall, open_hall

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP *.lan 127.0.0.1",
)
EXPECTED_NOISE = (
    "Failed to load resource",
    "WebSocket connection to",
    "net::ERR_",
    "The Cross-Origin-Opener-Policy header has been ignored",
)
"""Chromium's own lines about refused and failed requests, of which what the page makes is what is tested, and about a
header that counts on https only."""

PATIENCE_MS = 15_000
"""For pages and locators on a busy machine; what must be fast says so itself."""

expect.set_options(timeout=PATIENCE_MS)

OpenPage = Callable[..., Awaitable[Page]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture
def site_changes() -> dict[str, object]:
    """What a test module wants otherwise in the site of its hall."""
    return {}


@pytest_asyncio.fixture(loop_scope="session")
async def hall(tmp_path: Path, site_changes: dict[str, object]) -> AsyncIterator[Hall]:
    if not (UI_DIRECTORY / "index.html").is_file():
        pytest.fail("the front end is not built: run `make setup`")
    async with open_hall(tmp_path / "data", site_changes) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One for all tests; each page has a context, and with it cookies and storage, of its own."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield chromium
        await chromium.close()


@pytest.fixture
def expected_errors() -> list[str]:
    """What a test that provokes errors says here must be on a page's console, and nothing else may be there."""
    return []


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(hall: Hall, browser: Browser, expected_errors: list[str]) -> AsyncIterator[OpenPage]:
    """`await open_page("8001", "/")`: a browser of its own, logged in (None: not), at this address."""
    errors: list[str] = []
    contexts: list[BrowserContext] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(EXPECTED_NOISE):
            errors.append(message.text)

    async def open_page(person: str | None = "8001", path: str = "/", **options: object) -> Page:
        context = await browser.new_context(viewport={"width": 1440, "height": 900}, **options)  # type: ignore[arg-type]
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        page = await context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: errors.append(str(error)))
        if person is not None:
            login = await context.request.post(
                f"{hall.url}/api/login",
                data={"name": person, "password": PASSWORDS[person]},
                headers={"Origin": hall.url},
            )
            assert login.ok, await login.text()
        await page.goto(f"{hall.url}{path}")
        return page

    yield open_page
    for context in contexts:
        await context.close()
    assert [one for one in errors if not any(words in one for words in expected_errors)] == []
    assert [words for words in expected_errors if not any(words in one for one in errors)] == []
