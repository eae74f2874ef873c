"""A Walmart that says what a test has written down: answers by method and path, in the order given."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from email.parser import BytesParser
from typing import Any

import httpx

from channels_app.adapters.http import HttpClient
from channels_app.adapters.tokens import TokenStore
from channels_app.adapters.types import Account, LineResult, Mode, Outcome
from channels_app.adapters.walmart.adapter import WalmartAdapter

SECRET = "sesame-open-up"
#: Walmart's clock, in every answer that says nothing else.
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
DATE = "Fri, 20 Nov 2026 09:00:00 GMT"

Answer = httpx.Response | dict[str, Any] | Exception | Callable[[httpx.Request], httpx.Response]


class Script:
    """What Walmart says; the last answer for a call is said again and again. `calls` are all but those for tokens."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, str], list[Answer]] = defaultdict(list)
        self.calls: list[httpx.Request] = []
        self.token_calls: list[httpx.Request] = []
        self.on("POST", "/v3/token", {"access_token": "token-1", "token_type": "Bearer", "expires_in": 900})

    def on(self, method: str, path: str, *answers: Answer) -> None:
        self._answers[method, path] = list(answers)

    def paths(self) -> list[str]:
        return [f"{call.method} {call.url.path}" for call in self.calls]

    def handle(self, request: httpx.Request) -> httpx.Response:
        key = (request.method, request.url.path)
        (self.token_calls if key[1] == "/v3/token" else self.calls).append(request)
        answers = self._answers.get(key)
        assert answers, f"Nobody wrote down what Walmart says to {request.method} {request.url}."
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            said = httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
        else:
            said = httpx.Response(200, json=answer) if isinstance(answer, dict) else answer(request)
        said.headers.setdefault("date", DATE)
        return said

    def open(self, *, mode: Mode = Mode.PRODUCTION, **settings: Any) -> WalmartAdapter:
        account = Account(
            settings={"client_id": "client", **settings},
            secrets={"client_secret": SECRET},
            mode=mode,
            scope="walmart:script",
        )
        client = httpx.Client(transport=httpx.MockTransport(self.handle), trust_env=False)
        http = HttpClient(account, WalmartAdapter, client=client)
        return WalmartAdapter(account, http=http, tokens=TokenStore(account))


def refusal(status: int, code: str, description: str = "", **headers: str) -> httpx.Response:
    error = {"code": code, "description": description, "severity": "ERROR", "category": "DATA"}
    return httpx.Response(status, json={"errors": [error]}, headers=headers)


def uploaded(request: httpx.Request) -> dict[str, Any]:
    """Return the JSON of the only part, `file`, of an upload."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + request.content)
    parts = [part for part in message.walk() if not part.is_multipart()]
    assert len(parts) == 1
    part = parts[0]
    assert part.get_param("name", header="content-disposition") == "file"
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    found: dict[str, Any] = json.loads(content)
    return found


def outcomes(results: Iterable[LineResult]) -> dict[str, Outcome]:
    return {result.sku: result.outcome for result in results}
