"""Paths, headers, tokens and paging of Walmart's Marketplace API, version 3."""

import base64
import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from channels_app.adapters.errors import ChannelError, OutcomeUnknown, SettingsError, TemporaryError
from channels_app.adapters.http import Answer, HttpClient
from channels_app.adapters.tokens import TokenStore
from channels_app.adapters.walmart.limits import feed_operation
from channels_app.adapters.walmart.problems import NOTHING_FOUND, errors_inside, read_problem
from channels_app.adapters.walmart.times import said_at

PRODUCTION = "https://marketplace.walmartapis.com"
SANDBOX = "https://sandbox.walmartapis.com"
#: The name under which calls are made; Walmart wants this very text.
_SERVICE = "Walmart Marketplace"


class Said(NamedTuple):
    """What Walmart answered, and when by its own clock."""

    body: dict[str, Any]
    at: datetime


class WalmartClient:
    """Calls of one account. Answers are JSON objects; failures are the errors of the border."""

    def __init__(
        self,
        *,
        base_url: str,
        is_sandbox: bool,
        client_id: str,
        client_secret: str,
        http: HttpClient,
        tokens: TokenStore,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._is_sandbox = is_sandbox
        self._client_id = client_id
        self._client_secret = client_secret
        self._http = http
        self._tokens = tokens

    def get(self, operation: str, path: str, params: Mapping[str, Any] | None = None) -> Said:
        """Return what stands at `path`, which may hold a query already."""
        answer = self._authorized(operation, "GET", _with(path, params))
        return Said(self._read(answer, write=False), said_at(answer))

    def get_list(self, operation: str, path: str, params: Mapping[str, Any] | None = None) -> Said:
        """Return a page of a list; an empty object where Walmart says 404 because there is nothing in it."""
        answer = self._authorized(operation, "GET", _with(path, params))
        if answer.status == 404 and read_problem(answer).code == NOTHING_FOUND:
            return Said({}, said_at(answer))
        return Said(self._read(answer, write=False), said_at(answer))

    def ask(self, operation: str, path: str, params: Mapping[str, Any], body: Any) -> dict[str, Any]:
        """Return the answer to a question that needs a body: asking it again does no harm."""
        return self._read(self._authorized(operation, "POST", _with(path, params), body=body), write=False)

    def write(
        self, operation: str, method: str, path: str, params: Mapping[str, Any] | None = None, body: Any = None
    ) -> dict[str, Any]:
        """Return the answer to a write. Raises OutcomeUnknown if it got lost."""
        answer = self._authorized(operation, method, _with(path, params), body=body, write=True)
        return self._read(answer, write=True)

    def send_feed(self, feed_type: str, document: bytes) -> str:
        """Return the id of a feed that Walmart has now. Raises OutcomeUnknown if its answer got lost."""
        answer = self._authorized(
            feed_operation(feed_type),
            "POST",
            _with("/v3/feeds", {"feedType": feed_type}),
            file=document,
            write=True,
        )
        feed_id = self._read(answer, write=True).get("feedId")
        if not feed_id:
            raise OutcomeUnknown("Walmart took the feed and gave it no number.", code="no_feed_id")
        return str(feed_id)

    def download(self, operation: str, url: str) -> bytes:
        """Return the file behind an address that carries its own permission: no header of ours goes there."""
        answer = self._http.call("GET", url, operation=operation)
        if not answer.ok:
            raise TemporaryError("Walmart's file could not be fetched.", code="no_file", http_status=answer.status)
        return answer.body

    def _authorized(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        body: Any = None,
        file: bytes | None = None,
        write: bool = False,
    ) -> Answer:
        def call(token: str) -> Answer:
            headers = {**self._headers(), "WM_SEC.ACCESS_TOKEN": token}
            if file is None:  # also where there is no body: some calls insist on it
                headers["Content-Type"] = "application/json"
            return self._http.call(
                method,
                self.base_url + path,
                operation=operation,
                write=write,
                headers=headers,
                content=None if body is None else json.dumps(body, separators=(",", ":")).encode(),
                files=None if file is None else {"file": ("feed.json", file, "application/octet-stream")},
            )

        return self._tokens.authorized(self._fetch_token, call)

    def _headers(self) -> dict[str, str]:
        headers = {
            "Accept": "application/json",
            "WM_SVC.NAME": _SERVICE,
            "WM_QOS.CORRELATION_ID": str(uuid.uuid4()),
        }
        if self._is_sandbox:
            headers["WM_SANDBOX"] = "v2"
        return headers

    def _fetch_token(self) -> tuple[str, float]:
        """Return a fresh token and the seconds it lives. Raises SettingsError for wrong credentials."""
        basic = base64.b64encode(f"{self._client_id}:{self._client_secret}".encode()).decode()
        answer = self._http.call(
            "POST",
            f"{self.base_url}/v3/token",
            operation="token",
            headers={**self._headers(), "Authorization": f"Basic {basic}"},
            form={"grant_type": "client_credentials"},
        )
        if answer.status in (400, 401, 403):
            message = "Walmart refuses this client ID and secret."
            raise SettingsError(
                message,
                field_errors={"client_secret": message},
                code=read_problem(answer).code or "invalid_client",
                http_status=answer.status,
            )
        given = self._read(answer, write=False)
        try:
            return str(given["access_token"]), float(given["expires_in"])
        except (KeyError, TypeError, ValueError) as error:
            raise TemporaryError("Walmart gave no access token.", code="no_token") from error

    def _read(self, answer: Answer, *, write: bool) -> dict[str, Any]:
        """Return the object inside. An error inside a good answer counts as one."""
        if not answer.ok:
            problem = read_problem(answer)
            raise self._http.error_of(answer, write=write, code=problem.code, reason=problem.reason)
        inside = self._http.read(answer, write=write)
        if not isinstance(inside, dict):
            raise _unclear("Walmart gave an answer that is no object.", "no_object", answer, write=write)
        if found := errors_inside(inside):
            message = f"Walmart reported an error inside its answer: {found[0].reason or found[0].code}"
            raise _unclear(message, found[0].code or "error_inside", answer, write=write)
        return inside


def _unclear(message: str, code: str, answer: Answer, *, write: bool) -> ChannelError:
    kind: type[ChannelError] = OutcomeUnknown if write else TemporaryError
    return kind(message, code=code, http_status=answer.status)


def _with(path: str, params: Mapping[str, Any] | None) -> str:
    """Return the path with a query in which every special character is encoded, a space as %20."""
    return f"{path}?{urlencode(params, quote_via=quote, safe='')}" if params else path


def quoted(text: str) -> str:
    """Return text that may stand between two slashes of a path; feed ids hold an @."""
    return quote(text, safe="")
