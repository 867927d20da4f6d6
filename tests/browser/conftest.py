"""The site with a chat made to order behind it, in a real browser."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from booking.clinic import read_clinic
from faq.articles import read_articles
from web.site import STATIC, not_found_page, site_router, site_templates

from .fake_chat import FakeChat, add_fake_chat, serving

ROOT = Path(__file__).parents[2]
CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = (1440, 900)
PHONE = (390, 844)

OpenPage = Callable[..., Page]


# Not for the session: Playwright's event loop must be gone before other tests run theirs.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Where the system has no Chromium, Playwright's own does.
        path = CHROMIUM if Path(CHROMIUM).exists() else None
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS)
        yield browser
        browser.close()


@pytest.fixture
def chat() -> FakeChat:
    return FakeChat()


@pytest.fixture
def site(chat: FakeChat) -> Iterator[str]:
    """The origin of the clinic's site, its chat answered by `chat`."""
    with serving(clinic_site(chat)) as origin:
        yield origin


def clinic_site(chat: FakeChat) -> FastAPI:
    app = FastAPI()
    templates = site_templates()
    clinic = read_clinic(ROOT / "clinic.yml")
    add_fake_chat(app, chat)
    app.include_router(site_router(templates, read_articles(ROOT / "data" / "articles"), clinic))
    app.mount("/static", StaticFiles(directory=STATIC))

    async def on_not_found(request: Request, _: Exception) -> Response:
        return not_found_page(request, templates, clinic)

    app.add_exception_handler(404, on_not_found)
    return app


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens an address at a size; at the end, no page may have had an error of its own."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_at(url: str, size: tuple[int, int] = DESKTOP, *, script: bool = True) -> Page:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            reduced_motion="reduce",
            java_script_enabled=script,
        )
        context.set_default_timeout(8_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: errors.append(line.text) if _breach(line.text) else None)
        page.goto(url)
        return page

    yield open_at

    for context in contexts:
        context.close()
    assert errors == []


def _breach(line: str) -> bool:
    return "Content Security Policy" in line or "Content-Security-Policy" in line
