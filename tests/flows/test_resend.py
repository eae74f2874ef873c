"""What was refused is sent once more, beside a feed that is at the same listings."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from channels_app.flows import listings, pending
from channels_app.flows.resend import send_again
from channels_app.models import PendingChange
from tests.factories import make_user
from tests.flows.feed_rig import Rig
from tests.locks import wait_until_somebody_waits

pytestmark = pytest.mark.django_db(transaction=True)


def test_sending_again_holds_no_listing_while_it_waits_for_a_feed():
    """A feed holds the pending change before it writes to the listing: the other order meets it in a circle."""
    rig = Rig()
    owner = make_user(seller=rig.seller)
    rig.has_item("MUG-REJECT", on_hand=2)
    rig.settle()
    pending.enqueue(rig.channel.pk, ["MUG-REJECT"], kinds=4, urgency=5, now=rig.now)

    def send() -> int:
        try:
            return send_again(rig.channel, ["MUG-REJECT"], actor=owner, now=rig.now)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            list(PendingChange.objects.select_for_update())
            sending = other.submit(send)
            wait_until_somebody_waits()
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '1s'")
            listings.forget(rig.channel.pk, ["MUG-REJECT"])
        sending.result()

    assert rig.listing("MUG-REJECT").rejected_hash == ""
    assert rig.pending() == {"MUG-REJECT": PendingChange.Urgency.CONTENT}
