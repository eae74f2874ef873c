"""The list of items as a file."""

from collections.abc import Iterator

from django.db.models import QuerySet
from django.http import Http404, StreamingHttpResponse

from inventory import csv_export
from inventory.csv_writing import csv_answer, csv_head, csv_line
from inventory.forms import ItemFilterForm
from inventory.models import Item, Location
from inventory.paging import number_in
from inventory.search import find_items
from inventory.tenancy import MemberRequest, member_page


@member_page()
def items_csv(request: MemberRequest) -> StreamingHttpResponse:
    """Download the items that fit the filter, with what is on hand at a location if one is named; the import reads it.

    Raises Http404 for a filter that cannot be understood, or a label or location that is not there: a file of all items
    would not be what was asked for.
    """
    form, asked = ItemFilterForm(request.seller, request.GET), request.GET.get("location", "")
    location = Location.objects.filter(seller=request.seller, pk=number_in(asked) or 0).first()
    if form.errors or (asked and location is None):
        raise Http404
    return csv_answer(_lines(find_items(request.seller, form.wanted()), location), "items.csv")


def _lines(items: QuerySet[Item], location: Location | None) -> Iterator[str]:
    yield csv_head(csv_export.names(location))
    for row in csv_export.rows(items, location):
        yield csv_line(row)
