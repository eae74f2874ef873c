"""A reverse proxy that holds what passes through it against a contract, between the product and a simulator."""

import socket
import threading
from contextlib import suppress

import httpx
import uvicorn
from starlette.types import Receive, Scope, Send

from contracts.messages import Answer, Call
from contracts.record import Record

#: Headers that belong to one connection, not to the message.
_OF_THE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "content-length"}


class CheckingProxy:
    """Listens on a free port of loopback and passes everything on. A dropped connection is dropped."""

    def __init__(self, record: Record) -> None:
        #: Where everything goes; set it before the first call.
        self.target = ""
        #: What passed through.
        self.record = record
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._app,
                http="h11",
                interface="asgi3",
                lifespan="off",
                access_log=False,
                log_level="critical",
                date_header=False,
                server_header=False,
                timeout_keep_alive=75,
            )
        )
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._listener]}, daemon=True)
        self._client = httpx.AsyncClient(timeout=120, trust_env=False, follow_redirects=False)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """The proxy no longer listens."""
        self._server.should_exit = True
        self._thread.join(timeout=10)

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        call = await _read_call(scope, receive)
        self.record.see_call(call)
        try:
            answer = await self._ask(call, scope["raw_path"], scope["query_string"])
        except httpx.HTTPError:
            await _hang_up(send)
            return
        self.record.see_answer(
            call, Answer(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, answer.content)
        )
        headers = [(k, v) for k, v in answer.headers.raw if k.decode().lower() not in _OF_THE_CONNECTION]
        headers = [(k, v) for k, v in headers if k.decode().lower() != "content-encoding"]
        headers.append((b"content-length", str(len(answer.content)).encode()))
        with suppress(RuntimeError):
            await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
            await send({"type": "http.response.body", "body": answer.content})

    async def _ask(self, call: Call, path: bytes, query: bytes) -> httpx.Response:
        url = self.target + path.decode() + (f"?{query.decode()}" if query else "")
        # The caller's Host goes along: addresses in answers then lead through here.
        headers = {name: value for name, value in call.headers.items() if name not in _OF_THE_CONNECTION}
        return await self._client.request(call.method, url, headers=headers, content=call.body)


async def _read_call(scope: Scope, receive: Receive) -> Call:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
    query = scope["query_string"].decode()
    url = f"http://{headers.get('host', '')}{scope['raw_path'].decode()}{'?' if query else ''}{query}"
    return Call(scope["method"], url, headers, body)


async def _hang_up(send: Send) -> None:
    """Promise a byte and send none: the server then closes the connection, as the simulator did."""
    await send({"type": "http.response.start", "status": 502, "headers": [(b"content-length", b"1")]})
