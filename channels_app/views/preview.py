"""What the feed would send, SKU by SKU, before anything is sent; to read and to download."""

from collections.abc import Iterator
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render

from channels_app.flows import preview as flow
from channels_app.flows.preview import Fate, Foreseen, Preview
from channels_app.models import Channel
from channels_app.views.find import find_channel
from inventory.csv_writing import csv_head, csv_line
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


@seller_page()
def channel_preview(request: SellerRequest, channel: UUID) -> HttpResponse:
    """Show one page of it."""
    found = find_channel(request, channel)
    show, after = request.GET.get("show", ""), text_in(request.GET.get("after", ""))
    sku = text_in(request.GET.get("sku", "")).strip()
    fate = Fate(show) if show in set(Fate) else None
    preview = Preview(found)
    if sku:
        page = flow.Page(preview.of([sku]), None)
    else:
        page = flow.find(preview, fate, after=after, size=SIZE, seconds=PAGE_SECONDS)
    context = {
        "channel": found,
        "rows": _rows(found, page.rows),
        "next_url": f"?{urlencode({'show': show, 'after': page.after})}" if page.after else "",
        "is_first": not after,
        "show": fate or "",
        "fates": FATES.items(),
        "sku": sku,
    }
    return render(request, "channels_app/channel_preview.html", context)


@seller_page()
def preview_count(request: SellerRequest, channel: UUID) -> HttpResponse:
    """Show how many SKUs meet which fate; asked for by the page once it is there."""
    found = find_channel(request, channel)
    counted = flow.count(Preview(found), seconds=COUNT_SECONDS)
    fates = [(fate, words, counted.by_fate[fate]) for fate, words in FATES.items()]
    return render(request, "channels_app/preview_count.html", {"channel": found, "fates": fates, "counted": counted})


@member_page()
def preview_csv(request: MemberRequest, channel: UUID) -> StreamingHttpResponse:
    """Download all of it."""
    found = find_channel(request, channel)
    answer = StreamingHttpResponse(_lines(found), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="preview.csv"'
    return answer


def _lines(channel: Channel) -> Iterator[str]:
    yield csv_head(_COLUMNS)
    for rows in Preview(channel).walk():
        for row in rows:
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
        {"told": row, "item": items.get(row.sku), "words": SHORT[row.fate], "tone": TONES[row.fate]} for row in rows
    ]
