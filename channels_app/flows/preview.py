"""What the feed would send of items as they stand now, and what would be refused before it leaves. Nothing is sent."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from heapq import nlargest
from typing import NamedTuple

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.errors import SettingsError
from channels_app.adapters.types import ContentLine, Kind
from channels_app.flows.connection import open_adapter
from channels_app.flows.decide import Needs, Rules, content_was_refused, needs
from channels_app.flows.describe import Product
from channels_app.flows.mapping import describe_all
from channels_app.flows.sending import Content, Draft, build_line, read_content
from channels_app.flows.sentences import legible, name_of, sentence_of
from channels_app.flows.wanted import CATEGORY_SOURCE, WALK_SOURCE, Truth, in_order, read_skus, read_truth
from channels_app.models import Channel, Listing
from marketplace_integration.clock import now

#: SKUs that are looked at in one go, and how many such slices one page looks through at most.
SLICE = 1_000
SLICES = 4
#: So many causes of refusals are told, those of most SKUs.
MOST_CAUSES = 10


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

    @property
    def sentence(self) -> str:
        """The first reason why it would be refused, without what belongs to this SKU; empty if it would not be."""
        return sentence_of(self.sku, self.problems[0]) if self.fate is Fate.REFUSED else ""


class Slice(NamedTuple):
    """Rows of one part of the walk, up to the SKU `after`."""

    rows: list[Foreseen]
    after: str
    is_last: bool


class Wanted(NamedTuple):
    """Which of them are looked for; nothing is said: all."""

    fate: Fate | None = None
    #: Name of the sentence of a refusal.
    cause: str = ""

    def fits(self, row: Foreseen) -> bool:
        if self.fate is not None and row.fate is not self.fate:
            return False
        return not self.cause or (row.fate is Fate.REFUSED and name_of(row.sentence) == self.cause)


class Preview:
    """The feed of one channel, as far as it can be foreseen from here: the marketplace has the last word."""

    def __init__(self, channel: Channel, *, own: str = "") -> None:
        """With `own` it is of the items in that category of the seller's alone."""
        self.channel = channel
        self._own = own
        self._rules = Rules.of(channel)
        self._adapter = _open(channel)

    def walk(self, after: str = "") -> Iterator[Slice]:
        """Yield all SKUs that the channel lists or should list, in their order, a slice at a time."""
        source = CATEGORY_SOURCE if self._own else WALK_SOURCE
        asked = {"channel": self.channel.pk, "seller": self.channel.seller_id, "label": self.channel.label_id}
        is_last = False
        while not is_last:
            place = {"category": self._own, "after": after, "limit": SLICE}
            truths = in_order(read_truth(source, {**asked, **place}))
            after, is_last = (truths[-1].sku if truths else after), len(truths) < SLICE
            # Of a category all items are walked through, those too that the channel has nothing to do with.
            rows = self._foresee([one for one in truths if one.on_label or one.is_up or not self._own])
            yield Slice(rows, after, is_last)

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
        if not truths:
            return []
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
            changes=need.changes,
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


class Cause(NamedTuple):
    """SKUs that would be refused for the same reason."""

    name: str
    #: In full if all of them have the same words.
    text: str
    #: The first SKU's reason, where the text leaves out what is another on each; else empty.
    example: str
    skus: int


class Count(NamedTuple):
    """How many SKUs meet which fate; `is_all` says whether all were looked at."""

    by_fate: dict[Fate, int]
    #: Why they would be refused, what concerns most SKUs first, no more than MOST_CAUSES.
    causes: Sequence[Cause]
    looked_at: int
    is_all: bool


@dataclass(slots=True)
class _Reasons:
    """Those of one sentence."""

    first: str
    skus: int = 0
    differ: bool = False

    def add(self, reason: str) -> None:
        self.skus += 1
        self.differ = self.differ or reason != self.first

    def cause(self, sentence: str) -> Cause:
        text, example = (legible(sentence), self.first) if self.differ else (self.first, "")
        return Cause(name_of(sentence), text, example, self.skus)


def count(preview: Preview, *, seconds: float) -> Count:
    """Return how many SKUs meet which fate, as far as one gets in that time."""
    until, looked_at, is_all = time.monotonic() + seconds, 0, False
    by_fate, reasons = dict.fromkeys(Fate, 0), dict[str, _Reasons]()
    for part in preview.walk():
        for row in part.rows:
            by_fate[row.fate] += 1
            if sentence := row.sentence:
                reasons.setdefault(sentence, _Reasons(row.problems[0])).add(row.problems[0])
        looked_at += len(part.rows)
        is_all = part.is_last
        if time.monotonic() > until:
            break
    largest = nlargest(MOST_CAUSES, reasons.items(), key=lambda one: one[1].skus)
    return Count(by_fate, [told.cause(sentence) for sentence, told in largest], looked_at, is_all)


class Page(NamedTuple):
    """Rows that fit; `after` is where to look on, None at the end."""

    rows: list[Foreseen]
    after: str | None


def find(preview: Preview, wanted: Wanted, *, after: str, size: int, seconds: float) -> Page:
    """Return the next SKUs that fit, as far as one gets in that time and in SLICES."""
    until, found = time.monotonic() + seconds, list[Foreseen]()
    for number, part in enumerate(preview.walk(after), start=1):
        for row in part.rows:
            if wanted.fits(row):
                found.append(row)
                if len(found) == size:
                    return Page(found, row.sku)
        if not part.is_last and (time.monotonic() > until or number == SLICES):
            return Page(found, part.after)
    return Page(found, None)
