"""A transport that holds what passes through it against a contract; for tests without a socket."""

import httpx

from contracts.messages import Answer, Call
from contracts.record import Record


class CheckingTransport(httpx.BaseTransport):
    """Passes calls on to `inner`. What does not arrive at all is no answer, and is not judged."""

    def __init__(self, inner: httpx.BaseTransport, record: Record) -> None:
        self._inner = inner
        self._record = record

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        body = request.read()
        call = Call(request.method, str(request.url), _lowered(request.headers), body)
        self._record.see_call(call)
        response = self._inner.handle_request(request)
        content = response.read()
        self._record.see_answer(call, Answer(response.status_code, _lowered(response.headers), content))
        return response


def _lowered(headers: httpx.Headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
