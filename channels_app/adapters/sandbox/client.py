"""Paths, authentication and paging of the sandbox's native protocol (its /openapi.json, version 1)."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from channels_app.adapters.errors import ChannelError, OutcomeUnknown, SettingsError, TemporaryError
from channels_app.adapters.http import Answer, HttpClient
from channels_app.adapters.tokens import TokenStore

#: A page token that leads to the same page more often than this leads nowhere.
_SAME_PAGE_AT_MOST = 5


class SandboxClient:
    """Calls of one account. Answers are JSON objects; failures are the errors of the border."""

    def __init__(
        self, *, base_url: str, client_id: str, client_secret: str, http: HttpClient, tokens: TokenStore
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._client_id = client_id
        self._client_secret = client_secret
        self._http = http
        self._tokens = tokens

    def get(self, operation: str, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return what stands at `path`."""
        return self._read(self._authorized(operation, "GET", path, params=params), write=False)

    def find(self, operation: str, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
        """Return what stands at `path`, or None if nothing does."""
        answer = self._authorized(operation, "GET", path, params=params)
        return None if answer.status == 404 else self._read(answer, write=False)

    def post(self, operation: str, path: str, body: Any, *, key: str) -> dict[str, Any]:
        """Return the answer to a write that has its effect once per key. Raises OutcomeUnknown if it got lost.

        Without a key it is a question that needs a body: asking it again does no harm.
        """
        content = json.dumps(body, separators=(",", ":")).encode()
        return self._read(self._authorized(operation, "POST", path, content=content, key=key), write=bool(key))

    def iter_rows(
        self, operation: str, path: str, rows: str, params: Mapping[str, Any] | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield the rows of every page, each once, though the channel may send a page again or mix its rows.

        Rows carry their position, and no page goes back behind the one before. Raises TemporaryError in a circle.
        """
        highest, idle, token = -1, 0, None
        while True:
            page = self.get(operation, path, {**(params or {}), **({"page_token": token} if token else {})})
            fresh = [row for row in page[rows] if row["position"] > highest]
            yield from fresh
            highest = max((row["position"] for row in fresh), default=highest)
            token = page.get("next_page_token")
            if token is None:
                return
            idle = 0 if fresh else idle + 1
            if idle > _SAME_PAGE_AT_MOST:
                raise TemporaryError("The sandbox sends the same page again and again.", code="pages_in_a_circle")

    def _authorized(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        content: bytes | None = None,
        key: str = "",
    ) -> Answer:
        """Return the answer to a call that carries a living token."""

        def call(token: str) -> Answer:
            headers = {"Authorization": f"Bearer {token}"}
            if content is not None:
                headers["Content-Type"] = "application/json"
            if key:
                headers["Idempotency-Key"] = key
            return self._http.call(
                method,
                self._base_url + path,
                operation=operation,
                write=bool(key),
                headers=headers,
                params=params,
                content=content,
            )

        return self._tokens.authorized(self._fetch_token, call)

    def _fetch_token(self) -> tuple[str, float]:
        """Return a fresh token and the seconds it lives. Raises SettingsError for wrong credentials."""
        answer = self._http.call(
            "POST",
            f"{self._base_url}/v1/token",
            operation="token",
            body={"client_id": self._client_id, "client_secret": self._client_secret},
        )
        if answer.status == 401:
            message = "The sandbox refuses this client ID and secret."
            raise SettingsError(message, field_errors={"client_secret": message}, code="invalid_client")
        given = self._read(answer, write=False)
        return str(given["access_token"]), float(given["expires_in"])

    def _read(self, answer: Answer, *, write: bool) -> dict[str, Any]:
        """Return the object inside. An error inside a good answer counts as one."""
        inside = self._http.read(answer, write=write)
        if not isinstance(inside, dict):
            raise self._unclear("The sandbox gave an answer that is no object.", answer, write=write)
        if inside.get("errors"):
            raise self._unclear("The sandbox reported an error inside its answer.", answer, write=write)
        return inside

    @staticmethod
    def _unclear(message: str, answer: Answer, *, write: bool) -> ChannelError:
        kind: type[ChannelError] = OutcomeUnknown if write else TemporaryError
        return kind(message, code="error_inside", http_status=answer.status, request_id=answer.request_id)


def quoted(text: str) -> str:
    """Return text that may stand between two slashes of a path."""
    return quote(text, safe="")
