"""One submission: its intent with a key, the lines that cross the border, and the receipt."""

import csv
import io
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from json import loads
from typing import Any, NamedTuple

from django.db import connection

from channels_app.adapters.types import ContentLine, Kind, Line, OfferLine, Receipt, WithdrawLine
from channels_app.flows import listings
from channels_app.flows.closing import Tally, apply_report
from channels_app.flows.decide import offer_hash, payload_hash
from channels_app.flows.describe import Product
from channels_app.flows.wanted import CONTENT_HASH
from channels_app.models import Channel, FeedLine, LedgerState, Listing, Submission

#: The first look at an asynchronous submission comes after this.
FIRST_POLL_SECONDS = 1


class Draft(NamedTuple):
    """One line to be sent, and the change that caused it."""

    kind: Kind
    sku: str
    price: Decimal | None
    quantity: int | None
    #: Empty for lines that carry no content.
    content_hash: str
    version: int
    changed_at: datetime

    @property
    def payload_hash(self) -> str:
        if self.kind == Kind.CONTENT:
            return payload_hash(self.kind, price=self.price, content_hash=self.content_hash)
        if self.kind == Kind.WITHDRAW:
            return payload_hash(self.kind)
        return offer_hash(self.kind, price=self.price, quantity=self.quantity)


def record_intent(channel: Channel, kind: Kind, drafts: Sequence[Draft], *, fence: int, now: datetime) -> Submission:
    """What is about to be sent stands in the ledger, and the listings say so. Call it inside `settling`."""
    submission = Submission.objects.create(
        channel=channel, kind=kind.value, key=uuid.uuid4(), fence=fence, line_count=len(drafts), created_at=now
    )
    _copy_lines(submission, drafts, now=now)
    listings.record_sent(submission, [draft.sku for draft in drafts], now=now)
    return submission


_COPY = """
COPY channels_app_feedline (submission_id, channel_id, kind, state, sku, price, quantity, content_hash, payload_hash,
                            version, changed_at, created_at, overdue, code, reason)
FROM STDIN WITH (FORMAT csv, FORCE_NOT_NULL (content_hash, payload_hash, code, reason))
"""


def _copy_lines(submission: Submission, drafts: Sequence[Draft], *, now: datetime) -> None:
    """The lines of `submission`, all of its kind, are written."""
    first = (submission.pk, submission.channel_id, submission.kind, LedgerState.SENT.value)
    last = (now, False, "", "")
    has_price = submission.kind not in (Kind.QUANTITY, Kind.WITHDRAW)
    has_quantity = submission.kind not in (Kind.PRICE, Kind.WITHDRAW)
    buffer = io.StringIO()
    csv.writer(buffer).writerows(
        (
            *first,
            draft.sku,
            draft.price if has_price else None,
            draft.quantity if has_quantity else None,
            draft.content_hash,
            draft.payload_hash,
            draft.version,
            draft.changed_at,
            *last,
        )
        for draft in drafts
    )
    buffer.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(_COPY, buffer)


class Content(NamedTuple):
    """What a listing says of an item."""

    sku: str
    title: str
    description: str
    brand: str
    gtin: str
    parent_sku: str
    content_hash: str
    category: str
    images: Sequence[str]
    attributes: Mapping[str, Any]
    variation: Mapping[str, Any]


# Plan: the items by (seller, SKU), their parents by primary key. The hash is read with what it names; the answers of
# the mapping are read by another statement, so a feed holds the channel for both.
_CONTENT = f"""
SELECT item.sku, item.title, item.description, item.brand, item.gtin, coalesce(parent.sku, ''),
       {CONTENT_HASH},
       item.category, jsonb_build_array(item.images, item.attributes, item.variation)
FROM inventory_item AS item
LEFT JOIN inventory_item AS parent ON parent.id = item.parent_id
LEFT JOIN channels_app_categorymapping AS mapping
    ON mapping.channel_id = %s AND mapping.own = item.category AND item.category <> ''
WHERE item.seller_id = %s AND item.sku = ANY(%s::text[])
"""  # noqa: S608 - put together from constants


def read_content(channel: Channel, skus: Sequence[str]) -> dict[str, Content]:
    """Return what the listings of these SKUs say, by SKU."""
    with connection.cursor() as cursor:
        cursor.execute(_CONTENT, [channel.pk, channel.seller_id, list(skus)])
        # The database layer leaves JSON columns of raw statements as text; one text a row is read fastest.
        return {row[0]: Content(*row[:8], *loads(row[8])) for row in cursor}


def read_remote_ids(channel: Channel, skus: Sequence[str]) -> dict[str, str]:
    """Return the channel's own numbers of these listings, by SKU, as far as it has given any."""
    known = Listing.objects.filter(channel=channel, sku__in=skus).exclude(remote_id="")
    return dict(known.values_list("sku", "remote_id"))


def build_line(
    draft: Draft, content: Content | None, *, currency: str, remote_id: str, product: Product | None = None
) -> Line:
    """Return what crosses the border for `draft`; `product` is there if the channel is to be told of it."""
    if draft.kind == Kind.WITHDRAW:
        return WithdrawLine(sku=draft.sku, remote_id=remote_id)
    price, quantity = draft.price or Decimal(0), draft.quantity or 0
    if draft.kind != Kind.CONTENT or content is None:
        return OfferLine(sku=draft.sku, price=price, currency=currency, quantity=quantity, remote_id=remote_id)
    return ContentLine(
        sku=draft.sku,
        title=content.title,
        description=content.description,
        brand=content.brand,
        gtin=content.gtin,
        images=tuple(content.images),
        attributes=_as_text(content.attributes),
        variation=_as_text(content.variation),
        parent_sku=content.parent_sku,
        price=price,
        currency=currency,
        quantity=quantity,
        remote_id=remote_id,
        category=product.category if product else "",
        product=product.values if product else {},
    )


def _as_text(values: Mapping[str, Any]) -> Mapping[str, str]:
    return {name: str(value) for name, value in values.items()} if values else {}


def record_receipt(submission: Submission, receipt: Receipt, *, ordered: bool, now: datetime) -> Tally:
    """The channel has the submission: its handle is kept, what it said at once is applied."""
    if submission.phase == Submission.Phase.UNKNOWN:
        FeedLine.objects.filter(submission=submission, state=LedgerState.UNKNOWN).update(state=LedgerState.SENT)
    Submission.objects.filter(pk=submission.pk).update(
        handle=receipt.handle,
        phase=Submission.Phase.OPEN,
        sent_at=now,
        next_poll_at=now + timedelta(seconds=FIRST_POLL_SECONDS),
    )
    return apply_report(submission, receipt.report, ordered=ordered, now=now)
