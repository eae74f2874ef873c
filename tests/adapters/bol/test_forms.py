"""What the seller enters."""

import pytest

from channels_app.adapters.bol.forms import BolAccountForm

GOOD = {
    "client_id": "c",
    "client_secret": "s",
    "schedule": "MY_DELIVERY_PROMISE",
    "minimum_days": "1",
    "maximum_days": "2",
    "ultimate_order_time": "15:00",
    "countries": "NL,BE",
}


@pytest.mark.parametrize("more", [{}, {"base_url": "http://127.0.0.1:9000/"}, {"ultimate_order_time": ""}])
def test_a_complete_form_is_taken(more):
    assert BolAccountForm({**GOOD, **more}).is_valid()


def test_bols_own_promise_needs_no_days():
    form = {**GOOD, "schedule": "BOL_DELIVERY_PROMISE", "minimum_days": "", "maximum_days": ""}

    assert BolAccountForm(form).is_valid()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"minimum_days": ""}, "minimum_days"),
        ({"minimum_days": "5"}, "maximum_days"),
        ({"ultimate_order_time": "25:00"}, "ultimate_order_time"),
        ({"base_url": "https://user:word@bol.test"}, "base_url"),
        ({"countries": "DE"}, "countries"),
    ],
)
def test_what_makes_no_sense_is_said_at_its_field(wrong, field):
    assert set(BolAccountForm({**GOOD, **wrong}).errors) == {field}


def test_an_address_keeps_neither_path_nor_slash():
    form = BolAccountForm({**GOOD, "base_url": "http://127.0.0.1:9000/retailer/"})

    assert form.is_valid()
    assert form.cleaned_data["base_url"] == "http://127.0.0.1:9000"
