"""One Valkey server: in memory only, because everything in it may be lost at any time."""

import time
from dataclasses import dataclass

import redis

from marketplace_integration.local.binaries import valkey_server


@dataclass(frozen=True, slots=True, kw_only=True)
class Valkey:
    """A server on 127.0.0.1:`port` that asks for `password` and writes nothing to disk."""

    port: int
    password: str

    @property
    def url(self) -> str:
        """A REDIS_URL."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        """The server in the foreground."""
        return [
            str(valkey_server()),
            *("--port", str(self.port), "--bind", "127.0.0.1", "--requirepass", self.password),
            *("--save", "", "--appendonly", "no", "--daemonize", "no", "--dir", "/", "--loglevel", "warning"),
        ]

    def wait_until_ready(self, *, seconds: float = 15) -> None:
        """It answers. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        with redis.Redis.from_url(self.url, socket_connect_timeout=1, socket_timeout=1) as client:
            while True:
                try:
                    client.ping()
                except redis.RedisError as error:
                    if time.monotonic() > deadline:
                        raise TimeoutError(f"Valkey does not answer on port {self.port}: {error}") from error
                    time.sleep(0.05)
                else:
                    return
