"""A real browser, the system's own Chromium, on Django's live server. Without one these tests are skipped."""

import os
import shutil
from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize, sync_playwright

from tests.flows.marketplace import memory_marketplace, support

__all__ = ["memory_marketplace", "support"]

# Playwright's own event loop runs in this thread, which Django would take for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def find_chromium() -> str | None:
    """Return the path of a browser that is installed here."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((path for path in map(shutil.which, names) if path), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        pytest.skip("No Chromium on this machine.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def phone(request: pytest.FixtureRequest) -> bool:
    """Say whether the window is as narrow as a phone; tests choose by parametrizing it."""
    return bool(getattr(request, "param", False))


@pytest.fixture
def context(chromium: Browser, phone: bool) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport=PHONE if phone else DESKTOP, has_touch=phone)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page whose console must stay silent: the content security policy and every script hold."""
    page = context.new_page()
    problems: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # A form that is shown again with what is wrong answers 422, which the browser mentions.
        # What stands at no address is of axe, which may not write styles of its own into a page.
        if message.type in ("error", "warning") and "422" not in message.text and message.location["url"]:
            problems.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    assert problems == []


def sign_in(page: Page, user: User, base: str) -> None:
    """The browser has the session of `user`."""
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": base}])


def assert_good(page: Page) -> None:
    """Nothing overflows the window, and axe finds nothing; in dark only the colours are new, at one width."""
    width = (page.viewport_size or {"width": 0})["width"]
    _assert_accessible(page, "light", RULES)
    if width >= DESKTOP["width"]:
        _assert_accessible(page, "dark", {"type": "rule", "values": ["color-contrast"]})
    root = "document.documentElement"
    assert page.evaluate(f"{root}.scrollWidth - {root}.clientWidth") <= 0


def _assert_accessible(page: Page, scheme: Literal["light", "dark"], rules: object) -> None:
    page.emulate_media(color_scheme=scheme)
    found = Axe().run(page, options={"runOnly": rules, "resultTypes": ["violations"]})
    told = [(each["id"], [node["html"] for node in each["nodes"]]) for each in found.response["violations"]]
    assert told == [], f"{scheme}: {told}"
