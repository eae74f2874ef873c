"""The one way out: time-outs, rate limits, no private addresses, and what a lost answer means.

An adapter's `client.py` knows paths and headers; this knows how the network fails.
"""

import json
import logging
import math
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING, Any

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
from channels_app.adapters.network import AddressRefused, GuardedTransport
from channels_app.adapters.types import Account

if TYPE_CHECKING:
    from channels_app.adapters.base import ChannelAdapter

log = logging.getLogger(__name__)
# httpx logs whole addresses, and some channels carry keys in theirs.
logging.getLogger("httpx").setLevel(logging.WARNING)

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 30.0
#: With less time than this before the deadline no call begins.
SHORTEST_SECONDS = 1.0
#: When a channel asks us to slow down without saying for how long.
DEFAULT_RETRY_SECONDS = 10.0
#: Nobody is believed who asks for more than this.
LONGEST_RETRY_SECONDS = 86_400.0
#: An answer larger than this is not read to its end.
LARGEST_ANSWER_BYTES = 64 * 1024 * 1024
#: What a marketplace says that is called too often.
SLOW_DOWN = "asks us to slow down."

#: File name, content, media type.
UploadedFile = tuple[str, bytes, str]


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
        """Seconds to wait, if the channel said so. A date counts from the answer's own Date."""
        asked = self.headers.get("retry-after", "")
        try:
            seconds = float(asked)
        except ValueError:
            seconds = _seconds_between(self.headers.get("date", ""), asked)
        return min(max(seconds, 0.0), LONGEST_RETRY_SECONDS) if math.isfinite(seconds) else None

    def json(self) -> Any:
        """Return the body as JSON. Raises ValueError for anything else: HTML, a cut-off body."""
        return json.loads(self.body)


@cache
def _certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


@cache
def _connections(host: str) -> httpx.HTTPTransport:
    """Return this process's connections to one host: kept, and shared by its threads."""
    limits = httpx.Limits(max_connections=32, max_keepalive_connections=8, keepalive_expiry=30)
    return httpx.HTTPTransport(verify=_certificates(), limits=limits, trust_env=False)


def _guarded_client() -> httpx.Client:
    """Return a client of its own, so that no cookie travels between accounts, over the shared connections."""
    transport = GuardedTransport(_connections, allowed_hosts=settings.OUTBOUND_ALLOWED_HOSTS)
    return httpx.Client(transport=transport, follow_redirects=False, trust_env=False)


class HttpClient:
    """Calls a channel for one account within one deadline. No secret of the account gets into a log or an error."""

    def __init__(
        self,
        account: Account,
        adapter: "type[ChannelAdapter]",
        *,
        deadline: Callable[[], float] | None = None,
        client: httpx.Client | None = None,
    ) -> None:
        self._limiter = Limiter(account.scope, {**adapter.limits, **account.limits})
        self._adapter = adapter
        self._label = adapter.label
        self._secrets = tuple(secret for secret in account.secrets.values() if len(secret) >= 4)
        self._deadline = deadline
        self._client = client or _guarded_client()

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
        form: Mapping[str, str] | None = None,
        files: Mapping[str, UploadedFile] | None = None,
    ) -> Answer:
        """Return the channel's answer, whatever its status.

        `body` goes out as JSON, `content` as it is, `form` as a form: with `files` as multipart/form-data.

        Raises TemporaryError when nothing was done, and OutcomeUnknown when a write may have been.
        """
        timeout = self._timeout()
        self._limiter.take(operation)
        request = self._client.build_request(
            method,
            url,
            headers=dict(headers or {}),
            params=params,
            json=body,
            content=content,
            data=form,
            files=files,
            timeout=timeout,
        )
        started = time.monotonic()
        try:
            answer = self._send(request)
        except AddressRefused as error:
            raise SettingsError(str(error), code="address") from error
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            self._note_timeout(error)
            raise TemporaryError(f"{self._label} cannot be reached.", code="unreachable") from error
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise SettingsError(
                f"This address may not be called: {self._clean(str(error))}.", code="address"
            ) from error
        except httpx.TransportError as error:
            self._note_timeout(error)
            raise self._lost(write, f"{self._label} did not answer.", code=type(error).__name__) from error
        log.debug(
            "http.call",
            extra={"operation": operation, "status": answer.status, "seconds": round(time.monotonic() - started, 3)},
        )
        self._limiter.note_answer()
        if answer.status == 429:
            self._limiter.park(operation, self._pause(answer))
        return answer

    def _pause(self, answer: Answer) -> float:
        """Return the seconds to leave an operation alone after a 429."""
        asked = self._adapter.pause_after(answer)
        return DEFAULT_RETRY_SECONDS if asked is None else min(max(asked, 0.0), LONGEST_RETRY_SECONDS)

    def _note_timeout(self, error: httpx.TransportError) -> None:
        """Waiting for a free connection of ours is not the channel's silence."""
        if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.PoolTimeout):
            self._limiter.note_timeout()

    def read(self, answer: Answer, *, write: bool = False) -> Any:
        """Return the JSON of a good answer; raise what a bad one means, sorted by remedy."""
        if not answer.ok:
            raise self.error_of(answer, write=write)
        try:
            return answer.json()
        except ValueError as error:
            raise self._lost(write, f"{self._label} gave an answer that is not readable.", code="unreadable") from error

    def error_of(self, answer: Answer, *, write: bool, code: str = "", reason: str = "") -> ChannelError:
        """Return the error that a refusing answer stands for.

        `code` and `reason` are for channels that say them elsewhere than at the top of a JSON object.
        """
        reason = self._clean(reason or _reason(answer))
        known: dict[str, Any] = {
            "http_status": answer.status,
            "request_id": answer.request_id,
            "code": code or _code(answer),
        }
        if answer.status == 429:
            return TemporaryError(f"{self._label} {SLOW_DOWN}", **known, retry_after=self._pause(answer))
        if answer.status in (401, 403):
            return SettingsError(reason or f"{self._label} refuses these credentials.", **known)
        if answer.status >= 500 or answer.status == 408:
            if write:
                return OutcomeUnknown(f"{self._label} failed in the middle of it.", **known)
            return TemporaryError(f"{self._label} has a problem.", **known, retry_after=answer.retry_after)
        return RejectedByChannel(reason or f"{self._label} refused it ({answer.status}).", **known)

    def _lost(self, write: bool, message: str, *, code: str) -> ChannelError:
        return OutcomeUnknown(message, code=code) if write else TemporaryError(message, code=code)

    def _timeout(self) -> httpx.Timeout:
        left = TOTAL_SECONDS if self._deadline is None else min(TOTAL_SECONDS, self._deadline() - time.monotonic())
        if left < SHORTEST_SECONDS:
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
                if time.monotonic() > until:
                    raise httpx.ReadTimeout("the answer did not end")
                if size > LARGEST_ANSWER_BYTES:
                    raise httpx.ReadError("the answer is too large")
        finally:
            response.close()
        return Answer(status=response.status_code, headers=response.headers, body=b"".join(chunks))

    def _clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "•••")
        return text[:500]


def _seconds_between(since: str, until: str) -> float:
    """Return the seconds between two dates of HTTP headers; not a number if one of them is no date."""
    try:
        return (parsedate_to_datetime(until) - parsedate_to_datetime(since)).total_seconds()
    except (TypeError, ValueError):
        return math.nan


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
