"""A bol.com that gives the answers a test has put down, and remembers what it was asked. It simulates nothing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from channels_app.adapters.bol.adapter import BolAdapter
from channels_app.adapters.http import HttpClient
from channels_app.adapters.tokens import TokenStore
from channels_app.adapters.types import Account, Mode

CLIENT_ID = "0b4c-client"
SECRET = "sesame-open-up"  # noqa: S105
DATE = "Fri, 20 Nov 2026 09:30:00 GMT"
TOKEN = "POST /token"  # noqa: S105

Answer = httpx.Response | Exception


@dataclass
class Script:
    """Answers by "METHOD /path", one after the other; the last one is given again."""

    answers: dict[str, list[Answer]] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.says(TOKEN, {"access_token": "T-1", "token_type": "Bearer", "expires_in": 299})

    def says(self, call: str, *answers: object, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Put answers down: a dict is JSON, text a page, None nothing, a response or an error itself."""
        made = [_answer(answer, status, {"date": DATE, **(headers or {})}) for answer in answers]
        self.answers.setdefault(call, []).extend(made)

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        waiting = self.answers[f"{request.method} {request.url.path}"]
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    def adapter(self, *, mode: Mode = Mode.PRODUCTION, **settings: Any) -> BolAdapter:
        account = Account(
            settings={"client_id": CLIENT_ID, "minimum_days": 1, "maximum_days": 2, **settings},
            secrets={"client_secret": SECRET},
            mode=mode,
            scope="bol:test",
        )
        client = httpx.Client(transport=httpx.MockTransport(self.handle))
        return BolAdapter(account, http=HttpClient(account, BolAdapter, client=client), tokens=TokenStore(account))

    # What was asked

    def calls(self) -> list[httpx.Request]:
        """Return the requests, but for those for a token."""
        return [request for request in self.requests if request.url.path != "/token"]

    def asked(self) -> list[str]:
        return [f"{request.method} {request.url.path}" for request in self.calls()]

    def body(self, place: int = -1) -> Any:
        return json.loads(self.calls()[place].content)

    def query(self, place: int = -1) -> dict[str, str]:
        return dict(self.calls()[place].url.params)


def _answer(answer: object, status: int, headers: Mapping[str, str]) -> Answer:
    if isinstance(answer, httpx.Response | Exception):
        return answer
    if answer is None:
        return httpx.Response(204 if status == 200 else status, headers=headers)
    if isinstance(answer, str):
        return httpx.Response(status, text=answer, headers=headers)
    return httpx.Response(status, json=answer, headers=headers)
