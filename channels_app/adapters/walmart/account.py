"""What Walmart says of the account and of what its key may do. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from channels_app.adapters.errors import SettingsError
from channels_app.adapters.types import Capability, ConnectionFacts
from channels_app.adapters.walmart.choices import CANCEL_REASONS, CARRIERS, REFUND_REASONS, RETURN_DECISIONS
from channels_app.adapters.walmart.limits import read_feed_limits

#: Without full access to these the channel cannot do its work.
_NEEDED = {
    "orders": "orders",
    "item": "items",
    "price": "prices",
    "inventory": "inventory",
    "feeds": "feeds",
}
_LEVELS = {"view_only": "may only look at", "no_access": "may not touch"}
#: Accounts that cannot sell any more.
_CLOSED = {
    "SUSPENDED": "Walmart has suspended this seller account.",
    "TERMINATED": "Walmart has ended this seller account.",
    "TNS_DECLINED": "Walmart has declined this seller account.",
}


def check_scopes(detail: Mapping[str, Any]) -> None:
    """Raise SettingsError if the key may not do what the channel needs. Scopes that are not named are granted."""
    if detail.get("is_valid") is False or detail.get("is_channel_match") is False:
        _refuse("Walmart says that this key is not valid for its Marketplace in the United States.", "invalid_key")
    scopes = detail.get("scopes") or {}
    lacking = [
        f"{_LEVELS[str(scopes[scope])]} {words}"
        for scope, words in _NEEDED.items()
        if str(scopes.get(scope)) in _LEVELS
    ]
    if lacking:
        _refuse(
            f"This key {_in_a_row(lacking)}. Give it full access under API Key Management in the Developer Portal.",
            "lacking_scopes",
        )


def _refuse(message: str, code: str) -> None:
    raise SettingsError(message, field_errors={"client_id": message}, code=code)


def _in_a_row(parts: Iterable[str]) -> str:
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


def read_facts(
    detail: Mapping[str, Any], profile: Mapping[str, Any], *, capabilities: frozenset[Capability]
) -> ConnectionFacts:
    """Return what this connection can do. Raises SettingsError for an account that cannot sell."""
    if why := _CLOSED.get(read_status(profile)):
        raise SettingsError(why, code="account_closed")
    partner = profile.get("partner") or {}
    if not partner.get("partnerId"):
        raise SettingsError("Walmart names no seller account for this key.", code="no_account")
    may_returns = str((detail.get("scopes") or {}).get("returns")) not in _LEVELS
    return ConnectionFacts(
        account_id=str(partner["partnerId"]),
        account_name=str(partner.get("partnerDisplayName") or partner.get("partnerName") or ""),
        currency="USD",
        capabilities=capabilities if may_returns else capabilities - {Capability.RETURNS},
        carriers=CARRIERS,
        cancel_reasons=CANCEL_REASONS,
        refund_reasons=REFUND_REASONS,
        return_decisions=RETURN_DECISIONS if may_returns else (),
        limits=read_feed_limits(profile),
    )


def read_status(profile: Mapping[str, Any]) -> str:
    """Return the account's status, or "" if the profile does not say."""
    for configuration in profile.get("configurations") or ():
        if configuration.get("configurationName") == "ACCOUNT":
            return str((configuration.get("configuration") or {}).get("status") or "")
    return ""
