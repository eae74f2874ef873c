"""The list of adapters: one line each, loaded on first use. Installed packages add theirs by entry point."""

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

from channels_app.adapters.base import ChannelAdapter

#: Adapter key -> where its class lives.
BUILT_IN = {
    "sandbox": "channels_app.adapters.sandbox.adapter.SandboxAdapter",
    "mirakl": "channels_app.adapters.mirakl.adapter.MiraklAdapter",
    "walmart": "channels_app.adapters.walmart.adapter.WalmartAdapter",
    "bol": "channels_app.adapters.bol.adapter.BolAdapter",
    "medusa": "channels_app.adapters.medusa.adapter.MedusaAdapter",
}

#: Entry point group in which an installed package names its adapters.
ENTRY_POINT_GROUP = "marketplace_integration.adapters"

#: Marketplaces that these settings do not run; no adapter may take their names.
SET_UP_ELSEWHERE = {"amazon": "Amazon", "ebay": "eBay", "rakuten": "Rakuten.com"}


class UnknownAdapter(LookupError):
    """No adapter has this key: its package is not installed here."""


def _is_reserved(key: str) -> bool:
    return any(name in key.lower() for name in SET_UP_ELSEWHERE)


@cache
def adapters() -> dict[str, type[ChannelAdapter]]:
    """Return every adapter class by key, in listed order. Raises ValueError for a reserved or wrong key."""
    paths = dict(BUILT_IN)
    paths |= {entry.name: entry.value.replace(":", ".") for entry in entry_points(group=ENTRY_POINT_GROUP)}
    found: dict[str, type[ChannelAdapter]] = {}
    for key, path in paths.items():
        if _is_reserved(key):
            raise ValueError(f"The adapter name {key!r} is reserved: that marketplace is set up elsewhere.")
        module, _, name = path.rpartition(".")
        adapter = getattr(import_module(module), name)
        if adapter.key != key:
            raise ValueError(f"{path} calls itself {adapter.key!r} but is registered as {key!r}.")
        found[key] = adapter
    return found


def get_adapter_class(key: str) -> type[ChannelAdapter]:
    """Return the adapter class of `key`. Raises UnknownAdapter if none is installed."""
    try:
        return adapters()[key]
    except KeyError:
        raise UnknownAdapter(f"No adapter is installed for {key!r}.") from None
