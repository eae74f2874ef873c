"""An operator that gives the answers a test has put down, and remembers what it was asked. It simulates nothing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import Any

import httpx

from channels_app.adapters.http import HttpClient
from channels_app.adapters.mirakl.adapter import MiraklAdapter
from channels_app.adapters.tokens import TokenStore
from channels_app.adapters.types import Account, Limit

HOST = "https://operator.mirakl.test"
KEY = "b7e4-sesame-open-up"
DATE = "Fri, 20 Nov 2026 09:30:00 GMT"

Answer = httpx.Response | Exception


@dataclass
class Operator:
    """Answers by "METHOD /path", one after the other; the last one is given again."""

    answers: dict[str, list[Answer]] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)

    def says(self, call: str, *answers: object, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Put answers down: a dict is JSON, text is a file, a response or an error is itself."""
        made = [self._answer(answer, status, {"date": DATE, **(headers or {})}) for answer in answers]
        self.answers.setdefault(call, []).extend(made)

    @staticmethod
    def _answer(answer: object, status: int, headers: Mapping[str, str]) -> Answer:
        if isinstance(answer, httpx.Response | Exception):
            return answer
        if answer is None:
            return httpx.Response(status, headers=headers)
        if isinstance(answer, str):
            return httpx.Response(status, text=answer, headers=headers)
        return httpx.Response(status, json=answer, headers=headers)

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        waiting = self.answers[f"{request.method} {request.url.path}"]
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def adapter(self, *, unlimited: bool = False, **settings: Any) -> MiraklAdapter:
        """Return an adapter for a shop here; `unlimited` calls wait for no minute to pass."""
        often = Limit(per_second=10_000, burst=10_000)
        account = Account(
            settings={"base_url": HOST, "offer_state": "11", "product_id_type": "EAN", **settings},
            secrets={"api_key": KEY},
            scope="mirakl:test",
            limits=dict.fromkeys(MiraklAdapter.limits, often) if unlimited else {},
        )
        client = httpx.Client(transport=httpx.MockTransport(self.handle))
        return MiraklAdapter(
            account, http=HttpClient(account, MiraklAdapter, client=client), tokens=TokenStore(account)
        )

    # What was asked

    def asked(self) -> list[str]:
        return [f"{request.method} {request.url.path}" for request in self.requests]

    def body(self, place: int = -1) -> Any:
        return json.loads(self.requests[place].content)

    def form(self, place: int = -1) -> dict[str, str]:
        """Return the parts of an upload by name."""
        request = self.requests[place]
        head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
        whole = message_from_bytes(head + request.content, policy=policy.HTTP)
        return {
            str(part.get_param("name", header="content-disposition")): part.get_content() for part in whole.iter_parts()
        }
