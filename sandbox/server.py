"""The HTTP server, taught to hang up on a client in the middle of a call."""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

_transports: dict[tuple[str, int], asyncio.Transport] = {}


class DroppableProtocol(H11Protocol):
    """HTTP/1.1 whose open connections can be found by the client's address."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        _transports[_peer(transport)] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        _transports.pop(_peer(self.transport), None)
        super().connection_lost(exc)


def _peer(transport: Any) -> tuple[str, int]:
    host, port = transport.get_extra_info("peername")[:2]
    return str(host), int(port)


def close_connection(client: Any) -> bool:
    """The client's connection is closed at once. Returns False when this server does not hold it (as in tests)."""
    transport = _transports.get((client.host, client.port)) if client else None
    if transport is None:
        return False
    transport.abort()
    return True
