"""Listings of a channel: what should be shown, what the marketplace confirmed, and why the two differ."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from channels_app.flows import brake
from channels_app.flows.decide import Rules
from channels_app.flows.permissions import Action, NotAllowed, actor_of_role, allowed, require
from channels_app.flows.price import price_to_send, why_no_price
from channels_app.flows.quantity import quantity_to_send
from channels_app.flows.resend import send_again
from channels_app.flows.standing import why_it_waits
from channels_app.flows.wanted import Truth, read_skus
from channels_app.models import Channel, Listing, PendingChange
from channels_app.views.find import find_channel
from channels_app.views.ledger import find_alarm
from inventory import labels
from inventory.models import Item, Role
from inventory.paging import Page, page_by_key, text_in
from inventory.tenancy import SellerRequest, seller_page
from marketplace_integration import clock

#: Filter -> what the seller reads.
SHOW = {"": "On the label", "listed": "Listed", "problems": "With a problem", "ended": "Ended"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRow:
    """One SKU: what should be, what is, and a sentence where they differ."""

    sku: str
    item: Item | None
    state: str
    state_text: str
    wanted_quantity: int | None
    wanted_price: Decimal | None
    listing: Listing | None
    note: str
    tone: str


@seller_page()
def channel_listings(request: SellerRequest, channel: UUID) -> HttpResponse:
    """Show one page of the channel's SKUs; before activation, what would be sent."""
    found = find_channel(request, channel)
    show = request.GET.get("show", "")
    show = show if show in SHOW else ""
    page = _page(found, show, request.GET)
    context = {
        "channel": found,
        "rows": _rows(found, [row.sku for row in page.rows]),
        "page": page,
        "show": show,
        "filters": SHOW.items(),
        "sku": request.GET.get("sku", ""),
        "held": brake.held(found, now=clock.now()),
        "alarm": find_alarm(found, now=clock.now()),
        "may_manage": allowed(found.state, actor_of_role(request.membership.role), Action.RUN_NOW),
    }
    return render(request, "channels_app/channel_listings.html", context)


@require_POST
@seller_page(Role.MANAGER)
def channel_send_again(request: SellerRequest, channel: UUID) -> HttpResponse:
    """What was refused of the ticked SKUs is tried once more."""
    found = find_channel(request, channel)
    skus = [text_in(sku) for sku in request.POST.getlist("sku")]
    try:
        count = send_again(found, skus, actor=request.membership.user, now=clock.now())
    except NotAllowed as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{count} will be sent again." if count else "Nothing of these was refused.")
    return _back(request, found)


@require_POST
@seller_page(Role.MANAGER)
def channel_withdrawals(request: SellerRequest, channel: UUID) -> HttpResponse:
    """The endings that the brake holds go out, or are put off for a day."""
    found = find_channel(request, channel)
    try:
        require(found, request.membership.user, Action.DECIDE_WITHDRAWALS)
    except NotAllowed as error:
        messages.error(request, str(error))
        return _back(request, found)
    if request.POST.get("decision") == "release":
        count = brake.release(found, actor=request.membership.user, now=clock.now())
        messages.success(request, f"{count:,} listings will be ended.")
    else:
        count = brake.dismiss(found, actor=request.membership.user, now=clock.now())
        messages.success(request, f"{count:,} listings stay as they are. You will be asked again tomorrow.")
    return _back(request, found)


def _page(channel: Channel, show: str, query: QueryDict) -> Page[Item] | Page[Listing]:
    sku = text_in(query.get("sku", "")).strip()
    exactly = {"sku": sku} if sku else {}
    if show == "":
        members = labels.members(channel.label) if channel.label else Item.objects.none()
        # The seller is named for the index on (seller, SKU), in whose order the page is read.
        return page_by_key(members.filter(seller=channel.seller, **exactly), query, key="sku")
    listings = Listing.objects.filter(channel=channel, **exactly)
    chosen = listings.exclude(rejected_hash="") if show == "problems" else listings.filter(state=show)
    return page_by_key(chosen, query, key="sku")


def _rows(channel: Channel, skus: list[str]) -> list[ListingRow]:
    truths = read_skus(channel, skus)
    listings = {row.sku: row for row in Listing.objects.filter(channel=channel, sku__in=skus)}
    items = {item.sku: item for item in Item.objects.filter(seller_id=channel.seller_id, sku__in=skus)}
    changes = {row.sku: row for row in PendingChange.objects.filter(channel=channel, sku__in=skus)}
    rules = Rules.of(channel)
    return [
        _row(truths[sku], listings.get(sku), items.get(sku), changes.get(sku), rules, currency=channel.currency)
        for sku in skus
        if sku in truths
    ]


def _row(
    truth: Truth,
    listing: Listing | None,
    item: Item | None,
    change: PendingChange | None,
    rules: Rules,
    *,
    currency: str,
) -> ListingRow:
    # Before the first connection check nobody knows the channel's currency: the item's own is assumed.
    refusal = why_no_price(truth.price, truth.currency, rules.price) if currency else ""
    price = None
    if truth.on_label and truth.price is not None and not refusal:
        price = price_to_send(truth.price, rules.price_for(truth.currency if currency else rules.price.currency))
    note, tone = _note(truth, listing, change, refusal)
    return ListingRow(
        sku=truth.sku,
        item=item,
        state=listing.state if listing else "none",
        state_text=listing.get_state_display() if listing else "Not listed",
        wanted_quantity=quantity_to_send(truth.available, rules.quantity) if truth.on_label else None,
        wanted_price=price,
        listing=listing,
        note=note,
        tone=tone,
    )


def _note(truth: Truth, listing: Listing | None, change: PendingChange | None, refusal: str) -> tuple[str, str]:
    """Return the sentence for a row and how it is coloured."""
    if listing is not None and listing.rejected_reason:
        return listing.rejected_reason, "bad"
    if truth.on_label and refusal:
        return refusal, "bad"
    if truth.on_label and truth.price is None:
        return "This item has no price.", "bad"
    if truth.has_open_line:
        return "Sent; the marketplace has not answered yet.", ""
    if change is not None:
        return why_it_waits(change, now=clock.now())
    if not truth.on_label and truth.is_up:
        return "Not on the label any more.", "warn"
    return "", ""


def _back(request: SellerRequest, channel: Channel) -> HttpResponse:
    response = redirect("channel_listings", request.seller.slug, channel.public_id)
    if request.POST.get("show") in SHOW:
        response["Location"] += f"?show={request.POST['show']}"
    return response
