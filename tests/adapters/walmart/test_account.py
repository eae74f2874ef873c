"""What the account and its key may do."""

from typing import Any

import pytest

from channels_app.adapters.errors import SettingsError
from channels_app.adapters.types import (
    Capability,
    Limit,
)
from channels_app.adapters.walmart import (
    account,
)


def detail(**scopes: str) -> dict[str, Any]:
    names = ("orders", "item", "price", "inventory", "feeds", "returns", "reports")
    return {"is_valid": True, "is_channel_match": True, "scopes": {**dict.fromkeys(names, "full_access"), **scopes}}


def profile(status: str = "ACTIVE", *throttles: dict[str, Any]) -> dict[str, Any]:
    return {
        "partner": {"partnerId": "10001", "partnerDisplayName": "Acme"},
        "configurations": [
            {"configurationName": "ACCOUNT", "configuration": {"status": status}},
            {"configurationName": "FEED", "configuration": {"values": list(throttles)}},
        ],
    }


def throttle(feed_type: str, count: int, unit: str = "SECOND") -> dict[str, Any]:
    rate = {"count": count, "replenishTimeWindow": {"value": 3600, "unitOfMeasurement": unit}}
    return {"feedType": feed_type, "throttleConfigurations": [{"type": "SELLER", "rate": rate}]}


def test_the_accounts_own_feed_rates_take_the_place_of_the_usual_ones():
    told = profile("ACTIVE", throttle("inventory", 36), throttle("price", 5, "FORTNIGHT"), throttle("promo", 5))

    facts = account.read_facts(detail(), told, capabilities=frozenset(Capability))

    assert (facts.account_id, facts.account_name, facts.currency) == ("10001", "Acme", "USD")
    assert facts.limits == {"feed_inventory": Limit(per_second=0.01, burst=36)}
    assert len(facts.carriers) == 76
    assert len(facts.refund_reasons) == 22


def test_a_key_that_may_only_look_is_told_what_it_lacks():
    with pytest.raises(SettingsError) as caught:
        account.check_scopes(detail(orders="view_only", feeds="no_access"))

    assert "may only look at orders and may not touch feeds" in caught.value.field_errors["client_id"]
    account.check_scopes(detail(returns="no_access"))


def test_a_key_without_returns_gives_a_channel_without_returns():
    facts = account.read_facts(detail(returns="view_only"), profile(), capabilities=frozenset(Capability))

    assert Capability.RETURNS not in facts.capabilities
    assert Capability.REFUND in facts.capabilities


@pytest.mark.parametrize("status", ["SUSPENDED", "TERMINATED", "TNS_DECLINED"])
def test_an_account_that_cannot_sell_is_a_matter_for_the_seller(status):
    with pytest.raises(SettingsError):
        account.read_facts(detail(), profile(status), capabilities=frozenset())
