"""Addresses, the key and Mirakl's way to say no.

Source: developer.mirakl.com, seller API and its "General Notes" (read 2026-08).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from channels_app.adapters.errors import ChannelError, OutcomeUnknown, SettingsError, TemporaryError
from channels_app.adapters.http import Answer, HttpClient, UploadedFile
from channels_app.adapters.mirakl.values import as_json
from marketplace_integration import clock

#: Most rows on a page.
PAGE = 100
#: Each round of orders or returns begins this much before the last one: seen twice is harmless, missed is not.
OVERLAP = timedelta(minutes=10)


class MiraklClient:
    """Calls of one shop of one operator. Failures are the errors of the border."""

    def __init__(self, *, base_url: str, shop_id: str, api_key: str, http: HttpClient) -> None:
        self._base_url = base_url.rstrip("/") + "/"
        self._shop_id = shop_id
        self._api_key = api_key
        self._http = http
        #: The operator's time at its last answer, and how far its clock is ahead of ours; None before an answer.
        self.time: datetime | None = None
        self.clock_ahead: timedelta | None = None

    @property
    def host(self) -> str:
        return urlsplit(self._base_url).netloc

    def get(self, operation: str, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the object at `path`."""
        return self._object(self._call(operation, "GET", path, params=params), write=False)

    def write(self, operation: str, method: str, path: str, body: object) -> dict[str, Any]:
        """Return the answer to a write. Raises OutcomeUnknown if it was lost."""
        return self._object(self._call(operation, method, path, write=True, body=body), write=True)

    def ask(self, operation: str, path: str, body: object) -> dict[str, Any]:
        """Return the answer to a question that needs a body: asking it again does no harm."""
        return self._object(self._call(operation, "POST", path, body=body), write=False)

    def do(self, operation: str, method: str, path: str, body: object = None) -> None:
        """The write is done: 204, which has no body. Raises OutcomeUnknown if that is not clear."""
        answer = self._call(operation, method, path, write=True, body=body)
        if not answer.ok:
            raise self._refusal(answer, write=True)
        if answer.body.strip():
            self._object(answer, write=True)  # a page of somebody in between is no answer

    def upload(self, operation: str, path: str, file: UploadedFile, form: Mapping[str, str]) -> dict[str, Any]:
        """Return the answer to a file. Raises OutcomeUnknown if it was lost."""
        answer = self._call(operation, "POST", path, write=True, form=form, files={"file": file})
        return self._object(answer, write=True)

    def download(self, operation: str, path: str) -> bytes:
        """Return the file at `path`, which may be a whole address: the key goes to the operator's own host only."""
        answer = self._call(operation, "GET", path, accept="*/*")
        if not answer.ok:
            raise self._refusal(answer, write=False)
        if answer.body.lstrip()[:1] == b"<":
            raise TemporaryError("Instead of a file came a web page.", code="unreadable", http_status=answer.status)
        return answer.body

    def _call(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        write: bool = False,
        params: Mapping[str, Any] | None = None,
        body: object = None,
        form: Mapping[str, str] | None = None,
        files: Mapping[str, UploadedFile] | None = None,
        accept: str = "application/json",
    ) -> Answer:
        url = urljoin(self._base_url, path)
        headers = {"Accept": accept}
        if self._is_own(url):
            headers["Authorization"] = self._api_key
        if body is not None:
            headers["Content-Type"] = "application/json"
        answer = self._http.call(
            method,
            url,
            operation=operation,
            write=write,
            headers=headers,
            params=self._params(url, params),
            content=None if body is None else as_json(body),
            form=form,
            files=files,
        )
        self._note_time(answer)
        return answer

    def _is_own(self, url: str) -> bool:
        """Say whether the address is the operator's own, and as safe as the one that the seller gave."""
        there, own = urlsplit(url), urlsplit(self._base_url)
        return (there.scheme, there.hostname) == (own.scheme, own.hostname)

    def _params(self, url: str, params: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """Return the query with the shop in it; an address with a query of its own is taken as it is given."""
        if urlsplit(url).query or not self._shop_id:
            return params
        return {**(params or {}), "shop_id": self._shop_id}

    def _note_time(self, answer: Answer) -> None:
        try:
            self.time = parsedate_to_datetime(answer.headers.get("date", ""))
        except ValueError:
            self.time = None
        self.clock_ahead = None if self.time is None else self.time - clock.now()

    def _object(self, answer: Answer, *, write: bool) -> dict[str, Any]:
        """Return the object inside a good answer. An error inside counts as one."""
        if not answer.ok:
            raise self._refusal(answer, write=write)
        inside = self._http.read(answer, write=write)
        if not isinstance(inside, dict):
            raise _unclear("The marketplace gave an answer that is no object.", answer, write=write)
        if inside.get("errors"):
            raise _unclear("The marketplace reported an error inside its answer.", answer, write=write)
        return inside

    def _refusal(self, answer: Answer, *, write: bool) -> ChannelError:
        code, reason = read_refusal(answer)
        if answer.status == 401:
            message = "The marketplace refuses this API key."
            return SettingsError(message, field_errors={"api_key": message}, code=code, http_status=401)
        return self._http.error_of(answer, write=write, code=code, reason=reason)


def read_refusal(answer: Answer) -> tuple[str, str]:
    """Return code and message of an error, as far as it has any.

    The envelope is not documented (to be confirmed live): they are looked for at the top, and inside `errors`.
    """
    try:
        body = answer.json()
    except ValueError:
        return "", ""
    inside = body.get("errors") if isinstance(body, dict) else body
    found = [body, *(inside if isinstance(inside, list) else [inside])]
    errors = [error for error in found if isinstance(error, dict)]
    code = next((str(error["code"]) for error in errors if error.get("code")), "")
    return code, next((str(error["message"]) for error in errors if error.get("message")), "")


def quoted(text: str) -> str:
    """Return text that may stand between two slashes of a path."""
    return quote(text, safe="")


def _unclear(message: str, answer: Answer, *, write: bool) -> ChannelError:
    kind: type[ChannelError] = OutcomeUnknown if write else TemporaryError
    return kind(message, code="error_inside", http_status=answer.status, request_id=answer.request_id)
