"""Carriers and reasons: suggested, chosen once, and first in the forms of an order."""

from typing import Any

import pytest
from django.test import Client

from channels_app.models import Channel
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]

CARRIERS = [{"code": f"C{number}", "name": f"Carrier {number}"} for number in range(20)]


@pytest.fixture
def channel(rig: Rig, client: Client) -> Channel:
    carriers = [*CARRIERS, {"code": "TNT", "name": "TNT"}, {"code": "brown", "name": "UPS"}]
    rig.channel.facts, rig.channel.adapter_key = rig.channel.facts | {"carriers": carriers}, "sandbox"
    rig.channel.save()
    client.force_login(rig.owner)
    return rig.channel


def settings_url(channel: Channel) -> str:
    return f"/s/acme/marketplaces/{channel.public_id}/settings/"


def save(client: Client, channel: Channel, **fields: str) -> Any:
    page = client.get(settings_url(channel))
    part = page.context["parts"]["words"]
    given = {bound.html_name: bound.initial or "" for _, bounds in part.lists() for bound in bounds}
    given |= {part["seen"].html_name: part["seen"].initial, "action": "save"}
    return client.post(settings_url(channel), given | {f"words-carriers-{key}": code for key, code in fields.items()})


def test_suggestions_stand_in_the_fields_and_are_used_before_anybody_chose(client: Client, channel: Channel):
    part = client.get(settings_url(channel)).context["parts"]["words"]

    assert part["carriers-ups"].initial == "brown"
    assert part["carriers-postnl"].initial == "TNT"
    assert part["carriers-dpd"].initial == ""
    assert channel.usual("carriers") == [("brown", "UPS"), ("TNT", "PostNL")]


def test_saving_other_parts_does_not_store_suggestions(client: Client, channel: Channel):
    save(client, channel)

    assert Channel.objects.get(pk=channel.pk).words == {}


def test_a_choice_is_stored_with_the_others_and_told_in_the_history(client: Client, channel: Channel):
    save(client, channel, dpd="C7", postnl="")

    channel = Channel.objects.get(pk=channel.pk)
    assert channel.words["carriers"]["dpd"] == "C7"
    assert channel.usual("carriers") == [("brown", "UPS"), ("C7", "DPD")]
    assert "Carriers and reasons" in client.get(settings_url(channel)).content.decode()
    assert channel.history.filter(what="words").exists()


def test_what_the_marketplace_no_longer_has_is_not_offered(client: Client, channel: Channel):
    save(client, channel, dpd="C7")
    channel = Channel.objects.get(pk=channel.pk)
    channel.facts = channel.facts | {"carriers": [{"code": "brown", "name": "UPS"}]}

    assert channel.usual("carriers") == [("brown", "UPS")]


def test_the_usual_ones_stand_first_where_the_list_is_long(client: Client, rig: Rig, channel: Channel):
    rig.item()
    rig.market.has_order("A-1", sku="MUG-1", quantity=1)
    rig.download()

    page = client.get(f"/s/acme/orders/{rig.order('A-1').public_id}/").content.decode()

    assert page.index('<optgroup label="Usual">') < page.index('<option value="TNT">PostNL</option>')
    assert page.index('<option value="TNT">PostNL</option>') < page.index('<option value="C0">Carrier 0</option>')


def test_a_choice_that_is_none_is_refused(client: Client, channel: Channel):
    answer = save(client, channel, dpd="NONSENSE")

    assert answer.status_code == 422
    assert Channel.objects.get(pk=channel.pk).words == {}
