"""System checks of the adapters and of the keys: run at start-up and by `manage.py check`."""

from collections.abc import Iterator, Sequence
from typing import Any

from cryptography.fernet import Fernet
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.registry import adapters
from channels_app.adapters.types import Capability, Kind
from channels_app.flows.expiry import EXPIRES_ON
from channels_app.models import ChannelJob

#: A declared capability, and the verb that must then be the adapter's own.
VERBS = {
    Capability.RECONCILE: "export_listings",
    Capability.ACCEPT: "accept",
    Capability.REFUND: "refund",
    Capability.CANCELLATION_REQUESTS: "answer_cancellation",
}


@register
def check_adapters(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Every registered adapter loads, and can do what it declares."""
    try:
        classes = adapters().values()
    except Exception as error:  # whatever an installed package does wrong when it is imported
        return [Error(f"A channel adapter cannot be loaded: {error}", id="channels_app.E001")]
    return [message for adapter in classes for message in check_adapter(adapter)]


def check_adapter(adapter: type[ChannelAdapter]) -> Iterator[CheckMessage]:
    """Give what `adapter` declares but does not do."""
    for capability, verb in VERBS.items():
        if capability in adapter.capabilities and getattr(adapter, verb) is getattr(ChannelAdapter, verb):
            yield Error(f"{adapter.key} declares {capability.value} but has no {verb}().", id="channels_app.E002")
    for kind in adapter.intervals:
        if kind not in ChannelJob.Kind.values:
            yield Error(f"{adapter.key} gives an interval for the unknown job {kind!r}.", id="channels_app.E003")
    if taken := adapter.account_form.base_fields.keys() & {"seen", EXPIRES_ON}:
        yield Error(f"{adapter.key} has a field of our own in its account form: {taken}.", id="channels_app.E006")
    offers = (Kind.OFFER,) if Kind.OFFER in adapter.submission_lines else (Kind.QUANTITY, Kind.PRICE)
    for needed in (Kind.CONTENT, *offers, Kind.WITHDRAW):
        if adapter.submission_lines.get(needed, 0) < 1:
            yield Error(f"{adapter.key} does not say how many {needed.value} lines fit.", id="channels_app.E004")


@register
def check_field_keys(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Every key that encrypts credentials is one; found out at start-up, not when the first seller saves."""
    return [
        Error(f"FIELD_KEYS, key {place}: this is no Fernet key (32 bytes, base64).", id="channels_app.E005")
        for place, key in enumerate(settings.FIELD_KEYS, start=1)
        if not _is_fernet_key(key)
    ]


def _is_fernet_key(key: str) -> bool:
    try:
        Fernet(key)
    except ValueError:
        return False
    return True
