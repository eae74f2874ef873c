"""Access tokens shared by all workers and fetched once: many vendors count, or revoke, a second one."""

import contextlib
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import redis

from channels_app.adapters.errors import TemporaryError
from channels_app.adapters.redis_client import shared_redis
from channels_app.adapters.types import Account

if TYPE_CHECKING:
    from channels_app.adapters.http import Answer

#: A token this close to its end is not used any more.
MARGIN_SECONDS = 30
#: How long others wait while one fetches.
FETCH_SECONDS = 10


class TokenStore:
    """The current access token of one account. Valkey away: each caller fetches its own."""

    def __init__(self, account: Account) -> None:
        # Other credentials are another token; a hash, so that no secret stands in a key.
        credentials = json.dumps([dict(account.settings), dict(account.secrets), account.mode], sort_keys=True)
        self._key = f"token:{account.scope}:{hashlib.sha256(credentials.encode()).hexdigest()[:16]}"

    def get(self, fetch: Callable[[], tuple[str, float]]) -> str:
        """Return a living token; `fetch` gives (token, seconds to live) and is called by one worker at a time."""
        token = self._read()
        if token:
            return token
        with self._fetching():
            token = self._read()
            if token:
                return token
            token, seconds = fetch()
            self._write(token, seconds)
            return token

    def authorized(self, fetch: Callable[[], tuple[str, float]], call: Callable[[str], "Answer"]) -> "Answer":
        """Return what `call` answers with a living token; one that was refused (401) did nothing and is renewed once.

        Raises TemporaryError if the new one is refused as well: it was given for these very credentials, so there is
        nothing that the seller could mend.
        """
        for _ in range(2):
            token = self.get(fetch)
            answer = call(token)
            if answer.status != 401:
                return answer
            self.forget(token)
        message = "The marketplace refuses an access token that it has only just given."
        raise TemporaryError(message, code="token_refused", http_status=401)

    def forget(self, token: str) -> None:
        """Drop `token`, which the channel refused, unless a newer one has taken its place."""
        with contextlib.suppress(redis.RedisError):
            if self._read() == token:
                shared_redis().delete(self._key)

    def _read(self) -> str:
        try:
            found = shared_redis().get(self._key)
        except redis.RedisError:
            return ""
        return found.decode() if isinstance(found, bytes) else ""

    def _write(self, token: str, seconds: float) -> None:
        lifetime = int(seconds - MARGIN_SECONDS) if seconds > 2 * MARGIN_SECONDS else int(seconds / 2)
        if lifetime >= 1:
            with contextlib.suppress(redis.RedisError):
                shared_redis().set(self._key, token, ex=lifetime)

    @contextlib.contextmanager
    def _fetching(self) -> Iterator[None]:
        """Hold the right to fetch. Somebody else's fetch that hangs is waited for no longer than FETCH_SECONDS."""
        mine = str(time.monotonic_ns())
        lock = f"{self._key}:fetching"
        try:
            until = time.monotonic() + FETCH_SECONDS
            while not shared_redis().set(lock, mine, nx=True, ex=FETCH_SECONDS):
                if self._read() or time.monotonic() > until:
                    break
                time.sleep(0.05)
        except redis.RedisError:
            yield
            return
        try:
            yield
        finally:
            with contextlib.suppress(redis.RedisError):
                if shared_redis().get(lock) == mine.encode():
                    shared_redis().delete(lock)
