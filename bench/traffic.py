"""Stock that falls at a steady rate, and how long each fall takes from its commit to the sandbox's `received_at`."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import httpx
from django.db import transaction

from bench.site import Site
from channels_app.models import Channel
from inventory.models import Item, Location
from inventory.stock import set_on_hand
from marketplace_integration import clock

#: How long after the last fall the sandbox may still hear of it.
PATIENCE_SECONDS = 60.0
_STRAYS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Fall:
    """One SKU's stock fell to `quantity`, committed at `at` (seconds since 1970)."""

    sku: str
    quantity: int
    at: float


def list_at_sandbox(url: str, channels: Sequence[Channel], quantities: Mapping[str, int]) -> None:
    """The sandbox shows these SKUs on the account of each channel; `account_id` is the sandbox's own from now on."""
    with httpx.Client(base_url=url, timeout=120, trust_env=False) as client:
        for channel in channels:
            account = client.post("/control/accounts", json={"client_id": channel.settings["client_id"]})
            channel.account_id = account.raise_for_status().json()["account_id"]
            channel.save(update_fields=["account_id"])
            listings = [{"sku": sku, "quantity": quantity, "price": "9.99"} for sku, quantity in quantities.items()]
            for start in range(0, len(listings), _STRAYS_AT_ONCE):
                body = {"account_id": channel.account_id, "listings": listings[start : start + _STRAYS_AT_ONCE]}
                client.post("/control/listings", json=body).raise_for_status()


def let_stock_fall(items: Sequence[Item], on_hand: Mapping[int, int], *, per_second: float) -> list[Fall]:
    """Each item has one unit less, one after the other at this rate, each in a commit of its own."""
    location = Location.objects.get(seller=items[0].seller_id, is_default=True)
    falls: list[Fall] = []
    started = time.monotonic()
    for number, item in enumerate(items):
        time.sleep(max(0.0, started + number / per_second - time.monotonic()))
        quantity = on_hand[item.pk] - 1

        def note(sku: str = item.sku, quantity: int = quantity) -> None:
            falls.append(Fall(sku, quantity, time.time()))

        with transaction.atomic():
            transaction.on_commit(note)
            set_on_hand(item, location, quantity, actor=None, now=clock.now(), key=uuid4())
    return falls


def latencies(url: str, channels: Sequence[Channel], falls: Sequence[Fall]) -> list[float]:
    """Return the seconds from each fall to each channel. Raises TimeoutError if one of them never heard of one."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    seconds: list[float] = []
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        for channel in channels:
            heard: dict[tuple[str, int], float] = {}
            after = 0
            while missing := [fall for fall in falls if (fall.sku, fall.quantity) not in heard]:
                after = _listen(client, channel.account_id, after, heard)
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{channel.name} never heard of {len(missing)} falls, e.g. {missing[0]}")
            seconds += [heard[fall.sku, fall.quantity] - fall.at for fall in falls]
    return seconds


def _listen(client: httpx.Client, account_id: str, after: int, heard: dict[tuple[str, int], float]) -> int:
    """Note the events after `after`: when the request came in that set each quantity. Returns the last one's number."""
    params: dict[str, Any] = {"after": after, "account_id": account_id, "limit": 10_000}
    told = client.get("/control/events", params=params).raise_for_status().json()
    for event in told["events"]:
        if event["kind"] != "put_by_hand" and event["quantity_after"] is not None and event["received_at"]:
            at = datetime.fromisoformat(event["received_at"]).timestamp()
            heard.setdefault((event["sku"], event["quantity_after"]), at)
    return int(told["last_event_id"])


def take_items(site: Site, count: int, *, of: int) -> tuple[list[Item], dict[int, int]]:
    """Return `count` items spread over the first `of` of the catalogue, and what is on hand of each."""
    step = max(of // count, 1)
    items = list(Item.objects.filter(pk__in=range(1, 1 + count * step, step)).order_by("pk"))
    on_hand = {item.pk: 10 + item.pk % 90 for item in items}
    return items, on_hand
