"""Where outgoing requests may go: no private address, unless host:port is allowed by name."""

import socket
from collections.abc import Callable, Collection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpx

_NAT64 = IPv6Network("64:ff9b::/96")
_DEFAULT_PORTS = {"http": 80, "https": 443}

#: (host, port) -> IP addresses. Raises OSError.
Resolver = Callable[[str, int], list[str]]


class AddressRefused(Exception):  # noqa: N818 - a decision
    """Our servers do not call this address."""


def resolve(host: str, port: int) -> list[str]:
    """Return the IP addresses of `host`, each once. Raises OSError if it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[4][0]) for address in found))


def is_public(address: str) -> bool:
    """Say whether anybody on the internet would reach the same machine under this IP address."""
    ip = _inner(ip_address(address.partition("%")[0]))
    return ip.is_global and not ip.is_multicast


def _inner(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 address wraps, if it does: the packet ends up there."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip


class GuardedTransport(httpx.BaseTransport):
    """Resolves the host itself, refuses private addresses, and connects to the very address it has checked.

    A name that answers differently a moment later (DNS rebinding) therefore changes nothing.
    """

    def __init__(
        self,
        transport_for: Callable[[str], httpx.BaseTransport],
        *,
        allowed_hosts: Collection[str],
        resolver: Resolver = resolve,
    ) -> None:
        """`transport_for` gives the connections of one host name.

        They are kept apart by name, because a pool sees only addresses here, and a connection whose certificate was
        checked for one name must not carry the requests of another.
        """
        self._transport_for = transport_for
        self._allowed = {name.strip().lower() for name in allowed_hosts}
        self._resolve = resolver

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer. Raises AddressRefused, or httpx.ConnectError if the name cannot be resolved."""
        addresses = self._checked(request)
        inner = self._transport_for(request.url.host)
        for address in addresses[:-1]:
            try:
                return inner.handle_request(_pinned(request, address))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return inner.handle_request(_pinned(request, addresses[-1]))

    def _checked(self, request: httpx.Request) -> list[str]:
        host = request.url.host
        port = request.url.port or _DEFAULT_PORTS.get(request.url.scheme, 0)
        named = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        is_allowed = named.lower() in self._allowed
        if request.url.scheme != "https" and not is_allowed:
            raise AddressRefused(f"{named} must be called over https.")
        try:
            addresses = self._resolve(host, port)
        except OSError as error:
            raise httpx.ConnectError(f"{host} cannot be found.", request=request) from error
        if not is_allowed and not all(is_public(address) for address in addresses):
            raise AddressRefused(
                f"{named} is a private address. Whoever runs this site may allow it in OUTBOUND_ALLOWED_HOSTS."
            )
        return addresses


def _pinned(request: httpx.Request, address: str) -> httpx.Request:
    """Return the request to be sent to this address; Host header and TLS name stay those of the host."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.host},
    )
