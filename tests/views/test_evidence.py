"""The proof that stands beside the thirty days of Testing."""

import uuid

import pytest

from channels_app.flows.fulfil import record_shipment
from channels_app.models import ChannelLedger, Command
from channels_app.views.evidence import find_proofs
from tests.flows.feed_rig import Rig as FeedRig
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]
pytestmark = pytest.mark.django_db


def seen(channel):
    return [proof.at is not None for proof in find_proofs(channel)]


def test_a_confirmed_listing_is_the_first_proof():
    feed = FeedRig()
    assert seen(feed.channel) == [False, False, False, False]

    feed.has_items("A")
    feed.settle()

    assert seen(feed.channel) == [True, False, False, False]


def test_orders_and_parcels_follow(rig: Rig):
    rig.item()
    rig.market.has_order("A-1", sku="MUG-1", quantity=2)
    rig.download()
    rig.send()
    rig.download()
    record_shipment(
        rig.order("A-1"),
        key=uuid.uuid4(),
        lines={rig.line("A-1").pk: 2},
        carrier_code="ups",
        tracking_number="1Z1",
        shipped_at=rig.now,
        actor=rig.owner,
        now=rig.now,
    )
    assert seen(rig.channel)[1:] == [True, False, False]

    rig.send()

    assert Command.objects.get(kind="ship").state == "confirmed"
    assert seen(rig.channel)[1:] == [True, True, False]


def test_what_cannot_be_explained_is_no_proof_and_says_how_much(rig: Rig):
    ledger = ChannelLedger.objects.create(channel=rig.channel, at=rig.now, offences=3)
    assert find_proofs(rig.channel)[3].note == "The last check found 3 it cannot explain."

    ledger.offences = 0
    ledger.save()

    assert find_proofs(rig.channel)[3].at == rig.now


def test_a_missing_step_says_what_brings_it_about(rig: Rig):
    rig.channel.listings_on = rig.channel.orders_on = rig.channel.fulfillments_on = False

    notes = [proof.note for proof in find_proofs(rig.channel)[:3]]

    assert notes == ["Switch on Listings.", "Switch on Orders.", "Fulfillments is off: others ship your orders."]
