"""What the feed would send of items as they stand now, and what would be refused before it leaves. Nothing is sent."""

import time
from collections.abc import Iterator, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.errors import SettingsError
from channels_app.adapters.types import ContentLine, Kind
from channels_app.flows.connection import open_adapter
from channels_app.flows.decide import Needs, Rules, content_was_refused, needs
from channels_app.flows.describe import Product
from channels_app.flows.mapping import describe_all
from channels_app.flows.sending import Content, Draft, build_line, read_content
from channels_app.flows.wanted import WALK_SOURCE, Truth, in_order, read_skus, read_truth
from channels_app.models import Channel, Listing
from marketplace_integration.clock import now

#: SKUs that are looked at in one go, and how many such slices one page looks through at most.
SLICE = 1_000
SLICES = 4


class Fate(StrEnum):
    """What would become of one SKU."""

    REFUSED = "refused"
    NEW = "new"
    CHANGE = "change"
    END = "end"
    SAME = "same"


class Foreseen(NamedTuple):
    """One SKU as it would be sent."""

    sku: str
    fate: Fate
    #: Empty where nothing is said of the item itself.
    title: str = ""
    #: What would change of a listing: details, price, quantity.
    changes: Sequence[str] = ()
    price: Decimal | None = None
    quantity: int | None = None
    product: Product | None = None
    #: Why it, or part of it, would be refused; in the seller's words.
    problems: Sequence[str] = ()


class Preview:
    """The feed of one channel, as far as it can be foreseen from here: the marketplace has the last word."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self._rules = Rules.of(channel)
        self._adapter = _open(channel)

    def walk(self, after: str = "") -> Iterator[list[Foreseen]]:
        """Yield all SKUs that the channel lists or should list, in their order, a slice at a time."""
        while True:
            place = {"seller": self.channel.seller_id, "label": self.channel.label_id, "after": after, "limit": SLICE}
            truths = in_order(read_truth(WALK_SOURCE, {"channel": self.channel.pk, **place}))
            if truths:
                yield self._foresee(truths)
            if len(truths) < SLICE:
                return
            after = truths[-1].sku

    def of(self, skus: Sequence[str]) -> list[Foreseen]:
        """Return what would become of these, as far as the channel lists or should list them."""
        found = read_skus(self.channel, skus).values()
        return self._foresee([one for one in found if one.on_label or one.is_up])

    def if_moved(self, *, coming: Sequence[str], leaving: Sequence[str]) -> Iterator[list[Foreseen]]:
        """Yield what would become of these if they came onto the channel's label, or left it, a slice at a time."""
        for skus, on_label in ((coming, True), (leaving, False)):
            for start in range(0, len(skus), SLICE):
                found = read_skus(self.channel, skus[start : start + SLICE]).values()
                yield self._foresee([one._replace(on_label=on_label) for one in found if one.on_label != on_label])

    def _foresee(self, truths: Sequence[Truth]) -> list[Foreseen]:
        # Before the first connection check nobody knows the channel's currency: the item's own is assumed.
        known = bool(self.channel.currency)
        found = [(one, needs(one if known else one._replace(currency=""), self._rules)) for one in truths]
        content = read_content(self.channel, [one.sku for one, need in found if need.new or need.content])
        products = describe_all(self.channel, [(one.category, one) for one in content.values()])
        refused = self._refused(found)
        return [
            self._one(one, need, content.get(one.sku), products.get(one.sku), refused.get(one.sku, ""))
            for one, need in found
        ]

    def _refused(self, found: Sequence[tuple[Truth, Needs]]) -> dict[str, str]:
        """Return why the marketplace refused what would be sent now: it is not sent again, nor is it news."""
        skus = [one.sku for one, need in found if (need.new or need.content) and content_was_refused(one, need)]
        reasons = Listing.objects.filter(channel=self.channel, sku__in=skus) if skus else Listing.objects.none()
        return dict(reasons.values_list("sku", "rejected_reason"))

    def _one(
        self, truth: Truth, need: Needs, content: Content | None, product: Product | None, refused: str
    ) -> Foreseen:
        problems = [text for text in (need.refusal, refused) if text]
        if product:
            problems += [text for text in product.problems if text not in refused]
        if content and self._adapter and (why := self._adapter.why_refused(self._line(truth, need, content, product))):
            problems.append(why)
        return Foreseen(
            truth.sku,
            _fate(need, problems, is_up=truth.is_up),
            title=content.title if content else "",
            changes=_changes(need),
            price=need.price,
            quantity=need.quantity,
            product=product,
            problems=problems,
        )

    def _line(self, truth: Truth, need: Needs, content: Content, product: Product | None) -> ContentLine:
        draft = Draft(Kind.CONTENT, truth.sku, need.price, need.quantity, truth.content_hash, 0, now())
        line = build_line(draft, content, currency=self.channel.currency, remote_id="", product=product)
        assert isinstance(line, ContentLine)
        return line


def _open(channel: Channel) -> ChannelAdapter | None:
    """Return the adapter, of which nothing is asked over the network; None while its account cannot be opened."""
    try:
        return open_adapter(channel)
    except SettingsError:
        return None


def _fate(need: Needs, problems: Sequence[str], *, is_up: bool) -> Fate:
    if need.withdraw:
        return Fate.END
    if problems and not is_up:
        return Fate.REFUSED
    if need.new:
        return Fate.NEW
    if problems or need.content or need.offer:
        return Fate.REFUSED if problems else Fate.CHANGE
    return Fate.SAME


def _changes(need: Needs) -> list[str]:
    changes = {"details": need.content, "price": need.price_differs, "quantity": need.quantity_differs}
    return [] if need.new else [name for name, differs in changes.items() if differs]


class Count(NamedTuple):
    """How many SKUs meet which fate; `is_all` says whether all were looked at."""

    by_fate: dict[Fate, int]
    looked_at: int
    is_all: bool


def count(preview: Preview, *, seconds: float) -> Count:
    """Return how many SKUs meet which fate, as far as one gets in that time."""
    until, by_fate, looked_at = time.monotonic() + seconds, dict.fromkeys(Fate, 0), 0
    for rows in preview.walk():
        for row in rows:
            by_fate[row.fate] += 1
        looked_at += len(rows)
        if time.monotonic() > until:
            return Count(by_fate, looked_at, is_all=len(rows) < SLICE)
    return Count(by_fate, looked_at, is_all=True)


class Page(NamedTuple):
    """Rows of one fate; `after` is where to look on, None at the end."""

    rows: list[Foreseen]
    after: str | None


def find(preview: Preview, fate: Fate | None, *, after: str, size: int, seconds: float) -> Page:
    """Return the next SKUs of that fate (None: of any), as far as one gets in that time and in SLICES."""
    until, found, seen = time.monotonic() + seconds, list[Foreseen](), after
    for number, rows in enumerate(preview.walk(after), start=1):
        for row in rows:
            if fate is None or row.fate is fate:
                found.append(row)
                if len(found) == size:
                    return Page(found, row.sku)
        seen = rows[-1].sku
        if time.monotonic() > until or number == SLICES:
            return Page(found, seen)
    return Page(found, None)
