"""Protocols: ways in which sellers' software speaks to the marketplace. Each is a router over the same engine.

A server speaks one of them: its own, or one that looks like a real marketplace's.
"""

from collections.abc import Callable, Mapping
from importlib import import_module

from sandbox.protocols.protocol import Protocol


def _of(module: str) -> Callable[[], Protocol]:
    def load() -> Protocol:
        protocol: Protocol = import_module(module).PROTOCOL
        return protocol

    return load


#: Name -> how to load it; only the one that is spoken is.
PROTOCOLS: Mapping[str, Callable[[], Protocol]] = {
    "native": _of("sandbox.protocols.native"),
    "mirakl": _of("sandbox.protocols.mirakl"),
    "walmart": _of("sandbox.protocols.walmart"),
    "bol": _of("sandbox.protocols.bol"),
}
