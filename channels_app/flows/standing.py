"""How one SKU stands on one channel: what buyers should see, what they see as far as we know, and why they differ."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from channels_app.flows.decide import LastWord, Needs, Rules, needs
from channels_app.flows.feed import last_word_of
from channels_app.flows.shown import Reading, last_read, reading_of
from channels_app.flows.wanted import Truth, read_truth
from channels_app.models import Channel, Listing, PendingChange
from inventory.models import Item, LabelItem


class Offer(NamedTuple):
    """What buyers see of a listing; None: not known."""

    quantity: int | None
    price: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One SKU on one channel, now."""

    channel: Channel
    listing: Listing | None
    #: On hand less reserved at the channel's locations.
    available: int
    #: None: the channel should not list it.
    wanted: Offer | None
    #: None: the channel never confirmed it, or confirmed its end.
    confirmed: Offer | None
    #: What the reconciler last read, unless the channel confirmed something since.
    reading: Reading | None
    #: Why it is not listed, or why buyers see something else; in the seller's words, "" if all is as it should be.
    why: str
    tone: str

    @property
    def shown(self) -> Offer | None:
        """What buyers see as far as we know."""
        return seen(self.confirmed, self.reading)

    @property
    def differs(self) -> bool:
        return self.wanted != self.shown


def stand(item: Item, channels: Sequence[Channel], *, now: datetime) -> list[Standing]:
    """Return how the item stands on each of these channels of its seller. The number of queries is fixed."""
    ids = [channel.pk for channel in channels]
    source = "SELECT channel_id, %(sku)s FROM unnest(%(channels)s::bigint[]) AS these (channel_id)"
    truths = {row.channel_id: row for row in read_truth(source, {"sku": item.sku, "channels": ids})}
    listings = {row.channel_id: row for row in Listing.objects.filter(channel__in=ids, sku=item.sku)}
    waiting = {row.channel_id: row for row in PendingChange.objects.filter(channel__in=ids, sku=item.sku)}
    kept_off = set(item.label_items.filter(source=LabelItem.Source.EXCLUDED).values_list("label_id", flat=True))
    read_at = last_read(ids)
    return [
        _stand(
            truths[channel.pk],
            channel,
            item,
            listing=listings.get(channel.pk),
            change=waiting.get(channel.pk),
            is_kept_off=channel.label_id in kept_off,
            read_at=read_at.get(channel.pk),
            now=now,
        )
        for channel in channels
    ]


def _stand(
    truth: Truth,
    channel: Channel,
    item: Item,
    *,
    listing: Listing | None,
    change: PendingChange | None,
    is_kept_off: bool,
    read_at: datetime | None,
    now: datetime,
) -> Standing:
    found = needs_now(truth, channel)
    wanted = wanted_offer(found)
    confirmed = Offer(truth.confirmed_quantity, truth.confirmed_price) if truth.is_confirmed else None
    reading = _reading(listing, read_at) if listing and read_at else None
    shown = seen(confirmed, reading)
    why, tone = "", ""
    if wanted is not None or shown is not None:
        why, tone = _why_it_differs(truth, channel, found, listing=listing, change=change, now=now)
    if not why and shown is not None and wanted == confirmed != shown:
        why, tone = "The marketplace shows something else than it confirmed; the reconciler looks into it.", "warn"
    if wanted is None:
        not_wanted = _why_not_wanted(truth, channel, item, is_kept_off=is_kept_off, found=found)
        why = not_wanted if why == not_wanted else f"{not_wanted} {why}".strip()
        tone = tone or ("warn" if shown else "")
    return Standing(
        channel=channel,
        listing=listing,
        available=truth.available,
        wanted=wanted,
        confirmed=confirmed,
        reading=reading,
        why=why,
        tone=tone,
    )


def _reading(listing: Listing, read_at: datetime) -> Reading | None:
    """Return what was read since the channel last confirmed something; nothing of what never was listed."""
    reading = reading_of(listing, read_at)
    if reading is None or (listing.confirmed_at and listing.confirmed_at > reading.as_of):
        return None
    has_words = listing.remote_active is not None or listing.confirmed_at is not None
    return reading if has_words else None


def seen(confirmed: Offer | None, reading: Reading | None) -> Offer | None:
    """Return what buyers see: what was read since, else what was confirmed. A list without quantities tells none."""
    if reading is None:
        return confirmed
    if not reading.is_shown:
        return None
    told = confirmed or Offer(None, None)
    return Offer(
        told.quantity if reading.quantity is None else reading.quantity,
        told.price if reading.price is None else reading.price,
    )


def needs_now(truth: Truth, channel: Channel) -> Needs:
    """Return where `truth` differs from what was sent, by the channel's rules as they stand."""
    rules = replace(Rules.of(channel), last_word=last_word_of(channel) or LastWord.NONE)
    # Before the first connection check nobody knows the channel's currency: the item's own is assumed.
    return needs(truth if channel.currency else truth._replace(currency=""), rules)


def wanted_offer(found: Needs) -> Offer | None:
    """Return what the channel should show; None if it should not list the item, or cannot."""
    if found.withdraw or found.price is None or found.quantity is None:
        return None
    return Offer(found.quantity, found.price)


def _why_not_wanted(truth: Truth, channel: Channel, item: Item, *, is_kept_off: bool, found: Needs) -> str:
    """Return why the channel should not list the item."""
    if item.is_parent:
        return "Its variations are listed: a parent is not sold itself."
    if item.archived_at:
        return "The item is archived."
    if item.blocked:
        return "The item is blocked."
    if found.refusal:
        return found.refusal
    if not channel.is_running and channel.on_deactivate == Channel.OnDeactivate.END:
        return f"{channel.name} was deactivated, and its listings ended."
    if truth.on_label:
        return f"{channel.name} is not active: nothing is sent."
    if channel.label is None:
        return f"{channel.name} names no label."
    kept = "kept off" if is_kept_off else "not on"
    return f"It is {kept} the label {channel.label}."


def _why_it_differs(
    truth: Truth,
    channel: Channel,
    found: Needs,
    *,
    listing: Listing | None,
    change: PendingChange | None,
    now: datetime,
) -> tuple[str, str]:
    """Return why the channel does not show yet what we want, and how that is coloured; "" if nothing is known."""
    if truth.has_open_line:
        return "Sent; the marketplace has not answered yet.", ""
    if listing is not None and listing.rejected_reason:
        return listing.rejected_reason, "bad"
    if found.refusal:
        return found.refusal, "bad"
    if not channel.is_running and last_word_of(channel) is LastWord.ZERO:
        return f"{channel.name} was deactivated, and its quantities were set to 0.", ""
    if last_word_of(channel) is None:
        off = "has Listings switched off" if channel.is_running else "is not active"
        return f"{channel.name} {off}: nothing is sent.", ""
    if change is not None:
        return why_it_waits(change, now=now)
    return "", ""


def why_it_waits(change: PendingChange, *, now: datetime) -> tuple[str, str]:
    """Return what a change waits for, and how that is coloured."""
    if change.held:
        if change.not_before is not None and change.not_before > now:
            return "So many listings would end at once that a person was asked, and put it off for a day.", "warn"
        return "So many listings would end at once that it waits for a manager's decision.", "warn"
    if change.urgency == PendingChange.Urgency.WITHDRAW:
        return "Waits to be ended.", ""
    if change.urgency == PendingChange.Urgency.ROSE and change.not_before is not None:
        return "More stock is told once the newest orders are known.", ""
    return "Waits to be sent.", ""
