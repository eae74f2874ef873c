"""What stands beside the sections of the main navigation."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from channels_app.flows.issues import count_open

#: More are not told apart.
MOST_SHOWN = 99


def counts(request: HttpRequest) -> dict[str, Any]:
    """Return `nav_counts`, a number by the name of its section, read once a page shows the navigation of a seller."""
    seller = getattr(request, "seller", None)
    if seller is None:
        return {}
    return {"nav_counts": SimpleLazyObject(lambda: {"issues": count_open(seller.pk, most=MOST_SHOWN + 1)})}
