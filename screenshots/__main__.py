"""`make screenshots`: a picture of every page, wide and narrow, light and dark, into screenshots/output.

Without --url the product is started beside whatever else runs, with the demo and some weeks of work played on it
(`story`). Accessibility faults, errors in the console, and pages wider than their window are printed, and make the run
fail. The browser is the system's own Chromium.
"""

import argparse
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from screenshots import story, two_steps
from screenshots.story import Story
from screenshots.walk import Album, Person
from smoke.stack import Stack

OUTPUT = Path(__file__).parent / "output"
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
STRANGERS = {"sign-in": "/sign-in/", "password-forgotten": "/password/forgotten/", "not-found": "/nothing-here/"}


def main() -> int:
    arguments = _arguments()
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        print("Chromium is not installed: on Debian, apt install chromium.")
        return 2
    if arguments.url:
        return _take(arguments, chromium, arguments.url.rstrip("/"), None)
    stack = Stack.fresh("screenshots")
    try:
        played = Story(stack)
        played.play()
        return _take(arguments, chromium, stack.web, played)
    finally:
        stack.stop() if arguments.keep else stack.remove()


def _take(arguments: argparse.Namespace, chromium: str, base: str, played: Story | None) -> int:
    shutil.rmtree(arguments.output, ignore_errors=True)
    arguments.output.mkdir(parents=True)
    album = Album(base=base, folder=arguments.output)
    people = [
        Person(
            name="seller",
            user=arguments.user,
            password=arguments.password,
            under=f"/s/{story.SLUG}/",
            more={**(played.places if played else {}), "password": "/password/"},
            deeds=played.deeds if played else {},
        ),
        Person(name="viewer", user="viewer@example.com", password=arguments.password),
        Person(name="newcomer", user=story.NEWCOMER, password=story.PASSWORD),
        Person(name="support", user=story.SUPPORT, password=story.SUPPORT_PASSWORD, under="/support/"),
        *(played.people if played else []),
    ]
    asked = {f"{person.name}-sign-in": two_steps.asked(person) for person in people if person.codes}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        album.take_of_strangers(browser, STRANGERS, asked)
        for person in people:
            if not arguments.only or person.name in arguments.only.split(","):
                album.take(browser, person, most=arguments.most)
        browser.close()
    print(f"{album.pictures} pictures in {arguments.output}, {len(album.faults)} faults")
    for fault in album.faults:
        print(fault)
    return 1 if album.faults else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make screenshots", description=__doc__)
    parser.add_argument("--url", default="", help="a site that runs and holds the demo; else one is started")
    parser.add_argument("--user", default=story.OWNER)
    parser.add_argument("--password", default=story.PASSWORD)
    parser.add_argument("--only", default="", help="of seller, viewer, newcomer, support, two-steps: those named")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--most", type=int, default=60, help="how many kinds of pages of one person at most")
    parser.add_argument("--keep", action="store_true", help="keep the data of the product that was started")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
