"""Every page there is, with a catalogue of N items and a year of work behind it (`pages.sql`): server time and queries.

Each address is asked with what people ask it for (pages deep in a list, searches for what is common and rare, filters),
through the whole of Django, signed in as the seller's owner or as support. A page that needs more queries than it is
allowed fails the benchmark: how many it needs must not depend on how much there is. So does one that usually takes
longer than LIMIT_S; of a download, which streams, the time until its first row counts.
"""

import statistics
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bench.measure import Result
from bench.site import Site
from channels_app.models import (
    Channel,
    JobRun,
    Listing,
    Order,
    RawOrder,
    ReconcileRun,
    ShippingFile,
    ShippingRow,
    Submission,
)
from inventory.models import BulkEdit, CsvImport, Item, Label, Membership, Role

SQL = Path(__file__).parents[1] / "pages.sql"
#: What a page is to stay below, nearly always; whatever else the machine does may spoil it, so it is told.
GOAL_S = 0.1
#: What half of its answers must stay below.
LIMIT_S = 0.25
REPEATS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one address is asked for, each with another place in its lists ("{sku}") every time."""

    #: The most queries that any of it may need: session, user and membership are three of them. What the navigation
    #: needs comes on top of a seller's pages.
    queries: int
    asked: tuple[str, ...] = ("",)
    #: Names in `_Places.rows`, for addresses of one row.
    rows: tuple[str, ...] = ("",)


#: Queries of the navigation beside a seller's page.
NAVIGATION = 1
_SEARCHES = ("q=mug", "q=no.+{number}", "q=SKU-{digits}", "q={sku}", "q={gtin}", "q=nothing+like+it", "q=mu")
#: Of buyers some have few orders, some one in fifty, some one in seven.
_ORDER_SEARCHES = ("q={order_number}", "q={order_parcel}", "q={order_email}", "q={order_buyer}")
_BUYERS = ("q=miller", "q=ada", "q=miller+ada", "q=abc", "q=nobody+like+her")
_KEYS = ("", "after={sku}", "before={sku}")

#: Every address that answers GET, by its name in the URL configuration; a test holds this against it. Not here is what
#: walks through a whole catalogue, a slice at a time.
PAGES: dict[str, Asked] = {
    "choose_seller": Asked(queries=3),
    "password_change": Asked(queries=2),
    "password_change_done": Asked(queries=2),
    "security": Asked(queries=3),
    "second_step_set_up": Asked(queries=2),
    "home": Asked(queries=20),
    "search": Asked(queries=11, asked=("", *_SEARCHES, *_ORDER_SEARCHES, *_BUYERS)),
    "search_typed": Asked(queries=10, asked=("", *_SEARCHES, *_ORDER_SEARCHES, *_BUYERS)),
    "items": Asked(
        queries=14,
        asked=(
            *_KEYS,
            *_SEARCHES,
            *(f"show={show}" for show in ("unlabelled", "out_of_stock", "without_price", "blocked", "archived")),
            *("label={everything}", "label={rare}", "label={everything}&after={sku}", "label={rare}&q=mug"),
            *("show=out_of_stock&after={sku}", "show=unlabelled&after={sku}", "show=archived&q=mug"),
            *("at_most=5", "at_most=20", "at_most=20&after={sku}", "at_most=5&label={rare}", "at_most=20&q=mug"),
            *(f"sort=title{more}" for more in ("", "&after={titled}", "&before={titled}", "&q=mug", "&label={rare}")),
            *(f"sort=newest{more}" for more in ("", "&after={number}", "&before={number}", "&q=mug", "&label={rare}")),
            *("sort=title&show=out_of_stock", "sort=title&show=unlabelled", "sort=newest&show=archived"),
        ),
    ),
    "items_edit": Asked(queries=4, rows=("edit",)),
    "item": Asked(queries=10, rows=("best_seller", "item")),
    "item_new": Asked(queries=3),
    "item_listings": Asked(queries=9, rows=("item",)),
    "item_why": Asked(
        queries=21, rows=("best_seller_on_main", "item_on_main"), asked=("", "at=2026-06-02T12:00:00Z", "at=2026-11-01")
    ),
    "labels": Asked(queries=6),
    "label": Asked(
        queries=9,  # one of them for the first page, where nothing is left behind the place that was asked for
        rows=("everything", "rare", "by_rule"),
        asked=(*_KEYS, "show=excluded", "show=excluded&after={sku}", "show=rule"),
    ),
    "label_state": Asked(queries=5, rows=("everything", "by_rule")),
    "import_new": Asked(queries=7),
    "import_detail": Asked(queries=7, rows=("import",)),
    "import_problems": Asked(queries=5, rows=("import",)),
    "team": Asked(queries=9),
    "notifications": Asked(queries=15),
    "marketplaces": Asked(queries=6),
    "channel_add": Asked(queries=3),
    "channel_settings": Asked(queries=22, rows=("main", "third")),
    "channel_example": Asked(queries=6, rows=("main",), asked=("sku={sku}",)),
    "channel_label_summary": Asked(
        queries=8, rows=("main",), asked=("label-label={everything_id}", "label-label={rare_id}")
    ),
    "channel_products": Asked(queries=11, rows=("main",)),
    "channel_product": Asked(queries=12, rows=("main",), asked=("own=Mugs", "own=Mugs&q=mug")),
    "channel_preview": Asked(
        queries=32,
        rows=("main",),
        asked=("", "after={sku}", "show=refused&after={sku}", "sku={sku}", "own=Mugs", "own=Mugs&cause=nothing"),
    ),
    "import_columns": Asked(queries=6, rows=("import",)),
    "channel_listings": Asked(
        queries=14,
        rows=("main", "second", "third"),
        asked=(
            *_KEYS,
            *("sku={sku}", "sku=mug", "show=listed&sku=mug", "sku=nothing+like+it"),
            *(
                f"show={show}{more}"
                for show in ("waiting", "sent", "listed", "problems", "ended")
                for more in ("", "&after={sku}")
            ),
        ),
    ),
    "channel_reconciler": Asked(
        queries=14,
        rows=("main", "third"),
        asked=(*_KEYS, "kind=to_end", "kind=missing", "kind=missing&after={sku}", "run={run}"),
    ),
    "orders": Asked(
        queries=14,
        asked=(
            *("", "after={order}", "before={order}", "channel={second}", "channel={third}"),
            *("from={day}&to={day}", "from={day}", "to={day}", "to={day}&after={order}"),
            *("from={day}&to={day}&channel={third}", "from={day}&to={day}&show=to_ship", "from={day}&q=miller"),
            *(
                f"show={show}{more}"
                for show in ("to_ship", "not_printed", "late", "unpaid", "attention", "requests", "third_party")
                for more in ("", "&after={order}", "&channel={second}")
            ),
            *(
                *_ORDER_SEARCHES,
                *_BUYERS,
                "q={sku}",
                "q=nothing",
                "q={order_number}&show=to_ship",
                "q=miller&show=to_ship",
            ),
        ),
    ),
    "order": Asked(queries=15, rows=("order",)),
    # Of one day, since it reads so many orders at once: three queries each.
    "orders_csv": Asked(
        queries=11, asked=("from={day}&to={day}", "from={day}&to={day}&show=to_ship", "from={day}&q={order_number}")
    ),
    "packing_slips": Asked(
        queries=11,
        asked=(
            *("", "order={an_order}", "show=not_printed&after={order}"),
            *("show=to_ship", "show=to_ship&after={order}", "show=to_ship&channel={second}"),
        ),
    ),
    "ship_ticked": Asked(queries=7, asked=("", "order={an_order}")),
    "shipping_files": Asked(queries=5),
    "shipping_file": Asked(queries=8, rows=("parcels",), asked=("", "show=ready", "show=ready&after={parcel_row}")),
    "shipping_file_problems": Asked(queries=5, rows=("parcels",)),
    "raw_orders": Asked(queries=4, asked=("", "after={raw}")),
    "activity": Asked(
        queries=22,
        asked=(
            *("", "channel={second}", "channel={third}"),
            *(f"tab=runs{more}" for more in ("", "&after={job_run}", "&before={job_run}", "&channel={second}")),
            *(f"tab=runs&only=failed{more}" for more in ("", "&after={job_run}", "&channel={third}")),
            *(f"tab=runs&job=orders{more}" for more in ("", "&after={job_run}", "&only=failed&day={run_day}")),
            *(f"tab=runs&day={{run_day}}{more}" for more in ("", "&channel={second}", "&only=failed")),
            "tab=sent&day={run_day}",
            *(f"tab=sent{more}" for more in ("", "&after={submission}", "&channel={second}", "&channel={third}")),
            *(f"tab=sent&show={show}" for show in ("open", "overdue", "refused", "refused&after={submission}")),
            "tab=sent&run={job_run_pk}",
            *(f"tab=refused{more}" for more in ("", "&after={refused}", "&channel={second}", "&channel={third}")),
        ),
    ),
    "issues": Asked(queries=7, asked=("", "channel={second}", "channel={third}")),
    "issue": Asked(queries=10, rows=("issue", "few"), asked=_KEYS),
    "refused_csv": Asked(queries=5),
    "submission": Asked(queries=5, rows=("submission",), asked=(*_KEYS, "only=rejected", "only=rejected&after={sku}")),
}

#: What support looks up, beside the first page of every list.
ADMIN: dict[str, tuple[str, ...]] = {
    "item": ("q={sku}", "q=mug", "q=nothing+like+it", "p=50"),
    "stockmovement": ("q={sku}",),
    "feedline": ("q={sku}",),
    "listing": ("q={sku}", "state__exact=rejected", "state__exact=creating"),
    "order": ("q={order_number}", "shipping_status__exact=cancelled", "managed_by__exact=third_party"),
    "raworder": ("q={order_number}", "state__exact=needs_attention", "state__exact=new"),
    "command": ("q={order_number}", "state__exact=rejected"),
    "jobrun": ("q=Main", "q=nothing", "outcome__exact=failed"),
    "submission": ("q=feed-7", "q=nothing", "phase__exact=open", "waits=overdue"),
    "channelhistory": ("q=nothing", "kind=brake"),
    "channel": ("q=Main", "waits=jobs"),
    "csvimport": ("waits=failed",),
    "mail": ("waits=given_up",),
}
#: The most that a page of support may need: the channel with its requests, jobs and history.
ADMIN_QUERIES = 18


def run(site: Site) -> Result:
    for name in ("Main", "Second", "Third"):
        site.make_channel(name)
    site.execute("SELECT set_config('bench.n', %s, false)", [str(site.n)])
    site.execute(SQL.read_text())
    site.execute("VACUUM (ANALYZE)")
    return measure(site)


def measure(site: Site) -> Result:
    """Ask every page, and say which is the slowest. Raises AssertionError if one needs too many queries or too long."""
    call_command("collectstatic", interactive=False, verbosity=0)  # pages name their files by fingerprint
    places = _Places(site)
    measured = [
        *_ask_all(_signed_in(site, is_support=False), _sellers_pages(site, places), places),
        *_ask_all(_signed_in(site, is_support=True), _admin_pages(places), places),
    ]
    measured.sort(key=lambda page: -page["p95_s"])
    too_many = [page for page in measured if page["queries"] > page["allowed"]]
    assert not too_many, f"these need more queries than they may: {too_many}"
    too_slow = [page for page in measured if page["p50_s"] >= LIMIT_S]
    assert not too_slow, f"these usually take longer than {LIMIT_S} s: {too_slow}"
    worst = measured[0]
    slow = [page["page"] for page in measured if page["p95_s"] >= GOAL_S]
    return Result(
        note=f"{len(measured)} pages; the slowest is {worst['page']}",
        goal=f"p95 of every page < {GOAL_S * 1000:.0f} ms server time",
        met=not slow,
        more={"p50_s": worst["p50_s"], "p95_s": worst["p95_s"], "slow": slow, "pages": measured},
    )


class _Places:
    """Rows and places in lists to ask for."""

    def __init__(self, site: Site) -> None:
        self.n = site.n
        channels = {channel.name: channel for channel in Channel.objects.all()}
        labels = {label.name: label for label in Label.objects.all()}
        order = Order.objects.order_by("pk")[Order.objects.count() // 2]
        self.rows: dict[str, dict[str, Any]] = {
            "": {},
            "best_seller": {"public_id": Item.objects.get(pk=1).public_id},
            "item": {"public_id": Item.objects.get(pk=site.n // 2).public_id},
            "best_seller_on_main": {
                "public_id": Item.objects.get(pk=1).public_id,
                "channel": channels["Main"].public_id,
            },
            "item_on_main": {
                "public_id": Item.objects.get(pk=site.n // 2).public_id,
                "channel": channels["Main"].public_id,
            },
            "everything": {"public_id": labels["Everything"].public_id},
            "rare": {"public_id": labels["Rare"].public_id},
            "by_rule": {"public_id": labels["By rule"].public_id},
            "edit": {"public_id": BulkEdit.objects.order_by("-pk")[0].public_id},
            "import": {"public_id": CsvImport.objects.filter(state="preview").order_by("-pk")[0].public_id},
            "main": {"channel": channels["Main"].public_id},
            "second": {"channel": channels["Second"].public_id},
            "third": {"channel": channels["Third"].public_id},
            "issue": _issue_of(channels["Main"]),
            "few": _issue_of(channels["Second"]),
            "order": {"order": order.public_id},
            "parcels": {"public_id": ShippingFile.objects.order_by("-pk")[0].public_id},
            "submission": {"key": Submission.objects.order_by("-pk")[0].key},
        }
        self.words: dict[str, Any] = {
            "everything": labels["Everything"].public_id,
            "rare": labels["Rare"].public_id,
            "everything_id": labels["Everything"].pk,
            "rare_id": labels["Rare"].pk,
            "second": channels["Second"].public_id,
            "third": channels["Third"].public_id,
            "an_order": order.public_id,
            "run": ReconcileRun.objects.order_by("-pk")[3].pk,
        }
        self.most = {
            "job_run_pk": JobRun.objects.order_by("-pk")[0].pk,
            "refused": Listing.objects.order_by("-pk")[0].pk,
            "raw": RawOrder.objects.order_by("-pk")[0].pk,
            "parcel_row": ShippingRow.objects.order_by("-pk")[0].pk,
        }

    def fill(self, asked: str, time: int) -> str:
        """Return the query with its places, others each time, spread over the whole."""
        number = 1 + (time * 7_919_003 + self.n // 3) % self.n
        needs_order = "{order" in asked or "{day" in asked
        order = Order.objects.get(remote_id=f"R-{1 + number // 5 % (self.n // 5)}") if needs_order else None
        run, sent = (_at_place(model, number, self.n) for model in (JobRun, Submission))
        return asked.format(
            **self.words,
            job_run=f"{run.started_at:%Y-%m-%dT%H:%M:%S}%2B00:00_{run.pk}",
            run_day=f"{run.started_at:%Y-%m-%d}",
            submission=f"{sent.created_at:%Y-%m-%dT%H:%M:%S}%2B00:00_{sent.pk}",
            **{name: 1 + number * most // self.n for name, most in self.most.items()},
            number=number,
            digits=f"{number:08d}"[:6],
            sku=f"SKU-{number:08d}",
            gtin=f"{200_000_000_000 + number:013d}",
            titled=f"{number}_{quote(Item.objects.get(pk=number).title.upper())}" if "{titled" in asked else "",
            order=f"{order.placed_at:%Y-%m-%dT%H:%M:%S}%2B00:00_{order.pk}" if order else "",
            day=f"{order.placed_at:%Y-%m-%d}" if order else "",
            order_number=order.remote_id if order else "",
            order_parcel=f"1Z{order.pk:016d}" if order else "",
            order_email=order.buyer["email"] if order else "",
            order_buyer=order.buyer["name"] if order else "",
        )


def _at_place(model: Any, number: int, n: int) -> Any:
    """Return the row of the model that stands in it where `number` stands among `n`."""
    newest = model.objects.order_by("-pk")[0].pk
    return model.objects.filter(pk__lte=1 + number * newest // n).order_by("-pk")[0]


def _issue_of(channel: Channel) -> dict[str, Any]:
    refused = Listing.objects.filter(channel=channel).exclude(rejected_hash="")
    return {"channel": channel.public_id, "cause": refused[0].cause}


@dataclass(frozen=True, slots=True)
class _Page:
    name: str
    url: str
    asked: str
    queries: int


def _sellers_pages(site: Site, places: _Places) -> Iterator[_Page]:
    for name, page in PAGES.items():
        for row in page.rows:
            given = places.rows[row] | ({"adapter_key": "sandbox"} if name == "channel_add" else {})
            if not name.startswith(("choose", "password", "security", "second_step")):
                given = {"seller_slug": site.seller.slug, **given}
            for asked in page.asked:
                allowed = page.queries + NAVIGATION * ("seller_slug" in given)
                yield _Page(f"{name} {row}".strip(), reverse(name, kwargs=given), asked, allowed)


def _admin_pages(places: _Places) -> Iterator[_Page]:
    yield _Page("support", reverse("admin:index"), "", ADMIN_QUERIES)
    for model in admin.site._registry:
        name = str(model._meta.model_name)
        url = reverse(f"admin:{model._meta.app_label}_{name}_changelist")
        for asked in ("", *ADMIN.get(name, ())):
            yield _Page(f"support: {name}", url, asked, ADMIN_QUERIES)
        newest = model._default_manager.order_by("-pk").first()
        if newest is not None:
            url = reverse(f"admin:{model._meta.app_label}_{name}_change", args=[newest.pk])
            yield _Page(f"support: one {name}", url, "", ADMIN_QUERIES)


def _signed_in(site: Site, *, is_support: bool) -> Client:
    name = "support" if is_support else "owner"
    user, _ = User.objects.get_or_create(username=name, is_staff=is_support, is_superuser=is_support)
    if not is_support:
        Membership.objects.get_or_create(user=user, seller=site.seller, role=Role.OWNER)
    client = Client()
    client.force_login(user)
    return client


def _ask_all(client: Client, pages: Iterator[_Page], places: _Places) -> Iterator[dict[str, Any]]:
    for page in pages:
        asked = places.fill(page.asked, 0)
        with CaptureQueriesContext(connection) as captured:
            _ask(client, page, asked)
            queries = len(captured)
        seconds = sorted(_ask(client, page, places.fill(page.asked, time)) for time in range(1, REPEATS + 1))
        yield {
            "page": f"{page.name} ?{page.asked}".removesuffix(" ?"),
            "p50_s": statistics.median(seconds),
            "p95_s": seconds[len(seconds) * 95 // 100 - 1],
            "queries": queries,
            "allowed": page.queries,
        }


def _ask(client: Client, page: _Page, asked: str) -> float:
    """Return the seconds from the request to the last byte of its answer; of a stream, to its head and first row."""
    started = time.perf_counter()
    answer = client.get(f"{page.url}?{asked}" if asked else page.url)
    parts = iter(answer)
    deque(islice(parts, 2), maxlen=0)
    seconds = time.perf_counter() - started
    deque(parts, maxlen=0)  # read to its end, so that its queries are counted
    assert answer.status_code < 400, (page, asked, answer.status_code)
    return seconds
