"""A channel that was added a moment ago."""

import pytest

from channels_app.flows.activate import missing_steps
from channels_app.flows.settings import add_channel
from tests.factories import NOW, make_seller, make_user

pytestmark = pytest.mark.django_db


def test_a_new_channel_begins_with_what_its_account_form_proposes():
    seller = make_seller()
    channel = add_channel(seller, "bol", "", actor=make_user(seller=seller), now=NOW)

    assert channel.settings["countries"] == "NL,BE"
    missing = {step.text for step in missing_steps(channel)}
    assert not any("Delivery" in text for text in missing)
    assert any("Client ID" in text for text in missing)
