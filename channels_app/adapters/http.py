"""The one way out: time-outs, rate limits, no private addresses, and what a lost answer means.

An adapter's `client.py` knows paths and headers; this knows how the network fails.
"""

import ipaddress
import json
import logging
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import httpcore
import httpx
from django.conf import settings

from channels_app.adapters.errors import (
    ChannelError,
    OutcomeUnknown,
    RejectedByChannel,
    SettingsError,
    TemporaryError,
)
from channels_app.adapters.limiter import Limiter
from channels_app.adapters.types import Account

if TYPE_CHECKING:
    from channels_app.adapters.base import ChannelAdapter

log = logging.getLogger(__name__)

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 30.0
#: An answer larger than this is not read to its end.
LARGEST_ANSWER_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the channel said: any status; `body` is complete."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def request_id(self) -> str:
        return self.headers.get("x-request-id", "")

    @property
    def retry_after(self) -> float | None:
        """Seconds, if the channel said so in numbers."""
        try:
            return max(float(self.headers["retry-after"]), 0.0)
        except (KeyError, ValueError):
            return None

    def json(self) -> Any:
        """Return the body as JSON. Raises ValueError for anything else: HTML, a cut-off body."""
        return json.loads(self.body)


class _PublicOnly(httpcore.SyncBackend):
    """Connects to the very address that was checked, so that a second DNS answer cannot lead elsewhere."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            addresses = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        except socket.gaierror as error:
            raise httpcore.ConnectError(f"{host} is not known") from error
        if f"{host}:{port}" not in settings.OUTBOUND_ALLOWED_HOSTS:
            addresses = [address for address in addresses if ipaddress.ip_address(address).is_global]
            if not addresses:
                raise httpcore.UnsupportedProtocol(f"{host}:{port} is a private address")
        return super().connect_tcp(addresses[0], port, timeout, local_address, socket_options)


@cache
def _shared_client() -> httpx.Client:
    """Return this process's client: connections are kept and shared by its threads."""
    transport = httpx.HTTPTransport()
    # httpx offers no public way to say how a connection is opened; its pool does.
    transport._pool = httpcore.ConnectionPool(
        ssl_context=ssl.create_default_context(),
        max_connections=64,
        max_keepalive_connections=32,
        keepalive_expiry=30,
        network_backend=_PublicOnly(),
    )
    return httpx.Client(transport=transport, follow_redirects=False, trust_env=False)


class HttpClient:
    """Calls a channel for one account within one deadline. No secret of the account gets into a log or an error."""

    def __init__(
        self,
        account: Account,
        adapter: "type[ChannelAdapter]",
        *,
        deadline: float | None = None,
        client: httpx.Client | None = None,
    ) -> None:
        self._limiter = Limiter(account.scope, adapter.limits)
        self._label = adapter.label
        self._secrets = tuple(secret for secret in account.secrets.values() if len(secret) >= 4)
        self._deadline = deadline
        self._client = client or _shared_client()

    def call(
        self,
        method: str,
        url: str,
        *,
        operation: str,
        write: bool = False,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        content: bytes | None = None,
    ) -> Answer:
        """Return the channel's answer, whatever its status. `body` goes out as JSON, `content` as it is.

        Raises TemporaryError when nothing was done, and OutcomeUnknown when a write may have been.
        """
        self._limiter.take(operation)
        request = self._client.build_request(
            method, url, headers=dict(headers or {}), params=params, json=body, content=content, timeout=self._timeout()
        )
        started = time.monotonic()
        try:
            answer = self._send(request)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise TemporaryError(f"{self._label} cannot be reached.", code="unreachable") from error
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise SettingsError(
                f"This address may not be called: {self._clean(str(error))}.", code="address"
            ) from error
        except httpx.TransportError as error:
            raise self._lost(write, f"{self._label} did not answer.", code=type(error).__name__) from error
        log.debug(
            "http.call",
            extra={"operation": operation, "status": answer.status, "seconds": round(time.monotonic() - started, 3)},
        )
        if answer.status == 429:
            self._limiter.park(operation, answer.retry_after or 1.0)
        return answer

    def read(self, answer: Answer, *, write: bool = False) -> Any:
        """Return the JSON of a good answer; raise what a bad one means, sorted by remedy."""
        if not answer.ok:
            raise self.error_of(answer, write=write)
        try:
            return answer.json()
        except ValueError as error:
            raise self._lost(write, f"{self._label} gave an answer that is not readable.", code="unreadable") from error

    def error_of(self, answer: Answer, *, write: bool) -> ChannelError:
        """Return the error that a refusing answer stands for."""
        reason = self._clean(_reason(answer))
        known: dict[str, Any] = {"http_status": answer.status, "request_id": answer.request_id, "code": _code(answer)}
        if answer.status == 429:
            return TemporaryError(
                f"{self._label} asks us to slow down.", **known, retry_after=answer.retry_after or 1.0
            )
        if answer.status in (401, 403):
            return SettingsError(reason or f"{self._label} refuses these credentials.", **known)
        if answer.status >= 500:
            if write:
                return OutcomeUnknown(f"{self._label} failed in the middle of it.", **known)
            return TemporaryError(f"{self._label} has a problem.", **known, retry_after=answer.retry_after)
        return RejectedByChannel(reason or f"{self._label} refused it ({answer.status}).", **known)

    def _lost(self, write: bool, message: str, *, code: str) -> ChannelError:
        return OutcomeUnknown(message, code=code) if write else TemporaryError(message, code=code)

    def _timeout(self) -> httpx.Timeout:
        left = TOTAL_SECONDS if self._deadline is None else min(TOTAL_SECONDS, self._deadline - time.monotonic())
        if left <= 0:
            raise TemporaryError("No time was left for this call; it is made in the next run.", retry_after=0)
        return httpx.Timeout(left, connect=min(CONNECT_SECONDS, left))

    def _send(self, request: httpx.Request) -> Answer:
        """Read the whole answer within the total time: a trickle of bytes must not outlast the lease."""
        total = request.extensions["timeout"]["read"]
        until = time.monotonic() + total
        chunks: list[bytes] = []
        size = 0
        response = self._client.send(request, stream=True)
        try:
            for chunk in response.iter_bytes():
                chunks.append(chunk)
                size += len(chunk)
                if size > LARGEST_ANSWER_BYTES or time.monotonic() > until:
                    raise httpx.ReadError("the answer did not end")
        finally:
            response.close()
        return Answer(status=response.status_code, headers=response.headers, body=b"".join(chunks))

    def _clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "•••")
        return text[:500]


def _problem(answer: Answer) -> Mapping[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _reason(answer: Answer) -> str:
    problem = _problem(answer)
    return next((str(problem[name]) for name in ("reason", "detail", "message", "title") if problem.get(name)), "")


def _code(answer: Answer) -> str:
    return str(_problem(answer).get("code") or f"http_{answer.status}")
