"""One cause of refusals: its SKUs, what is entered beside them, sending them again, and a file of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from channels_app.flows.describe import field_in
from channels_app.flows.issues import COUNT_LIMIT, Issue, find_issue, listings_of
from channels_app.flows.permissions import Action, NotAllowed, actor_of_role, allowed
from channels_app.flows.put_off import REST, put_off, read_put_off, rests, take_back
from channels_app.flows.remedies import Place
from channels_app.flows.resend import AT_ONCE, send_cause_again
from channels_app.flows.wanted import Truth, read_skus
from channels_app.forms.fix import FIXED_HERE, FixForm
from channels_app.models import Channel, Listing
from channels_app.views.find import find_channel
from channels_app.views.issues import worth_of, worth_url
from inventory import catalogue
from inventory.csv_import.header import TO_MEND
from inventory.csv_writing import csv_answer, csv_head, csv_line
from inventory.models import Item, Role
from inventory.paging import SIZE, page_by_key
from inventory.tenancy import MemberRequest, SellerRequest, member_page, seller_page
from marketplace_integration import clock

#: A cause leads to the answers of so many of its categories.
MOST_CATEGORIES = 5
_COLUMNS = ("sku", "title", "barcode", "price", "currency", TO_MEND)


@seller_page()
def issue(request: SellerRequest, channel: UUID, cause: str) -> HttpResponse:
    """Show the SKUs of one cause, a page at a time; once it is closed, that it is."""
    return _show(request, find_channel(request, channel), cause)


@require_POST
@seller_page(Role.MANAGER)
def issue_fix(request: SellerRequest, channel: UUID, cause: str) -> HttpResponse:
    """What was entered is the items' own, and the feed takes it from there. Shows it again with 422 if it is wrong."""
    found, what = find_channel(request, channel), request.POST.get("what", "")
    if what not in FIXED_HERE:
        return redirect(_here(request, found, cause))
    form = FixForm(what, _posted(request), request.POST)
    if not form.is_valid():
        return _show(request, found, cause, form)
    changed = [(item, value) for item, value in form.entered() if getattr(item, what) != value]
    for item, value in changed:
        catalogue.save_item(item, {what: value}, now=clock.now())
    messages.success(request, _said(what, len(changed)))
    return redirect(_here(request, found, cause))


@require_POST
@seller_page(Role.MANAGER)
def issue_again(request: SellerRequest, channel: UUID, cause: str) -> HttpResponse:
    """What was refused for this cause is tried once more."""
    found = find_channel(request, channel)
    try:
        count = send_cause_again(found, cause, actor=request.membership.user, now=clock.now())
    except NotAllowed as error:
        messages.error(request, str(error))
        return redirect(_here(request, found, cause))
    words = f"{count:,} will be sent again." if count else "Nothing is refused for this any more."
    messages.success(request, words + (" Press again for the others." if count == AT_ONCE else ""))
    return redirect("issues", request.seller.slug)


@require_POST
@seller_page(Role.MANAGER)
def issue_put_off(request: SellerRequest, channel: UUID, cause: str) -> HttpResponse:
    """Nobody will mend it now: it rests for some days."""
    found, now = find_channel(request, channel), clock.now()
    open_one = find_issue(found, cause)
    if open_one is None:
        messages.success(request, "Nothing is refused for this any more.")
        return redirect("issues", request.seller.slug)
    put_off(found, cause, skus=open_one.skus, actor=request.membership.user, now=now)
    messages.success(request, f"Put off for {REST.days} days. It comes back sooner if it concerns twice as many SKUs.")
    return redirect("issues", request.seller.slug)


@require_POST
@seller_page(Role.MANAGER)
def issue_take_back(request: SellerRequest, channel: UUID, cause: str) -> HttpResponse:
    """It rests no more."""
    if take_back(find_channel(request, channel), cause):
        messages.success(request, "It stands among the open issues again.")
    return redirect("issues", request.seller.slug)


@member_page()
def issue_csv(request: MemberRequest, channel: UUID, cause: str) -> StreamingHttpResponse:
    """Download its SKUs as a file that may be filled in and imported."""
    found = find_channel(request, channel)
    return csv_answer(_lines(found, cause), "issue.csv")


def _lines(channel: Channel, cause: str) -> Iterator[str]:
    yield csv_head(_COLUMNS)
    rows = (
        listings_of(channel, cause)
        .order_by("sku")
        .values_list("sku", "item__title", "item__gtin", "item__price", "item__currency", "rejected_reason")
    )
    for row in rows.iterator(chunk_size=2000):
        yield csv_line(["" if value is None else str(value) for value in row])


def _posted(request: SellerRequest) -> list[Item]:
    """Return the seller's items that inputs of the form are about."""
    ids = [_uuid(name.removeprefix("fix-")) for name in request.POST if name.startswith("fix-")]
    return list(Item.objects.filter(seller=request.seller, public_id__in=[one for one in ids if one][:SIZE]))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _said(what: str, count: int) -> str:
    if not count:
        return "Nothing was changed."
    things = FIXED_HERE[what].lower() + ("" if count == 1 else "s")
    return f"{count} {things} saved. {'It goes' if count == 1 else 'They go'} to the marketplace by itself."


def _show(request: SellerRequest, channel: Channel, cause: str, form: FixForm | None = None) -> HttpResponse:
    found = find_issue(channel, cause)
    context: dict[str, Any] = {"channel": channel, "issue": found, "most": COUNT_LIMIT}
    if found is None:
        return render(request, "channels_app/issue.html", context)
    page = page_by_key(listings_of(channel, cause).select_related("item"), request.GET, key="sku")
    what = found.remedy.place if found.remedy.is_here and request.membership.can_manage else ""
    if what and form is None:
        form = FixForm(what, [row.item for row in page.rows if row.item])
    resting = read_put_off([channel], now=clock.now()).get((channel.pk, cause))
    worths, actor = worth_of(request, [found]), actor_of_role(request.membership.role)
    rows = _rows(channel, found, page.rows, form)
    context |= {
        "page": page,
        "rows": rows,
        "tells_why": any(row["why"] or row["note"] for row in rows),
        "categories": _categories(page.rows) if found.remedy.place is Place.PRODUCTS else [],
        "field": field_in(found.reason),
        "put_off": resting if rests(resting, found.skus) else None,
        "what": what,
        "worth": worths.get(found),
        "worth_url": worth_url(request, [found], worths),
        "may_send": not found.is_ours and allowed(channel.state, actor, Action.RUN_NOW),
    }
    return render(request, "channels_app/issue.html", context, status=422 if form and form.errors else 200)


def _rows(channel: Channel, found: Issue, listings: Sequence[Listing], form: FixForm | None) -> list[Mapping[str, Any]]:
    truths = read_skus(channel, [listing.sku for listing in listings])
    return [
        {
            "listing": listing,
            "available": max(truths[listing.sku].available, 0),
            # Only what the title of the page does not say.
            "why": listing.rejected_reason if found.example else "",
            "note": _note(truths[listing.sku]),
            "input": form.input_of(listing.item) if form else None,
        }
        for listing in listings
    ]


def _categories(listings: Sequence[Listing]) -> list[str]:
    """Return the seller's categories of these, in the order in which they come, no more than MOST_CATEGORIES."""
    found = dict.fromkeys(one.item.category for one in listings if one.item and one.item.category)
    return list(found)[:MOST_CATEGORIES]


def _note(truth: Truth) -> str:
    """Return how far a correction has come."""
    if truth.has_open_line:
        return "Sent; the marketplace has not answered yet."
    return "Waits to be sent." if truth.has_pending_change else ""


def _here(request: SellerRequest, channel: Channel, cause: str) -> str:
    here = reverse("issue", args=[request.seller.slug, channel.public_id, cause])
    return f"{here}?{request.GET.urlencode()}" if request.GET else here
