"""Somebody answers a channel's questions otherwise while the feed is sending the old answers."""

import threading

import pytest
from django.contrib.auth.models import User
from django.db import connection

from channels_app.adapters.types import Capability, ContentLine, ProductField
from channels_app.flows import feed
from channels_app.flows.mapping import describe_all, field_as_json, save_mapping
from channels_app.models import Channel, ChannelCategory
from tests.factories import make_job, make_user
from tests.flows.feed_rig import Rig

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_answer_that_changes_while_the_old_one_is_sent_is_sent_too(monkeypatch):
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

    def save_in_another_tab(actor: User) -> None:
        channel = Channel.objects.get(pk=rig.channel.pk)
        save_mapping(channel, "Cups", mugs, {"room": "text:Office"}, actor=actor, now=rig.now)
        connection.close()

    def with_somebody_in_between(channel, items):
        found = describe_all(channel, items)
        if not threads:
            threads.append(threading.Thread(target=save_in_another_tab, args=(owner,)))
            threads[0].start()
            # If nothing held it, it would be done by then.
            threads[0].join(timeout=1)
        return found

    monkeypatch.setattr(feed, "describe_all", with_somebody_in_between)

    rig.send()
    for thread in threads:
        thread.join()
    rig.settle()

    sent = [line for one in rig.market.submissions.values() for line in one.lines if isinstance(line, ContentLine)]
    assert [dict(line.product) for line in sent] == [{"room": "Kitchen"}, {"room": "Office"}]
