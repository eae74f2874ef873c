"""A look at every kind of page that a person finds by following links, wide and narrow, light and dark."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page

WIDTHS = {"desktop": 1280, "phone": 390}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
#: Parts of an address that name one row among many.
_ROW = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)\d+(?=/)")
#: Not pages: files, and what signs a person out.
_NOT_PAGES = re.compile(r"\.csv$|/sign-out/|/logout/|/jsi18n/")
_LINKS = "a[href]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What only a form shows: the page it stands on, what is filled in (names of its fields), the button."""

    path: str
    press: str
    fill: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who looks, from where, and at what beyond what links lead to: name -> path."""

    name: str
    user: str
    password: str
    #: Only addresses under this path are looked at.
    under: str = "/s/"
    #: Backup codes, one for each time that a code is asked for.
    codes: list[str] = field(default_factory=list)
    more: Mapping[str, str] = field(default_factory=dict)
    deeds: Mapping[str, Deed] = field(default_factory=dict)


@dataclass
class Album:
    """The pictures, and what was wrong with the pages."""

    base: str
    folder: Path
    pictures: int = 0
    faults: list[str] = field(default_factory=list)

    def take(self, browser: Browser, person: Person, *, most: int) -> None:
        """Find the pages that this person can reach, and take all their pictures."""
        places = self._find(browser, person, most)
        for width, pixels in WIDTHS.items():
            context = browser.new_context(viewport={"width": pixels, "height": 900})
            page = context.new_page()
            self._listen(page)
            self._sign_in(page, person)
            for name, path in sorted(places.items()):
                answer = page.goto(self.base + path)
                if answer is None or answer.status != 200:
                    self.faults.append(f"{name}: {path} answered {answer.status if answer else 'nothing'}")
                    continue
                self.look(page, f"{person.name}-{name}", width)
                self._open_dialogs(page, f"{person.name}-{name}", width)
            for name, deed in person.deeds.items():
                self._do(page, deed)
                is_dialog = page.locator("dialog[open]").count() > 0
                self.look(page, f"{person.name}-{name}", width, whole=not is_dialog)
            context.close()

    def _do(self, page: Page, deed: Deed) -> None:
        """Nothing is confirmed: what comes is a question, or what would change."""
        page.goto(self.base + deed.path)
        for name, value in deed.fill.items():
            field = page.locator(f'[name="{name}"]').first
            kind = field.evaluate("field => field.type")
            if kind == "checkbox":
                field.check()
            elif kind.startswith("select"):
                field.select_option(value=value) if _offers(field, value) else field.select_option(label=value)
            else:
                field.fill(value)
        page.get_by_role("button", name=deed.press, exact=True).first.click()
        page.wait_for_load_state("networkidle")

    def take_of_strangers(self, browser: Browser, paths: Mapping[str, str], deeds: Mapping[str, Deed]) -> None:
        """Take the pictures of pages that need no signing in."""
        for width, pixels in WIDTHS.items():
            page = browser.new_page(viewport={"width": pixels, "height": 900})
            for name, path in paths.items():
                page.goto(self.base + path)
                self.look(page, name, width)
            for name, deed in deeds.items():
                self._do(page, deed)
                self.look(page, name, width)
            page.close()

    def look(self, page: Page, name: str, width: str, *, whole: bool = True) -> None:
        """Take the picture in both themes, of the whole page or of what the window shows; note what is wrong."""
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=self.folder / f"{name}-{width}-{scheme}.png", full_page=whole)
            self.pictures += 1
            if scheme == "dark" and width != "desktop":
                continue  # what dark changes, colours, is the same at every width
            for found in Axe().run(page, options={"runOnly": RULES}).response["violations"]:
                where = found["nodes"][0]["html"][:160]
                self.faults.append(f"{name} {width} {scheme}: {found['id']} ({len(found['nodes'])}): {where}")
        beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if beyond > 0:
            self.faults.append(f"{name} {width}: {beyond} pixels wider than its window")

    def _open_dialogs(self, page: Page, name: str, width: str) -> None:
        """Each dialog that a button of the page opens, as it lies over the page."""
        for number in range(page.locator("[data-open-dialog]:visible").count()):
            button = page.locator("[data-open-dialog]:visible").nth(number)
            dialog = button.get_attribute("data-open-dialog") or str(number)
            if not button.is_enabled():
                continue
            button.click()
            if page.locator("dialog[open]").count():
                self.look(page, f"{name}-dialog-{dialog}", width, whole=False)
                page.keyboard.press("Escape")

    def _find(self, browser: Browser, person: Person, most: int) -> dict[str, str]:
        """Follow links from where the person lands until every kind of page is known."""
        page = browser.new_page()
        self._sign_in(page, person)
        places: dict[str, str] = dict(person.more)
        known: set[str] = set()
        waiting = self._new([page.url, *_links(page)], person, known, places, most)
        while waiting:
            page.goto(self.base + waiting.pop(0))
            waiting += self._new(_links(page), person, known, places, most)
        page.close()
        return places

    def _new(
        self, addresses: Iterable[str], person: Person, known: set[str], places: dict[str, str], most: int
    ) -> list[str]:
        """Return the paths among these that show a kind of page not known yet, and note them."""
        found = []
        for address in addresses:
            parts = urlsplit(address)
            kind = _ROW.sub("*", parts.path) + _view_of(parts.query)
            if not address.startswith(self.base + person.under) or _NOT_PAGES.search(parts.path):
                continue
            if kind in known or len(known) >= most:
                continue
            known.add(kind)
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            places[_file_name(kind)] = path
            found.append(path)
        return found

    def _listen(self, page: Page) -> None:
        def note(message: ConsoleMessage) -> None:
            # Without an address: of axe, which may write no styles. 422: a form shown again, which is looked at.
            if message.type == "error" and message.location["url"] and "status of 422" not in message.text:
                self.faults.append(f"{page.url}: the console says {message.text}")

        page.on("console", note)
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))

    def _sign_in(self, page: Page, person: Person) -> None:
        page.goto(f"{self.base}/sign-in/")
        page.fill('input[name="username"]', person.user)
        page.fill('input[name="password"]', person.password)
        page.click('form[method="post"] button[type="submit"]')
        page.wait_for_load_state()
        if "/sign-in/code/" in page.url and person.codes:
            page.fill('input[name="code"]', person.codes.pop())
            page.click('form[method="post"] button[type="submit"]')
            page.wait_for_load_state()
        if "/sign-in/" in page.url:
            raise SystemExit(f"Signing in as {person.user} failed.")
        if not urlsplit(page.url).path.startswith(person.under):
            page.goto(self.base + person.under)


def _offers(field: Locator, value: str) -> bool:
    return field.locator(f'option[value="{value}"]').count() > 0


def _links(page: Page) -> list[str]:
    hrefs = page.eval_on_selector_all(_LINKS, "links => links.map(link => link.getAttribute('href'))")
    return [urljoin(page.url, href).split("#")[0] for href in hrefs if href]


def _view_of(query: str) -> str:
    """Return what of a query makes another page of it: its tab."""
    return "".join(f"?{part}" for part in query.split("&") if part.startswith("tab=") and part != "tab=")


def _file_name(kind: str) -> str:
    parts = [part for part in re.split(r"[/?=]", kind) if part not in ("", "s", "tab")]
    return "-".join("one" if part == "*" else part for part in parts[1:]) or "start"
