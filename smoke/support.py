"""What support does in the admin, as a browser would."""

from smoke.browser import Browser, PageError


class SupportDesk:
    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    def sign_in(self, name: str, password: str) -> None:
        page = self.browser.open("/sign-in/")
        self.browser.submit(page, page.form(with_field="password"), {"username": name, "password": password})

    def apply_the_only_request(self, answer: str) -> None:
        """The one request that waits is applied. Raises PageError if there is none, or several."""
        queue = self.browser.open("/support/channels_app/changerequest/")
        waiting = [form for form in queue.forms if "/decide/" in form.action]
        if len(waiting) != 1:
            raise PageError(f"{len(waiting)} requests wait for support: {queue.words[:1000]}")
        self.browser.submit(queue, waiting[0], {"answer": answer}, button=("apply", "1"))
