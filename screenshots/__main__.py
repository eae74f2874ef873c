"""`make screenshots`: walk through the demo that `make run` serves; a picture of every page is in screenshots/output.

Each kind of page is visited once, wide and narrow, light and dark; accessibility faults and pages wider than their
window are printed, and make the run fail. The browser is the system's own Chromium.
"""

import argparse
import json
import re
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "screenshots" / "output"
POINTER = ROOT / ".local" / "stack.json"
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
WIDTHS = {"desktop": 1280, "phone": 390}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
#: Parts of an address that name one row among many.
ROW = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)\d+(?=/)|\?.*$|\.csv$")


@dataclass
class Walk:
    """What was seen so far."""

    base: str
    most: int
    kinds: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def wants(self, address: str) -> bool:
        """Say whether this is a page of the site, of a kind not seen yet; notes it if so."""
        if not address.startswith(self.base) or "/s/" not in address or len(self.kinds) >= self.most:
            return False
        kind = ROW.sub("*", urlsplit(address).path)
        if kind in self.kinds or kind.endswith(("*.csv", "*")):
            return False
        self.kinds[kind] = address
        return True


def main() -> int:
    arguments = _arguments()
    path = next(
        (found for found in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if found), None
    )
    if path is None:
        print("Chromium is not installed: on Debian, apt install chromium.")
        return 2
    shutil.rmtree(arguments.output, ignore_errors=True)
    arguments.output.mkdir(parents=True)
    walk = Walk(base=arguments.url.rstrip("/"), most=arguments.most)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        _find_pages(browser, walk, arguments.user, arguments.password)
        for name, width in WIDTHS.items():
            _take_pictures(browser, walk, arguments, name, width)
        browser.close()
    print(f"{len(walk.kinds)} kinds of pages, pictures in {arguments.output}")
    for fault in walk.faults:
        print(fault)
    return 1 if walk.faults else 0


def _find_pages(browser: Browser, walk: Walk, user: str, password: str) -> None:
    """Follow links from the start page until every kind of page is known."""
    page = browser.new_page()
    _sign_in(page, walk.base, user, password)
    waiting = [page.url]
    if not walk.wants(page.url):
        waiting = [link for link in _links(page) if walk.wants(link)]
    while waiting:
        page.goto(waiting.pop(0))
        waiting += [link for link in _links(page) if walk.wants(link)]
    page.close()


def _links(page: Page) -> list[str]:
    hrefs = page.eval_on_selector_all(
        "nav a[href], main a[href]", "links => links.map(link => link.getAttribute('href'))"
    )
    return [urljoin(page.url, href).split("#")[0] for href in hrefs]


def _take_pictures(browser: Browser, walk: Walk, arguments: argparse.Namespace, name: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(f"{walk.base}/sign-in/")
    _look(page, walk, arguments.output / f"sign-in-{name}", width)
    _sign_in(page, walk.base, arguments.user, arguments.password)
    for kind, address in sorted(walk.kinds.items()):
        answer = page.goto(address)
        if answer is None or answer.status != 200:
            walk.faults.append(f"{kind}: answered {answer.status if answer else 'nothing'}")
            continue
        _look(page, walk, arguments.output / f"{_file_name(kind)}-{name}", width)
    context.close()


def _look(page: Page, walk: Walk, target: Path, width: int) -> None:
    """Take the picture in both themes; note what is wrong with the page."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=f"{target}-{scheme}.png", full_page=True)
        if scheme == "dark" and width < max(WIDTHS.values()):
            continue  # what dark changes, colours, is the same at every width
        for found in Axe().run(page, options={"runOnly": RULES}).response["violations"]:
            where = found["nodes"][0]["html"][:160]
            walk.faults.append(f"{target.name} {scheme}: {found['id']} ({len(found['nodes'])}): {where}")
    beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if beyond > 0:
        walk.faults.append(f"{target.name}: {beyond} pixels wider than its window of {width}")


def _sign_in(page: Page, base: str, user: str, password: str) -> None:
    page.goto(f"{base}/sign-in/")
    page.fill('input[name="username"]', user)
    page.fill('input[name="password"]', password)
    page.click('form[method="post"] button[type="submit"]')
    page.wait_for_load_state()
    if "/sign-in/" in page.url:
        raise SystemExit(f"Signing in as {user} failed.")


def _file_name(kind: str) -> str:
    parts = [part for part in kind.split("/")[3:] if part]
    return "-".join(part.replace("*", "one") for part in parts) or "home"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make screenshots", description=__doc__)
    parser.add_argument("--url", default=_address_of_the_demo(), help="where the site is; else the running demo")
    parser.add_argument("--user", default="seller@example.com")
    parser.add_argument("--password", default="demo-seller")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--most", type=int, default=40, help="how many kinds of pages at most")
    arguments = parser.parse_args()
    if not arguments.url:
        parser.error("nothing runs here: start the demo with `make run` first, or give --url")
    return arguments


def _address_of_the_demo() -> str:
    if not POINTER.is_file():
        return ""
    return str(json.loads(POINTER.read_text()).get("web", ""))


if __name__ == "__main__":
    sys.exit(main())
