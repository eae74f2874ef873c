"""Reads orders round by round: by the moment of their last change, from the oldest to the newest."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from channels_app.adapters.errors import TemporaryError
from channels_app.adapters.medusa.client import MedusaClient
from channels_app.adapters.medusa.orders import FIELDS, is_unpaid, read_raw_order
from channels_app.adapters.medusa.values import build_moment, read_moment
from channels_app.adapters.types import OrderPage

#: Each round begins this much before the last one ended: seen twice is harmless, missed is not.
OVERLAP = timedelta(minutes=2)
#: An order takes some 3 KB.
_PAGE = 50
#: So many unpaid orders are looked at again in each round, the newest of them.
_UNPAID = 50

Bodies = Sequence[dict[str, Any]]


def first_cursor(since: datetime) -> str:
    return json.dumps({"since": build_moment(since)})


def fetch_orders(client: MedusaClient, cursor: str) -> OrderPage:
    """Return a page of orders.

    A page begins where the last one ended (`since`, with `offset` only among changes of one moment), so an order that
    changes meanwhile comes again and pushes no other off its page. Money that is captured moves no date: the orders
    that wait for it are carried along (`unpaid`) and looked at once in a round.
    """
    place = json.loads(cursor)
    since, offset, unpaid = place["since"], int(place.get("offset", 0)), list(place.get("unpaid", ()))
    asked = {"updated_at[$gte]": since, "order": "updated_at", "limit": _PAGE, "offset": offset, "fields": FIELDS}
    found: Bodies = client.get("orders", "/orders", asked)["orders"]
    known_until = client.time
    unpaid = _still_unpaid(unpaid, found)
    if len(found) == _PAGE:
        last = str(found[-1]["updated_at"])
        offset = offset + _PAGE if read_moment(last) == read_moment(since) else 0
        there = {"since": last if not offset else since, "offset": offset, "unpaid": unpaid}
        return OrderPage(raws=_raws(found), next_cursor=json.dumps(there), has_more=True)
    if known_until is None:
        raise TemporaryError("The server does not say what time it is.", code="no_time")
    looked_at = _look_again(client, [number for number in unpaid if number not in {body["id"] for body in found}])
    begins = max(known_until - OVERLAP, read_moment(since) - OVERLAP)
    there = {"since": build_moment(begins), "unpaid": _still_unpaid(unpaid, looked_at)}
    return OrderPage(
        raws=_raws([*found, *looked_at]), next_cursor=json.dumps(there), has_more=False, known_until=known_until
    )


def _look_again(client: MedusaClient, numbers: Sequence[str]) -> Bodies:
    if not numbers:
        return ()
    asked = {"id[]": list(numbers), "limit": len(numbers), "fields": FIELDS}
    rows: Bodies = client.get("orders", "/orders", asked)["orders"]
    return rows


def _still_unpaid(numbers: Sequence[str], found: Bodies) -> list[str]:
    """Return the orders whose money may still come, with what was just read of them."""
    read = {str(body["id"]): is_unpaid(body) for body in found}
    return list(
        dict.fromkeys([*(n for n in numbers if read.get(n, True)), *(n for n, is_so in read.items() if is_so)])
    )[-_UNPAID:]


def _raws(found: Bodies) -> Any:
    return tuple(read_raw_order(body) for body in found)
