"""Where a connection's products, stock and prices belong: looked up, checked, and kept for the time of one job."""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from channels_app.adapters.errors import RejectedByChannel, SettingsError, TemporaryError
from channels_app.adapters.medusa.client import MedusaClient, choose
from channels_app.adapters.medusa.values import Body, read_moment
from channels_app.adapters.types import Capability, ConnectionFacts
from marketplace_integration import clock

_ALWAYS = frozenset((Capability.RECONCILE, Capability.SHIP_PARTIAL, Capability.TELLS_SHIPPED))
_REFUNDS = frozenset((Capability.REFUND, Capability.REFUND_PARTIAL))
CAPABILITIES = _ALWAYS | _REFUNDS

_ALL = {"limit": 100}


class Places:
    """The places of one account. Raises SettingsError for what the seller has to choose or make first."""

    def __init__(self, client: MedusaClient, settings: Mapping[str, Any]) -> None:
        self._client = client
        self._settings = settings

    @cached_property
    def location_id(self) -> str:
        """The stock location, unchecked if the seller named one."""
        return self._chosen("location_id") or self._find_location()

    @cached_property
    def shipping_profile_id(self) -> str:
        return self._chosen("shipping_profile_id") or self._find_shipping_profile()

    @cached_property
    def sales_channel_id(self) -> str:
        return self._chosen("sales_channel_id") or self._find_sales_channel()

    @cached_property
    def currency(self) -> str:
        """The currency of this account, in capitals: the seller's, or the store's own."""
        if self._client.flavour.has_sellers:
            return str(self._client.seller().get("currency_code") or "").upper() or self._store_currency()
        return self._store_currency()

    def check(self) -> ConnectionFacts:
        """Return what this connection can do, with every place looked at, named by the seller or not."""
        self._find_sales_channel()
        self._find_location()
        self._find_shipping_profile()
        owner = self._client.seller() if self._client.flavour.has_sellers else self._store
        return ConnectionFacts(
            # Numbers are made up by each server: two of them may be restored from one backup.
            account_id=f"{owner['id']}@{self._client.host}",
            account_name=str(owner.get("name") or owner["id"]),
            currency=self.currency,
            capabilities=_ALWAYS | (_REFUNDS if self._takes_refunds() else frozenset()),
            credentials_expire_at=None if self._client.flavour.has_sellers else self._end_of_key(),
        )

    def _chosen(self, field: str) -> str:
        return str(self._settings.get(field) or "")

    @cached_property
    def _store(self) -> Body:
        stores = self._client.get("store", "/stores", _ALL)["stores"]
        if not stores:
            raise SettingsError("This server has no store yet.", field_errors={"base_url": "It has no store yet."})
        return dict(stores[0])

    def _store_currency(self) -> str:
        """Return the store's default currency."""
        currencies = list(self._store.get("supported_currencies") or ())
        default = [one for one in currencies if one.get("is_default")] or currencies
        if not default:
            raise SettingsError("The store has no currency: add one in its settings.", code="no_currency")
        return str(default[0]["currency_code"]).upper()

    def _find_location(self) -> str:
        """Return the location. Raises SettingsError also if what is in stock there is not sold on the sales channel."""
        rows = self._list("locations", "/stock-locations", fields="id,name,sales_channels.id")
        found = choose(_names(rows), self._chosen("location_id"), field="location_id", what="stock location")
        row = next(one for one in rows if one["id"] == found)
        if self.sales_channel_id not in [one["id"] for one in row.get("sales_channels") or ()]:
            message = (
                f"Stock location {found} does not serve the sales channel {self.sales_channel_id}: connect them in the "
                "settings of the location."
            )
            raise SettingsError(message, field_errors={"location_id": message}, code="location_id")
        return found

    def _find_shipping_profile(self) -> str:
        rows = self._list("profiles", "/shipping-profiles", fields="id,name,type")
        usual = [one for one in rows if one.get("type") == "default"]
        chosen = self._chosen("shipping_profile_id")
        offered = rows if chosen or len(usual) != 1 else usual
        return choose(_names(offered), chosen, field="shipping_profile_id", what="shipping profile")

    def _find_sales_channel(self) -> str:
        """Return the sales channel: the chosen one if it is there, else the store's own, else the only one."""
        rows = self._list("sales_channels", "/sales-channels", fields="id,name")
        chosen = self._chosen("sales_channel_id") or str(self._store.get("default_sales_channel_id") or "")
        return choose(_names(rows), chosen, field="sales_channel_id", what="sales channel")

    def _list(self, operation: str, path: str, *, fields: str) -> list[dict[str, Any]]:
        name = path.removeprefix("/").replace("-", "_")
        return list(self._client.get(operation, path, {**_ALL, "fields": fields})[name])

    def _end_of_key(self) -> datetime | None:
        """Return when the secret key was set to be revoked; None if it was not, or the server does not say.

        Source: Medusa, packages/modules/api-key (read 2026-11-27): a key works until `revoked_at`, which may lie ahead
        ("revoke_in"); lists show keys as `redacted` only. A password, at Mercur, has no such end.
        """
        try:
            rows = self._list("api_keys", "/api-keys", fields="id,redacted,revoked_at")
            told = [one["revoked_at"] for one in rows if self._client.is_own_key(one)]
            ends = [read_moment(str(moment)) for moment in told if moment]
        except (TemporaryError, RejectedByChannel, SettingsError, KeyError, ValueError):
            return None
        return ends[0] if len(ends) == 1 and ends[0] > clock.now() else None

    def _takes_refunds(self) -> bool:
        """Say whether the server lets this account refund: as shipped, Mercur 2.1.5 fails at every payment."""
        try:
            self._client.get("payments", "/payments", {"limit": 1, "fields": "id"})
        except (TemporaryError, RejectedByChannel):
            return False
        return True


def _names(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {str(one["id"]): str(one.get("name") or one["id"]) for one in rows}
