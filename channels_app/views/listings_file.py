"""The listings of a channel as a file: what the filter of the page shows, all of it."""

from collections.abc import Iterator
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import StreamingHttpResponse

from channels_app.flows.shown import Reading
from channels_app.flows.standing import Offer
from channels_app.models import Channel
from channels_app.views.find import find_channel
from channels_app.views.listing_rows import ListingRow, ListingsAsked, read_rows, walk_skus
from inventory.csv_writing import csv_answer, csv_head, csv_line, csv_moment
from inventory.money import quantize
from inventory.tenancy import MemberRequest, member_page
from marketplace_integration import clock

_COLUMNS = (
    *("sku", "title", "state", "to do", "currency", "our price", "our quantity"),
    *("confirmed price", "confirmed quantity", "confirmed at"),
    *("last read price", "last read quantity", "shown there", "last read at"),
    *("note", "refused since"),
)


@member_page()
def listings_csv(request: MemberRequest, channel: UUID) -> StreamingHttpResponse:
    """Download every row that the page of listings shows by this filter, however many pages it has."""
    found = find_channel(request, channel)
    rows = _lines(found, ListingsAsked.of(request.GET), ZoneInfo(request.seller.time_zone))
    return csv_answer(rows, "listings.csv")


def _lines(channel: Channel, asked: ListingsAsked, zone: ZoneInfo) -> Iterator[str]:
    yield csv_head(_COLUMNS)
    for skus in walk_skus(channel, asked):
        for row in read_rows(channel, skus, now=clock.now()):
            yield csv_line(_cells(row, channel, zone))


def _cells(row: ListingRow, channel: Channel, zone: ZoneInfo) -> list[str]:
    def said(offer: Offer | Reading | None) -> list[str]:
        price = quantize(offer.price, currency) if offer and offer.price is not None else ""
        quantity = offer.quantity if offer and offer.quantity is not None else ""
        return [str(price), str(quantity)]

    listing, reading = row.listing, row.reading
    currency = channel.currency or channel.seller.currency
    return [
        row.sku,
        row.item.title if row.item else "",
        row.state_text,
        row.next,
        currency,
        *said(row.wanted),
        *said(row.confirmed),
        csv_moment(listing.confirmed_at if listing else None, zone),
        *said(reading),
        ("yes" if reading.is_shown else "no") if reading else "",
        csv_moment(reading.as_of if reading else None, zone),
        row.note,
        csv_moment(listing.rejected_at if listing and listing.rejected_hash else None, zone),
    ]
