"""What an operator's instance says of itself, and what the seller tells us."""

import pytest

from channels_app.adapters.errors import SettingsError
from channels_app.adapters.mirakl.adapter import MiraklAdapter
from channels_app.adapters.mirakl.forms import MiraklAccountForm
from channels_app.adapters.mirakl.offers import OfferTerms
from channels_app.adapters.types import Capability, Choice
from tests.adapters.mirakl.operator import HOST, Operator

ACCOUNT = {"shop_id": 2034, "shop_name": "Mug shop", "currency_iso_code": "EUR", "shop_state": "OPEN"}
PLATFORM = "GET /api/platform/configuration"
CALLS = [
    "GET /api/account",
    "GET /api/offers/states",
    "GET /api/shipping/carriers",
    "GET /api/shipping/types",
    "GET /api/reasons",
    PLATFORM,
]


def reason(code: str, kind: str, *, ours: bool = True) -> dict[str, object]:
    return {"code": code, "label": f"Reason {code}", "type": kind, "is_shop_right": ours}


REASONS = [
    reason("15", "REFUND"),
    reason("16", "REFUND", ours=False),
    reason("34", "CANCELATION"),
    reason("40", "INCIDENT_OPEN"),
]


@pytest.fixture
def instance(operator: Operator) -> Operator:
    operator.says("GET /api/account", ACCOUNT)
    operator.says("GET /api/offers/states", {"offer_states": [{"code": "11", "label": "New"}]})
    operator.says("GET /api/shipping/carriers", {"carriers": [{"code": "UPS", "label": "UPS Express"}]})
    operator.says(
        "GET /api/shipping/types",
        {"shipping_types": [{"code": "STD", "label": "Standard", "mandatory_tracking": False}]},
    )
    operator.says("GET /api/reasons", {"reasons": REASONS})
    operator.says(PLATFORM, {"features": {}})
    return operator


def replace(operator: Operator, call: str, answer: object, status: int = 200) -> None:
    operator.answers[call] = []
    operator.says(call, answer, status=status)


def test_the_check_learns_what_this_operator_allows(instance):
    facts = instance.adapter().check_connection()

    assert (facts.account_id, facts.account_name, facts.currency) == ("2034@operator.mirakl.test", "Mug shop", "EUR")
    assert facts.carriers == (Choice(code="UPS", name="UPS Express"),)
    assert facts.refund_reasons == (Choice(code="15", name="Reason 15"),)
    assert facts.cancel_reasons == (Choice(code="34", name="Reason 34"),)
    assert {Capability.RECONCILE, Capability.ACCEPT, Capability.REFUND_PARTIAL} <= facts.capabilities
    assert not {Capability.SHIP_PARTIAL, Capability.TRACKING_REQUIRED, Capability.RETURNS} & facts.capabilities
    assert facts.return_decisions == ()


def test_the_account_is_asked_for_once_and_by_the_check_alone(instance):
    instance.adapter().check_connection()

    assert instance.asked() == CALLS


def test_what_differs_between_operators_is_read_or_set(instance):
    replace(
        instance,
        "GET /api/shipping/types",
        {"shipping_types": [{"code": "X", "label": "X", "mandatory_tracking": True}]},
    )
    replace(instance, "GET /api/reasons", {"reasons": [reason("16", "REFUND", ours=False)]})

    facts = instance.adapter(multi_shipment=True).check_connection()

    assert {Capability.SHIP_PARTIAL, Capability.TRACKING_REQUIRED} <= facts.capabilities
    assert not {Capability.REFUND, Capability.CANCEL_LINE, Capability.CANCEL_PARTIAL} & facts.capabilities
    assert facts.capabilities <= MiraklAdapter.capabilities


@pytest.mark.parametrize(
    ("model", "switches", "has_returns"),
    [
        ("MARKETPLACE", {"marketplace": True, "drop_ship": False}, True),
        ("MARKETPLACE", {"marketplace": False, "drop_ship": True}, False),
        ("DROPSHIP", {"marketplace": False, "drop_ship": True}, True),
        ("SOMETHING_NEW", {"marketplace": False, "one_creditor": True}, True),
        ("MARKETPLACE", {}, False),
    ],
)
def test_returns_are_there_where_the_operator_has_switched_them_on(instance, model, switches, has_returns):
    replace(instance, "GET /api/account", {**ACCOUNT, "model": model})
    replace(instance, PLATFORM, {"features": {"returns": switches}})

    facts = instance.adapter().check_connection()

    assert (Capability.RETURNS in facts.capabilities) is has_returns
    assert bool(facts.return_decisions) is has_returns


@pytest.mark.parametrize("status", [403, 404])
def test_a_key_that_may_not_read_what_is_switched_on_sells_all_the_same(instance, status):
    replace(instance, PLATFORM, {"message": "No"}, status=status)

    assert Capability.RETURNS not in instance.adapter().check_connection().capabilities


def test_several_parcels_are_refused_where_the_operator_takes_one(instance):
    replace(instance, PLATFORM, {"features": {"shipment": {"multi_shipment": False}}})

    assert instance.adapter().check_connection().account_id
    with pytest.raises(SettingsError, match="one parcel an order") as caught:
        instance.adapter(unlimited=True, multi_shipment=True).check_connection()

    assert set(caught.value.field_errors) == {"multi_shipment"}


@pytest.mark.parametrize(("answer", "status"), [("<h1>Not found</h1>", 404), ({"name": "another shop"}, 200)])
def test_something_else_at_the_address_is_a_matter_for_the_seller(instance, answer, status):
    replace(instance, "GET /api/account", answer, status=status)

    with pytest.raises(SettingsError) as caught:
        instance.adapter().check_connection()

    assert set(caught.value.field_errors) == {"base_url"}


def test_an_offer_state_that_the_operator_does_not_have_is_refused_with_those_it_has(instance):
    with pytest.raises(SettingsError, match=r"no offer state 12. It has: 11 \(New\)") as caught:
        instance.adapter(offer_state="12").check_connection()

    assert set(caught.value.field_errors) == {"offer_state"}


def test_an_operator_without_a_list_of_states_proves_nothing(instance):
    replace(instance, "GET /api/offers/states", {"message": "Not found"}, status=404)

    assert instance.adapter(offer_state="12").check_connection().account_id


def test_a_shop_without_a_currency_cannot_sell(instance):
    replace(instance, "GET /api/account", {"shop_id": 2034})

    with pytest.raises(SettingsError, match="currency"):
        instance.adapter().check_connection()


# What the seller tells us


def form(**given: object) -> MiraklAccountForm:
    usual = {"base_url": f"{HOST}/mmp/shop/login", "api_key": "k", "offer_state": "11", "product_id_type": "EAN"}
    return MiraklAccountForm({**usual, **given})


def test_of_the_address_only_the_host_is_kept():
    filled = form()

    assert filled.is_valid(), filled.errors
    assert filled.cleaned_data["base_url"] == HOST
    assert MiraklAdapter.host(filled.cleaned_data) == "operator.mirakl.test"


@pytest.mark.parametrize("address", ["ftp://operator.test", "https://me:secret@operator.test"])
def test_an_address_with_a_password_or_of_another_kind_is_refused(address):
    assert "base_url" in form(base_url=address).errors


def test_terms_are_what_the_form_says_or_the_usual_ones():
    filled = form(lead_time="0", product_sku_attribute="macys-sku")
    assert filled.is_valid()

    assert OfferTerms.of(filled.cleaned_data) == OfferTerms(lead_time="0", product_sku_attribute="macys-sku")
    assert OfferTerms.of({}) == OfferTerms(state="11", product_id_type="EAN")


def test_the_form_says_that_a_key_may_be_checked_once_a_day():
    assert "one check of a key a day" in str(MiraklAccountForm.base_fields["api_key"].help_text)
