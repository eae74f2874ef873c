"""A page, and a form sent until it is answered, whatever dies meanwhile: as a person would, with the same form."""

import time
from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import urljoin

import httpx

from smoke.browser import Browser, Form, Page, PageError, Value
from smoke.seller import Seller

#: Answered while something is down; what came of it is not known.
BROKEN = (500, 502, 503, 504)
PATIENCE_SECONDS = 120.0

T = TypeVar("T")


class Visitor:
    """A signed-in person who does not give up; signs in again should that be asked."""

    def __init__(self, site: str, slug: str, *, name: str, password: str) -> None:
        self.browser = Browser(site)
        self.seller = Seller(self.browser, slug)
        self.slug = slug
        self._name, self._password = name, password
        #: Answers that were errors, and connections that broke.
        self.troubles = 0
        self._persist(lambda: self.seller.sign_in(name, password))

    def open(self, path: str) -> Page:
        """Return the page. Raises PageError if it is not there."""
        page = self._persist(lambda: self.browser.open(path))
        if page.find_form(with_field="password") is None:
            return page
        self._persist(lambda: self.seller.sign_in(self._name, self._password))
        return self._persist(lambda: self.browser.open(path))

    def send(
        self, page: Page, form: Form, values: Mapping[str, Value | None], *, button: tuple[str, str] | None = None
    ) -> Page:
        """Send the form, and the very same form again while no answer comes. Returns the page that follows."""
        sent: dict[str, list[str]] = {name: list(value) for name, value in form.values.items()}
        for name, value in values.items():
            if value is None:
                sent.pop(name, None)
            else:
                sent[name] = value if isinstance(value, list) else [value]
        if button:
            sent[button[0]] = [button[1]]
        address = urljoin(page.url, form.action)
        return self._persist(lambda: self.browser.post(address, sent, referer=page.url, expect=(200, 422)))

    def close(self) -> None:
        self.browser.close()

    def _persist(self, call: Callable[[], T]) -> T:
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return call()
            except httpx.TransportError:
                if time.monotonic() > until:
                    raise
            except PageError as error:
                if error.status not in BROKEN or time.monotonic() > until:
                    raise
            self.troubles += 1
            time.sleep(0.3)
