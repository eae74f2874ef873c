"""The rows of a channel's listings: ours beside what the marketplace confirmed and showed, and what is to come."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Exists, OuterRef, QuerySet
from django.http import QueryDict

from channels_app.flows.decide import Needs
from channels_app.flows.price import PriceRule, why_no_price
from channels_app.flows.shown import Reading, last_read, reading_of
from channels_app.flows.standing import Offer, needs_now, wanted_offer, why_it_waits
from channels_app.flows.wanted import Truth, read_skus
from channels_app.models import Channel, FeedLine, Listing, PendingChange
from channels_app.models.submission import OPEN_STATES
from inventory import labels
from inventory.models import Item
from inventory.paging import Page, count_of, page_by_key, text_in
from inventory.search import TRIGRAM, ItemFilter, find_items

#: Filter -> what the seller reads.
SHOW = {
    "": "On the label",
    "waiting": "To be sent",
    "sent": "Being answered",
    "listed": "Listed",
    "problems": "With a problem",
    "ended": "Ended",
}
#: Of those filters a number is told, counted no further than just above this.
COUNTED = ("waiting", "sent", "problems")
MOST_TOLD = 999
#: Items that a search of the page looks at, in the order of their SKUs.
MOST_FOUND = 200
#: SKUs of a file that are read in one go.
SLICE = 1_000


class ListingsAsked(NamedTuple):
    """Which rows are asked for."""

    #: One of SHOW.
    show: str
    words: str

    @classmethod
    def of(cls, query: QueryDict) -> "ListingsAsked":
        show = query.get("show", "")
        return cls(show if show in SHOW else "", text_in(query.get("sku", "")).strip()[:200])


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRow:
    """One SKU: what should be, what is, and a sentence where they differ."""

    sku: str
    item: Item | None
    state: str
    state_text: str
    #: What is to be done about it: "to be listed", "to be updated: price"; "" if nothing is.
    next: str
    wanted: Offer | None
    listing: Listing | None
    #: What the reconciler read since the marketplace confirmed something; None if it has not looked since.
    reading: Reading | None
    note: str
    tone: str

    @property
    def confirmed(self) -> Offer | None:
        """What the marketplace confirmed last; of a listing that it holds without a quantity, the price only."""
        if self.listing is None or self.listing.confirmed_at is None:
            return None
        return Offer(self.listing.confirmed_quantity, self.listing.confirmed_price)

    @property
    def is_as_confirmed(self) -> bool:
        """What was read is what had been confirmed."""
        return self.reading is not None and self.listing is not None and self.listing.remote_active is None


def rows_shown(channel: Channel, show: str) -> QuerySet[Item] | QuerySet[Listing] | QuerySet[PendingChange]:
    """Return what a filter shows, each row with its SKU, in no order."""
    if show == "":
        members = labels.members(channel.label) if channel.label else Item.objects.none()
        # The seller is named for the index on (seller, SKU), in whose order the page is read.
        return members.filter(seller=channel.seller_id)
    if show == "waiting":
        return PendingChange.objects.filter(channel=channel)
    listings = Listing.objects.filter(channel=channel)
    if show == "sent":
        lines = FeedLine.objects.filter(channel=OuterRef("channel"), sku=OuterRef("sku"), state__in=OPEN_STATES)
        return listings.filter(Exists(lines))
    return listings.exclude(rejected_hash="") if show == "problems" else listings.filter(state=show)


def count_rows(channel: Channel) -> dict[str, int]:
    """Return how many rows the filters of COUNTED show: one query."""
    counts = [count_of(rows_shown(channel, show), MOST_TOLD + 1) for show in COUNTED]
    row = Channel.objects.filter(pk=channel.pk).values_list(*counts).get()
    return dict(zip(COUNTED, row, strict=True))


def find_skus(channel: Channel, words: str) -> list[str]:
    """Return the SKUs that these words may mean: the SKU itself, or items with them in SKU or title, the first of many.

    Two more than MOST_FOUND, the words and an item, say that there are more.
    """
    found = _found(channel, words, MOST_FOUND + 1)
    return [words] if words in found else [words, *found]


def _found(channel: Channel, words: str, limit: int, after: str = "") -> list[str]:
    """Return the SKUs above `after`, in their order, of items with the words in SKU or title."""
    if len(words) < TRIGRAM:
        return []
    items = find_items(channel.seller, ItemFilter(text=words)).filter(sku__gt=after).order_by("sku")
    return list(items.values_list("sku", flat=True)[:limit])


def page_of_rows(channel: Channel, show: str, query: QueryDict, skus: Sequence[str] | None) -> Page[Item | Listing]:
    """Return the page that the query asks for; of these SKUs only, if they are given."""
    rows = rows_shown(channel, show)
    return page_by_key(rows if skus is None else rows.filter(sku__in=skus), query, key="sku")  # type: ignore[arg-type]


def walk_skus(channel: Channel, asked: ListingsAsked) -> Iterator[list[str]]:
    """Yield every SKU that is asked for, however many a search finds, in slices: memory stays flat."""
    rows, after = rows_shown(channel, asked.show), ""
    if asked.words:
        yield list(rows.filter(sku=asked.words).values_list("sku", flat=True))
        while found := _found(channel, asked.words, SLICE, after):
            others = rows.filter(sku__in=[sku for sku in found if sku != asked.words])
            yield list(others.order_by("sku").values_list("sku", flat=True))
            after = found[-1]
        return
    while part := list(rows.filter(sku__gt=after).order_by("sku").values_list("sku", flat=True)[:SLICE]):
        yield part
        after = part[-1]


def read_rows(channel: Channel, skus: Sequence[str], *, now: datetime) -> list[ListingRow]:
    """Return the rows of these SKUs, in their order. The number of queries is fixed."""
    truths = read_skus(channel, skus)
    listings = {row.sku: row for row in Listing.objects.filter(channel=channel, sku__in=skus)}
    items = {item.sku: item for item in Item.objects.filter(seller_id=channel.seller_id, sku__in=skus)}
    changes = {row.sku: row for row in PendingChange.objects.filter(channel=channel, sku__in=skus)}
    read_at = last_read([channel.pk]).get(channel.pk)
    return [
        _row(truths[sku], channel, listings.get(sku), items.get(sku), changes.get(sku), read_at=read_at, now=now)
        for sku in skus
        if sku in truths
    ]


def _row(
    truth: Truth,
    channel: Channel,
    listing: Listing | None,
    item: Item | None,
    change: PendingChange | None,
    *,
    read_at: datetime | None,
    now: datetime,
) -> ListingRow:
    found = needs_now(truth, channel)
    state, text = _state(listing)
    note, tone = _note(truth, channel, listing, change, now=now)
    return ListingRow(
        sku=truth.sku,
        item=item,
        state=state,
        state_text=text,
        next=_next(found) if change is not None and not truth.has_open_line else "",
        wanted=wanted_offer(found) if truth.on_label else None,
        listing=listing,
        reading=_reading(listing, read_at),
        note=note,
        tone=tone,
    )


def _state(listing: Listing | None) -> tuple[str, str]:
    if listing is None:
        return "none", "Not listed"
    if listing.state == Listing.State.LISTED and listing.rejected_hash:
        return "outdated", "Listed, older details"
    return listing.state, listing.get_state_display()


def _next(found: Needs) -> str:
    """Return what the feed would do about it now."""
    if found.withdraw:
        return "to be ended"
    if found.new:
        return "to be listed"
    return f"to be updated: {', '.join(found.changes)}" if found.changes else ""


def _reading(listing: Listing | None, read_at: datetime | None) -> Reading | None:
    """Return what was read since the marketplace confirmed something; None if its list was not read since."""
    if listing is None or read_at is None or listing.confirmed_at is None and listing.remote_active is None:
        return None
    return None if listing.confirmed_at and listing.confirmed_at > read_at else reading_of(listing, read_at)


def _note(
    truth: Truth, channel: Channel, listing: Listing | None, change: PendingChange | None, *, now: datetime
) -> tuple[str, str]:
    """Return the sentence for a row and how it is coloured."""
    # Before the first connection check nobody knows the channel's currency: the item's own is assumed.
    rule = PriceRule.of(channel)
    refusal = why_no_price(truth.price, truth.currency, rule) if channel.currency else ""
    if listing is not None and listing.rejected_reason:
        return listing.rejected_reason, "bad"
    if truth.on_label and refusal:
        return refusal, "bad"
    if truth.on_label and truth.price is None:
        return "This item has no price.", "bad"
    if truth.has_open_line:
        return "Sent; the marketplace has not answered yet.", ""
    if change is not None:
        return why_it_waits(change, now=now)
    if not truth.on_label and truth.is_up:
        return "Not on the label any more.", "warn"
    return "", ""
