"""Addresses, media types, tokens and refusals of bol.com's Retailer API."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

from channels_app.adapters.bol.problems import read_refusal
from channels_app.adapters.bol.values import as_json
from channels_app.adapters.errors import ChannelError, OutcomeUnknown, SettingsError, TemporaryError
from channels_app.adapters.http import Answer, HttpClient
from channels_app.adapters.tokens import TokenStore
from marketplace_integration import clock

API = "https://api.bol.com"
LOGIN = "https://login.bol.com"
_OFFERS = "/retailer/offers"
_V10 = "application/vnd.retailer.v10+json"
_V11 = "application/vnd.retailer.v11+json"

Params = Mapping[str, Any]
Body = Mapping[str, Any]


class BolClient:
    """Calls of one retailer's account. Answers are JSON objects; failures are the errors of the border.

    `demo` calls bol.com's own demonstration: the same paths under another name, with answers that never change.
    """

    def __init__(
        self,
        *,
        api: str,
        login: str,
        demo: bool,
        client_id: str,
        client_secret: str,
        http: HttpClient,
        tokens: TokenStore,
    ) -> None:
        self._api = api.rstrip("/")
        self._login = login.rstrip("/")
        self._demo = demo
        self._client_id = client_id
        self._client_secret = client_secret
        self._http = http
        self._tokens = tokens
        self._said_at: datetime | None = None

    @property
    def time(self) -> datetime:
        """bol.com's time at its last answer; ours before one, and if it does not say."""
        return self._said_at or clock.now()

    def token(self) -> str:
        """Return a living access token."""
        return self._tokens.get(self._fetch_token)

    def get(self, operation: str, path: str, params: Params | None = None) -> dict[str, Any]:
        """Return the object at `path`; an empty one where there is nothing to say (204)."""
        return self._object(self._call(operation, "GET", path, params=params), write=False)

    def find(self, operation: str, path: str, params: Params | None = None) -> dict[str, Any] | None:
        """Return the object at `path`, or None if there is none (any more)."""
        answer = self._call(operation, "GET", path, params=params)
        return None if answer.status == 404 else self._object(answer, write=False)

    def find_by(self, operation: str, path: str, body: Body) -> dict[str, Any] | None:
        """Return the answer to a question that needs a body, or None if what it asks about is gone."""
        answer = self._call(operation, "POST", path, body=body)
        return None if answer.status == 404 else self._object(answer, write=False)

    def write(self, operation: str, method: str, path: str, body: Body) -> dict[str, Any]:
        """Return the answer to a write. Raises OutcomeUnknown if it was lost."""
        return self._object(self._call(operation, method, path, write=True, body=body), write=True)

    def do(self, operation: str, method: str, path: str, body: Body | None = None) -> None:
        """The write is done: 204, which has no body. Raises OutcomeUnknown if that is not clear."""
        self._object(self._call(operation, method, path, write=True, body=body), write=True)

    def _call(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        write: bool = False,
        params: Params | None = None,
        body: Body | None = None,
    ) -> Answer:
        """Return the answer to a call that carries a living token and the media type of its part of the API."""
        media_type = _V11 if path.startswith(_OFFERS) else _V10

        def call(token: str) -> Answer:
            headers = {"Authorization": f"Bearer {token}", "Accept": media_type}
            if body is not None:
                headers["Content-Type"] = media_type
            return self._http.call(
                method,
                self._api + self._placed(path),
                operation=operation,
                write=write,
                headers=headers,
                params=params,
                content=None if body is None else as_json(body),
            )

        answer = self._tokens.authorized(self._fetch_token, call)
        self._said_at = _date_of(answer)
        return answer

    def _placed(self, path: str) -> str:
        """Return the path as it is called: the demonstration has every part of the API beside it."""
        part, slash, rest = path.removeprefix("/").partition("/")
        return f"/{part}-demo{slash}{rest}" if self._demo else path

    def _fetch_token(self) -> tuple[str, float]:
        """Return a fresh token and the seconds it lives. Raises SettingsError for wrong credentials."""
        credentials = base64.b64encode(f"{self._client_id}:{self._client_secret}".encode()).decode()
        answer = self._http.call(
            "POST",
            f"{self._login}/token",
            operation="token",
            headers={"Authorization": f"Basic {credentials}", "Accept": "application/json"},
            form={"grant_type": "client_credentials"},
        )
        code, _ = read_refusal(answer)
        if answer.status == 401 or (answer.status == 400 and code == "invalid_client"):
            message = "bol.com refuses this client ID and secret."
            raise SettingsError(message, field_errors={"client_secret": message}, code=code, http_status=answer.status)
        given = self._object(answer, write=False)
        try:
            return str(given["access_token"]), float(given["expires_in"])
        except (KeyError, TypeError, ValueError) as error:
            raise TemporaryError("bol.com gave no access token.", code="no_token") from error

    def _object(self, answer: Answer, *, write: bool) -> dict[str, Any]:
        """Return the object inside a good answer. An error inside counts as one."""
        if not answer.ok:
            code, reason = read_refusal(answer)
            raise self._http.error_of(answer, write=write, code=code, reason=reason)
        if answer.status == 204:
            return {}
        inside = self._http.read(answer, write=write)
        if not isinstance(inside, dict):
            raise _unclear("bol.com gave an answer that is no object.", answer, write=write)
        if inside.get("errors") or inside.get("violations"):
            raise _unclear("bol.com reported an error inside its answer.", answer, write=write)
        return inside


def rows_of(page: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the rows of a list; an empty one may lack its key. Raises TemporaryError for anything else."""
    rows = page.get(name, [] if not page else None)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise TemporaryError("A list of bol.com is not readable.", code="unreadable")
    return rows


def quoted(text: str) -> str:
    """Return text that may stand between two slashes of a path."""
    return quote(text, safe="")


def _date_of(answer: Answer) -> datetime | None:
    try:
        return parsedate_to_datetime(answer.headers.get("date", "")).astimezone(UTC)
    except (TypeError, ValueError):
        return None


def _unclear(message: str, answer: Answer, *, write: bool) -> ChannelError:
    kind: type[ChannelError] = OutcomeUnknown if write else TemporaryError
    return kind(message, code="error_inside", http_status=answer.status, request_id=answer.request_id)
