"""The alarm of the ledger check: what it could not explain on one channel, and what a person can do about it."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from channels_app.flows.ledger import LOST_AFTER, ask_for_check
from channels_app.flows.permissions import NotAllowed
from channels_app.flows.resend import send_unexplained
from channels_app.models import Channel, ChannelLedger
from channels_app.tasks import check_channel_ledger
from channels_app.views.find import find_channel
from inventory.models import Role
from inventory.tenancy import SellerRequest, seller_page
from marketplace_integration import clock

#: Examples on the page; the button is about all of them.
EXAMPLES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """What the last check of a channel could not explain."""

    count: int
    at: datetime
    #: (SKU or "", in words).
    examples: list[tuple[str, str]]
    can_send_again: bool
    is_checking: bool


def find_alarm(channel: Channel, *, now: datetime) -> Alarm | None:
    """Return what is unexplained on `channel`, or None: all is closed, or it was not checked yet."""
    ledger = ChannelLedger.objects.filter(channel=channel, offences__gt=0, at__isnull=False).first()
    if ledger is None or ledger.at is None:
        return None
    return Alarm(
        count=ledger.offences,
        at=ledger.at,
        examples=[(row["sku"], row["detail"]) for row in ledger.sample[:EXAMPLES]],
        can_send_again=bool(ledger.skus),
        is_checking=ledger.asked_at is not None and ledger.asked_at > now - LOST_AFTER,
    )


@require_POST
@seller_page(Role.MANAGER)
def ledger_send_again(request: SellerRequest, channel: UUID) -> HttpResponse:
    """What the check could not explain is looked at again, and sent where it differs."""
    found = find_channel(request, channel)
    try:
        count = send_unexplained(found, actor=request.membership.user, now=clock.now())
    except NotAllowed as error:
        messages.error(request, str(error))
    else:
        done = f"{count:,} will be sent again. Check again in a few minutes."
        messages.success(request, done if count else "There is nothing to send again.")
    return redirect("channel_listings", request.seller.slug, found.public_id)


@require_POST
@seller_page(Role.MANAGER)
def ledger_check_again(request: SellerRequest, channel: UUID) -> HttpResponse:
    """A worker checks the channel; its row says so until it has."""
    found = find_channel(request, channel)
    try:
        asked = ask_for_check(found, actor=request.membership.user, now=clock.now())
    except NotAllowed as error:
        messages.error(request, str(error))
        return redirect("channel_listings", request.seller.slug, found.public_id)
    if asked:
        # Without a broker nothing is checked now: the row says so, and it may be asked for again.
        transaction.on_commit(partial(check_channel_ledger.apply_async, args=(found.pk,)), robust=True)
        messages.success(request, "The check has begun. Load the page again to see what it found.")
    else:
        messages.info(request, "This channel is being checked, or was checked less than a minute ago.")
    return redirect("channel_listings", request.seller.slug, found.public_id)
