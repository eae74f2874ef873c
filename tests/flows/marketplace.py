"""A marketplace in memory for tests of the life cycle: the credentials choose what its connection check says."""

from datetime import datetime
from typing import Any, ClassVar

import pytest
from django import forms
from django.contrib.auth.models import Permission, User

from channels_app.adapters import registry
from channels_app.adapters.errors import SettingsError, TemporaryError
from channels_app.adapters.types import Capability, ConnectionFacts
from channels_app.models import Channel
from channels_app.secrets import store_secrets
from inventory.models import Item, Seller
from tests.factories import make_channel, make_item, make_label, make_user
from tests.fakes import FakeAdapter

EVERYTHING = frozenset(Capability) - {Capability.FULFILLMENTS_REQUIRED}


class AccountForm(forms.Form):
    client_id = forms.CharField(label="Client id")
    client_secret = forms.CharField(label="Client secret", widget=forms.PasswordInput)
    site = forms.CharField(label="Site", required=False)


class MemoryAdapter(FakeAdapter):
    """Client secret "bad" is refused, "down" cannot be reached; the client id names the account."""

    key = "sandbox"
    label = "Memory"
    capabilities = EVERYTHING
    account_form = AccountForm

    #: What connections can do, and in which currency they sell; tests change them.
    told: ClassVar[frozenset[Capability]] = EVERYTHING
    currency: ClassVar[str] = "USD"
    checks: ClassVar[int] = 0
    #: When its credentials expire, if it tells.
    expire_at: ClassVar[datetime | None] = None

    def check_connection(self) -> ConnectionFacts:
        type(self).checks += 1
        secret = self.account.secrets["client_secret"]
        if secret == "bad":
            raise SettingsError("The client secret is wrong.", field_errors={"client_secret": "This is wrong."})
        if secret == "down":
            raise TemporaryError("The marketplace cannot be reached.")
        client = self.account.settings["client_id"]
        return ConnectionFacts(
            account_id=f"acct-{client}",
            account_name=f"Shop of {client}",
            currency=self.currency,
            capabilities=self.told,
            credentials_expire_at=self.expire_at,
        )


def make_ready_channel(
    seller: Seller,
    *,
    client_id: str = "north",
    secret: str = "swordfish",  # noqa: S107
    items: list[Item] | None = None,
    **fields: Any,
) -> Channel:
    """Return a channel in Setup that lacks nothing but the connection check."""
    if items is None:
        items = [make_item(seller, f"MUG-{client_id}", on_hand=5)]
    if "label" not in fields:
        fields["label"] = make_label(seller, f"Outlet {client_id} {Channel.objects.count()}", items=items)
    fresh: dict[str, Any] = {"facts": {}, "account_id": "", "currency": "", "orders_known_until": None}
    channel = make_channel(seller, state="setup", settings={"client_id": client_id, "site": ""}, **fresh | fields)
    store_secrets(channel, {"client_secret": secret})
    channel.save()
    return channel


@pytest.fixture
def memory_marketplace(monkeypatch: pytest.MonkeyPatch) -> type[MemoryAdapter]:
    """Every channel of the test speaks to the marketplace in memory."""
    monkeypatch.setattr(registry, "adapters", lambda: {MemoryAdapter.key: MemoryAdapter})
    monkeypatch.setattr(MemoryAdapter, "checks", 0)
    return MemoryAdapter


@pytest.fixture
def support(db: None) -> User:
    """A support person: staff with that one permission, no superuser."""
    user = make_user("support@example.com")
    user.is_staff = True
    user.save()
    user.user_permissions.add(Permission.objects.get(codename="support_channels"))
    return User.objects.get(pk=user.pk)
