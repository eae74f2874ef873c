"""What the feed would send, SKU by SKU, before anything is sent; to read and to download."""

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render

from channels_app.flows import preview as flow
from channels_app.flows.describe import field_in
from channels_app.flows.preview import Fate, Foreseen, Preview, Wanted
from channels_app.models import Channel
from channels_app.views.find import find_channel
from inventory.csv_writing import csv_answer, csv_head, csv_line
from inventory.models import Item
from inventory.paging import SIZE, text_in
from inventory.tenancy import MemberRequest, SellerRequest, member_page, seller_page

FATES = {
    Fate.REFUSED: "Would be refused",
    Fate.NEW: "Would be listed",
    Fate.CHANGE: "Would change",
    Fate.END: "Would be ended",
    Fate.SAME: "Stays as it is",
}
#: The same beside one SKU.
SHORT = {
    Fate.REFUSED: "Refused",
    Fate.NEW: "New",
    Fate.CHANGE: "Changes",
    Fate.END: "Ends",
    Fate.SAME: "Stays",
}
TONES = {Fate.REFUSED: "bad", Fate.NEW: "good", Fate.CHANGE: "info", Fate.END: "warn", Fate.SAME: "neutral"}
#: A page and the count beside it take no longer; what is beyond has a way to look on.
PAGE_SECONDS, COUNT_SECONDS = 0.5, 2.0
_COLUMNS = ("sku", "title", "what", "changes", "price", "currency", "quantity", "category", "product", "problems")


class Asked(NamedTuple):
    """What of it is shown, as the address says."""

    show: str
    cause: str
    #: One of the seller's categories.
    own: str
    sku: str

    @classmethod
    def of(cls, request: HttpRequest) -> "Asked":
        said = [text_in(request.GET.get(name, "")).strip()[:200] for name in cls._fields]
        asked = cls(*said)
        return asked if asked.show in set(Fate) else asked._replace(show="")

    @property
    def wanted(self) -> Wanted:
        return Wanted(Fate(self.show) if self.show else None, self.cause)

    def query(self, **more: str) -> str:
        """Return the query of the same with something else."""
        said = {name: value for name, value in (self._asdict() | more).items() if value}
        return f"?{urlencode(said)}" if said else "?"


@seller_page()
def channel_preview(request: SellerRequest, channel: UUID) -> HttpResponse:
    """Show one page of it."""
    found, asked = find_channel(request, channel), Asked.of(request)
    after, preview = text_in(request.GET.get("after", "")), Preview(found, own=asked.own)
    if asked.sku:
        page = flow.Page(preview.of([asked.sku]), None)
    else:
        page = flow.find(preview, asked.wanted, after=after, size=SIZE, seconds=PAGE_SECONDS)
    context = {
        "channel": found,
        "rows": _rows(found, page.rows),
        "next_url": asked.query(after=page.after) if page.after else "",
        "first_url": asked.query() if after else "",
        "asked": asked,
        "query": asked.query(),
        "without_cause": asked.query(cause=""),
        "without_own": asked.query(own=""),
        "fates": FATES.items(),
    }
    return render(request, "channels_app/channel_preview.html", context)


@seller_page()
def preview_count(request: SellerRequest, channel: UUID) -> HttpResponse:
    """Show how many SKUs meet which fate, and why any would be refused; asked for by the page once it is there."""
    found, asked = find_channel(request, channel), Asked.of(request)
    counted = flow.count(Preview(found, own=asked.own), seconds=COUNT_SECONDS)
    asked = asked._replace(sku="")
    context = {
        "channel": found,
        "fates": [(asked.query(show=fate, cause=""), words, counted.by_fate[fate]) for fate, words in FATES.items()],
        "causes": [(asked.query(show=Fate.REFUSED, cause=one.name), one) for one in counted.causes],
        "asked": asked,
        "counted": counted,
        "most": flow.MOST_CAUSES,
    }
    return render(request, "channels_app/preview_count.html", context)


@member_page()
def preview_csv(request: MemberRequest, channel: UUID) -> StreamingHttpResponse:
    """Download all that is asked for."""
    found, asked = find_channel(request, channel), Asked.of(request)
    return csv_answer(_lines(found, asked), "preview.csv")


def _lines(channel: Channel, asked: Asked) -> Iterator[str]:
    yield csv_head(_COLUMNS)
    preview, wanted = Preview(channel, own=asked.own), asked.wanted
    parts = [preview.of([asked.sku])] if asked.sku else (part.rows for part in preview.walk())
    for rows in parts:
        for row in rows:
            if asked.sku or wanted.fits(row):
                yield csv_line(_cells(row, channel))


def _cells(row: Foreseen, channel: Channel) -> list[str]:
    product = row.product
    told = "; ".join(f"{code}={said}" for code, said in product.values.items()) if product else ""
    return [
        row.sku,
        row.title,
        FATES[row.fate],
        " ".join(row.changes),
        "" if row.price is None else f"{row.price:f}",
        channel.currency,
        "" if row.quantity is None else str(row.quantity),
        product.category if product else "",
        told,
        " ".join(row.problems),
    ]


def _rows(channel: Channel, rows: list[Foreseen]) -> list[dict[str, object]]:
    """Return the rows with their items, for titles and links."""
    items = {item.sku: item for item in Item.objects.filter(seller_id=channel.seller_id, sku__in=[r.sku for r in rows])}
    return [
        {
            "told": row,
            "item": items.get(row.sku),
            "words": SHORT[row.fate],
            "tone": TONES[row.fate],
            "field": next(filter(None, map(field_in, row.problems)), "") if row.product else "",
        }
        for row in rows
    ]
