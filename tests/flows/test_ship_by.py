"""Until when an order has to leave: what the newest version tells."""

from datetime import timedelta

from channels_app.models import ChannelJob
from tests.factories import NOW
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]


def test_until_when_an_order_has_to_leave_is_what_the_newest_version_tells(rig: Rig):
    body = rig.market.has_order("A-1", sku="MUG-1")
    rig.download()
    assert rig.order("A-1").ship_by is None

    seen = []
    for days in (2, 3):
        body["ship_by"] = (NOW + timedelta(days=days)).isoformat()
        rig.market.touch("A-1")
        rig.download()
        seen.append(rig.order("A-1").ship_by)

    assert seen == [NOW + timedelta(days=2), NOW + timedelta(days=3)]


def test_an_older_version_changes_nothing_about_it(rig: Rig):
    body = rig.market.has_order("A-1", sku="MUG-1")
    older = {**body, "ship_by": (NOW + timedelta(days=2)).isoformat()}
    body["ship_by"] = (NOW + timedelta(days=4)).isoformat()
    rig.market.touch("A-1")
    rig.download()
    rig.market.orders["A-1"] = older
    ChannelJob.objects.filter(kind="orders").update(cursor="0")

    rig.download()

    assert rig.order("A-1").ship_by == NOW + timedelta(days=4)
