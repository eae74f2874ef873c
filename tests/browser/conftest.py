"""A real browser, the system's own Chromium, on Django's live server. Without one these tests are skipped."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Response,
    ViewportSize,
    expect,
    sync_playwright,
)

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
#: A page may take so long on a machine that is busy with other tests; waiting ends as soon as it is there.
PATIENCE_MILLISECONDS = 20_000
AXE = Axe()
#: [[rule, [HTML, ..]], ..]
VIOLATIONS = """options => axe.run(document, options).then(
    found => found.violations.map(each => [each.id, each.nodes.map(node => node.html)])
)"""
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
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
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


@contextmanager
def silent_page(context: BrowserContext) -> Iterator[Page]:
    """A page whose console must stay silent: the content security policy and every script hold."""
    page = context.new_page()
    problems: list[tuple[str, str]] = []
    refusals: set[str] = set()

    def note(message: ConsoleMessage) -> None:
        # What stands at no address is of axe, which may not write styles of its own into a page.
        # A request that is replaced, or under way when its page is left, comes to nothing, and htmx says so; of one
        # that is refused it says htmx:responseError.
        is_left_behind = message.text.startswith(("htmx:sendError", "htmx:sendAbort", "htmx:afterRequest"))
        if message.type in ("error", "warning") and message.location["url"] and not is_left_behind:
            problems.append((message.location["url"], message.text))

    def note_refusal(response: Response) -> None:
        # A whole page that refuses (a form that is shown again: 422) is what the test sees; the browser mentions it.
        if response.request.is_navigation_request() and response.status >= 400:
            refusals.add(response.url)

    page.on("console", note)
    page.on("response", note_refusal)
    page.on("pageerror", lambda error: problems.append(("", str(error))))
    yield page
    assert [told for told in problems if told[0] not in refusals] == []


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    with silent_page(context) as page:
        yield page


@pytest.fixture
def elsewhere(chromium: Browser, page: Page) -> Iterator[Page]:
    """A page of somebody else's browser, of the same size, in which nobody is signed in."""
    theirs = chromium.new_context(viewport=page.viewport_size)
    with silent_page(theirs) as page_of_theirs:
        yield page_of_theirs
    theirs.close()


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
    # What has been scrolled half under the bar at the top would count as too small to be hit.
    page.evaluate("window.scrollTo({top: 0, behavior: 'instant'})")
    # Brought into each document once, and only what is wrong comes back: the rest is long.
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.axe_script)
    told = page.evaluate(VIOLATIONS, {"runOnly": rules, "resultTypes": ["violations"]})
    assert told == [], f"{scheme}: {told}"
