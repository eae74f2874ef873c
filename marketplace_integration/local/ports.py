"""Free ports on 127.0.0.1."""

import socket


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def any_free() -> int:
    """A port nobody uses now. Another program may still take it first: whoever starts a server must retry."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def free_from(first: int) -> int:
    """`first` if it is free, or the next free port within a hundred, or any."""
    return next((port for port in range(first, first + 100) if is_free(port)), 0) or any_free()
