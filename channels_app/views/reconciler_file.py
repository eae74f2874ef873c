"""A plan of the reconciler as a file, for a colleague to check."""

from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404

from channels_app.models import Channel, Difference
from channels_app.views.find import find_channel
from channels_app.views.reconciler import differences_of
from inventory.csv_writing import csv_answer, csv_head, csv_line
from inventory.models import Item
from inventory.money import quantize
from inventory.tenancy import MemberRequest, member_page

_COLUMNS = (
    *("sku", "title", "difference", "why", "state", "currency"),
    *("confirmed price", "confirmed quantity", "shown price", "shown quantity"),
)
#: Rows that are in memory at once.
_SLICE = 2_000


@member_page()
def reconcile_csv(request: MemberRequest, channel: UUID, pk: int) -> StreamingHttpResponse:
    """Download every difference that the page shows of this run by this filter, however many pages it has."""
    found = find_channel(request, channel)
    run = get_object_or_404(found.reconcile_runs, pk=pk)
    rows = _lines(found, differences_of(run, request.GET.get("kind", "")))
    return csv_answer(rows, f"plan-{run.created_at:%Y-%m-%d}.csv")


def _lines(channel: Channel, differences: QuerySet[Difference]) -> Iterator[str]:
    yield csv_head(_COLUMNS)
    last = ""
    while rows := list(differences.filter(sku__gt=last).order_by("sku")[:_SLICE]):
        own = Item.objects.filter(seller=channel.seller, sku__in=[row.sku for row in rows])
        titles = dict(own.values_list("sku", "title"))
        for row in rows:
            yield csv_line(_cells(row, titles.get(row.sku, ""), channel.currency or channel.seller.currency))
        last = rows[-1].sku


def _cells(row: Difference, title: str, currency: str) -> list[str]:
    def told(price: Decimal | None, quantity: int | None) -> list[str]:
        return ["" if price is None else str(quantize(price, currency)), "" if quantity is None else str(quantity)]

    return [
        *(row.sku, title, row.get_kind_display(), row.reason, row.get_state_display(), currency),
        *told(row.our_price, row.our_quantity),
        *told(row.remote_price, row.remote_quantity),
    ]
