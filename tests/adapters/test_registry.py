from importlib.metadata import EntryPoint

import pytest

from channels_app.adapters import registry
from channels_app.adapters.registry import BUILT_IN, UnknownAdapter, adapters, get_adapter_class
from channels_app.adapters.sandbox.adapter import SandboxAdapter


@pytest.fixture(autouse=True)
def _fresh_list():
    adapters.cache_clear()
    yield
    adapters.cache_clear()


def installed(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """A package is installed that brings an adapter."""
    entry = EntryPoint(name=name, value=value, group=registry.ENTRY_POINT_GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [entry] if group == entry.group else [])


class Shop(SandboxAdapter):
    key = "shop"


def test_an_adapter_is_found_by_its_key():
    assert get_adapter_class("sandbox") is SandboxAdapter


def test_an_unknown_key_says_that_its_package_is_missing():
    with pytest.raises(UnknownAdapter, match="nowhere"):
        get_adapter_class("nowhere")


def test_an_installed_package_brings_its_adapter(monkeypatch):
    installed(monkeypatch, "shop", f"{__name__}:Shop")

    assert get_adapter_class("shop") is Shop


@pytest.mark.parametrize("key", ["amazon", "ebay", "rakuten", "Amazon-us", "my_ebay"])
def test_marketplaces_that_are_set_up_elsewhere_take_no_adapter(monkeypatch, key):
    installed(monkeypatch, key, f"{__name__}:Shop")

    with pytest.raises(ValueError, match="set up elsewhere"):
        adapters()


def test_an_adapter_registered_under_another_name_is_refused(monkeypatch):
    installed(monkeypatch, "store", f"{__name__}:Shop")

    with pytest.raises(ValueError, match="calls itself 'shop'"):
        adapters()


def test_every_built_in_adapter_loads():
    assert set(BUILT_IN) <= set(adapters())
