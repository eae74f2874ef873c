"""Somebody answers a channel's questions otherwise while the feed is sending the old answers."""

import threading
import time

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection, transaction

from channels_app.adapters.types import Capability, ContentLine, ProductField
from channels_app.flows import feed, listings
from channels_app.flows.mapping import field_as_json, save_mapping
from channels_app.flows.pending import enqueue
from channels_app.models import Channel, ChannelCategory
from tests.factories import make_job, make_user
from tests.flows.feed_rig import Rig

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("then", [[], ["Kitchen"]], ids=["for good", "and back"])
@pytest.mark.parametrize("step", ["read_content", "describe_all"])
def test_an_answer_that_changes_while_the_old_one_is_sent_waits_for_it(monkeypatch, step, then):
    """Sent under the other's name, an answer that is taken back would stay at the channel for ever."""
    rig = Rig()
    rig.channel.facts["capabilities"].append(Capability.NEW_PRODUCTS)
    rig.channel.save(update_fields=["facts"])
    make_job(rig.channel, "categories")
    owner = make_user(seller=rig.seller)
    fields = [field_as_json(ProductField(code="room", name="Room"))]
    mugs = ChannelCategory.objects.create(channel=rig.channel, code="MUGS", name="Mugs", fields=fields)
    save_mapping(rig.channel, "Cups", mugs, {"room": "text:Kitchen"}, actor=owner, now=rig.now)
    rig.has_item("MUG", on_hand=2, attributes={"category": "Cups"})
    threads: list[threading.Thread] = []

    def save(room: str, actor: User) -> None:
        channel = Channel.objects.get(pk=rig.channel.pk)
        save_mapping(channel, "Cups", mugs, {"room": f"text:{room}"}, actor=actor, now=rig.now)

    def save_in_another_tab(actor: User) -> None:
        save("Office", actor)
        connection.close()

    def with_somebody_in_between(channel, items):
        found = usual(channel, items)
        if not threads:
            threads.append(threading.Thread(target=save_in_another_tab, args=(owner,)))
            threads[0].start()
            # If nothing held it, it would be done by then.
            threads[0].join(timeout=1)
        return found

    usual = getattr(feed, step)
    monkeypatch.setattr(feed, step, with_somebody_in_between)

    rig.spread()
    rig.run("content")
    threads[0].join()
    for room in then:
        save(room, owner)
    rig.settle()

    sent = [line for one in rig.market.submissions.values() for line in one.lines if isinstance(line, ContentLine)]
    assert [line.product["room"] for line in sent] == (["Kitchen"] if then else ["Kitchen", "Office"])


def test_what_is_refused_and_what_is_sent_are_locked_at_once(monkeypatch):
    """Two locks one after the other, with listings in between, met a fan-out over both in a circle."""
    rig = Rig()
    rig.channel.facts["capabilities"].append(Capability.NEW_PRODUCTS)
    rig.channel.save(update_fields=["facts"])
    make_job(rig.channel, "categories")
    owner = make_user(seller=rig.seller)
    fields = [field_as_json(ProductField(code="room", name="Room", required=True))]
    mugs = ChannelCategory.objects.create(channel=rig.channel, code="MUGS", name="Mugs", fields=fields)
    save_mapping(rig.channel, "Cups", mugs, {}, actor=owner, now=rig.now)
    rig.has_item("A-FINE", on_hand=1, attributes={"category": "Cups", "room": "Kitchen"})
    rig.has_item("B-LACKS", on_hand=1, attributes={"category": "Cups"})
    rig.spread()
    errors: list[Exception] = []
    threads: list[threading.Thread] = []

    def fan_out_again() -> None:
        try:
            with transaction.atomic():
                enqueue(rig.channel.pk, ["A-FINE", "B-LACKS"], kinds=4, urgency=5, now=rig.now)
        except OperationalError as error:
            errors.append(error)
        finally:
            connection.close()

    def with_somebody_in_between(*refused, **more):
        refuse(*refused, **more)
        if not threads:
            threads.append(threading.Thread(target=fan_out_again))
            threads[0].start()
            time.sleep(0.7)

    refuse = listings.refuse
    monkeypatch.setattr(listings, "refuse", with_somebody_in_between)

    rig.run("content")
    for thread in threads:
        thread.join()

    assert errors == []
    assert len(threads) == 1
