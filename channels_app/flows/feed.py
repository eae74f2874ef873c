"""The listing feed: pending changes become submissions. `offers` sends prices, quantities and withdrawals; `content`
sends first listings and changed content, so that stock never queues behind them.

A batch: take the most urgent changes, read the truth now, decide per SKU (pure), write the intent and settle the
changes in one commit, call the channel, write what it answered in another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.errors import OutcomeUnknown, RejectedByChannel, SettingsError, TemporaryError
from channels_app.adapters.types import Capability, Kind, Line, Phase
from channels_app.flows import brake, jobs, listings, pending
from channels_app.flows.closing import Tally, leave_in_doubt, refuse_file, take_back
from channels_app.flows.decide import Decision, Do, LastWord, Rules, Urgency, decide, payload_hash, refusal_hash
from channels_app.flows.describe import Product
from channels_app.flows.engine import Claim, FenceLost
from channels_app.flows.lookup import resolve_lost
from channels_app.flows.mapping import describe_all
from channels_app.flows.pace import intervals_of
from channels_app.flows.pending import Remains, Taken
from channels_app.flows.sending import (
    Content,
    Draft,
    build_line,
    read_content,
    read_remote_ids,
    record_intent,
    record_receipt,
)
from channels_app.flows.takeover import SUBMISSION_KINDS
from channels_app.flows.wanted import Truth, read_skus
from channels_app.models import Channel, ChannelJob, Submission

#: Which changes each job takes, from the most to the least urgent.
URGENCIES: dict[str, tuple[int, int]] = {
    ChannelJob.Kind.OFFERS: (Urgency.TO_ZERO, Urgency.WITHDRAW),
    ChannelJob.Kind.CONTENT: (Urgency.CONTENT, Urgency.NEW),
}
#: A change that waits for a line is freed when that line ends; this is only in case it was missed.
PARK_SECONDS = 60
#: A round of orders takes some seconds itself; it is not asked to be fresher than that.
SHORTEST_ROUND_SECONDS = 10
#: How soon a rise looks again whether the channel's orders are known.
ORDERS_WAIT_SECONDS = 3


def send_offers(claim: Claim, adapter: ChannelAdapter) -> bool:
    """Pending prices, quantities and withdrawals are at the channel. Returns whether more is waiting."""
    return _send(claim, adapter)


def send_content(claim: Claim, adapter: ChannelAdapter) -> bool:
    """Pending new listings and changed content are at the channel. Returns whether more is waiting."""
    return _send(claim, adapter)


class Row(NamedTuple):
    """One taken change, how things stand, and what is done about it."""

    taken: Taken
    truth: Truth
    decision: Decision


def last_word_of(channel: Channel) -> LastWord | None:
    """Return what the feed may say on `channel`: anything (NONE) while it runs, its last word, or nothing (None)."""
    if channel.is_running:
        return LastWord.NONE if channel.listings_on else None
    return LastWord(channel.on_deactivate) if channel.on_deactivate in ("zero", "end") else None


def rules_of(channel: Channel, adapter: ChannelAdapter, *, now: datetime) -> Rules:
    """Return all that decisions about `channel` rest on, as it stands."""
    declared = adapter.submission_lines
    return replace(
        Rules.of(channel),
        last_word=last_word_of(channel) or LastWord.NONE,
        ordered=channel.can(Capability.ORDERED_SUBMISSIONS),
        rises_allowed=_rises_allowed(channel, adapter, now=now),
        offer_kinds=(Kind.OFFER,) if Kind.OFFER in declared else (Kind.QUANTITY, Kind.PRICE),
        content_brings_quantity=adapter.content_brings_quantity,
    )


def _rises_allowed(channel: Channel, adapter: ChannelAdapter, *, now: datetime) -> bool:
    """The channel may have sold what we do not know yet, unless its orders were read within one interval.

    That counts from the end of a round: one that takes longer than its interval would let nothing rise ever.
    """
    if not channel.orders_on or channel.can(Capability.QUANTITY_NETS_ORDERS) or not channel.is_running:
        return True
    read_at, interval = channel.orders_read_at, intervals_of(adapter).get(ChannelJob.Kind.ORDERS)
    if interval is None:
        return True
    return read_at is not None and now - read_at <= timedelta(seconds=max(interval, SHORTEST_ROUND_SECONDS))


def _send(claim: Claim, adapter: ChannelAdapter) -> bool:
    if last_word_of(claim.channel) is None:
        return False
    rules = rules_of(claim.channel, adapter, now=claim.now)
    kinds = SUBMISSION_KINDS[claim.kind]
    if not resolve_lost(claim, adapter, kinds, rules=rules):
        return True
    limit = max(count for kind, count in adapter.submission_lines.items() if kind in kinds)
    more = True
    while more and claim.seconds_left() > 0:
        taken = pending.take(claim.channel.pk, URGENCIES[claim.kind], limit, now=claim.now)
        more = _send_batch(claim, adapter, taken, rules) and len(taken) == limit
    if more or claim.seconds_left() <= 0:
        return True
    waiting_until = pending.next_due(claim.channel.pk, URGENCIES[claim.kind])
    if waiting_until is not None:
        claim.run_again_at(waiting_until)
    return False


def _send_batch(claim: Claim, adapter: ChannelAdapter, taken: Sequence[Taken], rules: Rules) -> bool:
    """Do what is to be done about `taken`. Returns False if the channel stopped or time ran out."""
    if not taken:
        return True
    rows = _decided(claim, taken, rules)
    quiet = [row for row in rows if row.decision.do is not Do.SEND]
    if quiet:
        with claim.settling():
            if not _may_go_on(claim):
                return False
            _settle_quietly(claim, quiet)
        _nudge_others(claim, quiet)
    for kind, group in _groups(rows, adapter):
        if claim.seconds_left() <= 0 or not _submit(claim, adapter, kind, group, rules):
            return False
    return True


def _decided(claim: Claim, taken: Sequence[Taken], rules: Rules) -> list[Row]:
    truths = read_skus(claim.channel, [t.sku for t in taken])
    rows = [Row(t, truths[t.sku], decide(truths[t.sku], rules, claim.kind)) for t in taken]
    withdrawn = sum(Kind.WITHDRAW in row.decision.kinds for row in rows)
    if withdrawn and not _withdrawals_pass(claim, withdrawn):
        return [_held_back(row) for row in rows]
    return rows


def _withdrawals_pass(claim: Claim, count: int) -> bool:
    """Ask the brake about all that wait and all it holds: a wrong relabelling must not slip past it in slices.

    What a person has put off for a while is not asked about again.
    """
    asked = max(count, brake.waiting(claim.channel, now=claim.now))
    return brake.allowed_withdrawals(claim.channel, asked, now=claim.now) >= asked


def _held_back(row: Row) -> Row:
    if Kind.WITHDRAW not in row.decision.kinds:
        return row
    return row._replace(decision=Decision(do=Do.HOLD, then=Urgency.WITHDRAW))


def _may_go_on(claim: Claim) -> bool:
    """Lock the channel against a deactivation meanwhile, and say whether it is still what this slice began with."""
    was = claim.channel
    row = Channel.objects.raw("SELECT * FROM channels_app_channel WHERE id = %s FOR SHARE", [was.pk])[0]
    return last_word_of(row) is last_word_of(was)


def _settle_quietly(claim: Claim, rows: Sequence[Row]) -> None:
    """Changes that send nothing now are settled, or stay with the reason they wait for."""
    valid = pending.lock_taken([row.taken for row in rows])
    rows = [row for row in rows if row.taken.id in valid]
    pending.delete([row.taken.id for row in rows if row.decision.do is Do.NOTHING])
    pending.keep([_remains(row, claim.now) for row in rows if row.decision.do is not Do.NOTHING])
    refused = [row for row in rows if row.decision.refusal]
    _note_refusals(claim, refused)
    listings.forget(claim.channel.pk, [row.truth.sku for row in rows if row.decision.forget])
    claim.count(
        refused=len(refused),
        held=sum(row.decision.do is Do.HOLD for row in rows),
    )


def _note_refusals(claim: Claim, rows: Sequence[Row]) -> None:
    listings.refuse(
        claim.channel.pk,
        [
            (r.truth.sku, r.truth.item_id, refusal_hash(r.decision.refusal, r.truth), r.decision.refusal)
            for r in sorted(rows, key=lambda r: r.truth.sku)
        ],
        now=claim.now,
    )


def _remains(row: Row, now: datetime) -> Remains:
    decision = row.decision
    not_before = None
    if decision.do is Do.WAIT_FOR_LINE:
        not_before = now + timedelta(seconds=PARK_SECONDS)
    elif decision.do is Do.WAIT_FOR_ORDERS or decision.then_waits:
        not_before = now + timedelta(seconds=ORDERS_WAIT_SECONDS)
    urgency = row.taken.urgency if decision.then is None else decision.then
    return Remains(row.taken.id, int(urgency), not_before, decision.do is Do.HOLD)


def _nudge_others(claim: Claim, rows: Sequence[Row]) -> None:
    """Wake the job that a change was handed to, and the order download that a rise waits for."""
    kinds = set()
    for row in rows:
        if row.decision.do is Do.HAND_OVER or (row.decision.then is not None and row.decision.do is Do.SEND):
            kinds.add(_other_job(claim.kind, row.decision))
        if row.decision.do is Do.WAIT_FOR_ORDERS or row.decision.then_waits:
            kinds.add(ChannelJob.Kind.ORDERS)
    for kind in sorted(kinds):
        jobs.nudge([claim.channel.pk], [kind], now=claim.now)


def _other_job(kind: str, decision: Decision) -> str:
    first, last = URGENCIES[ChannelJob.Kind.OFFERS]
    urgency = Urgency.CONTENT if decision.then is None else decision.then
    return ChannelJob.Kind.OFFERS if first <= urgency <= last else ChannelJob.Kind.CONTENT


def _groups(rows: Sequence[Row], adapter: ChannelAdapter) -> list[tuple[Kind, list[Row]]]:
    """Return the rows to send by kind, in submissions of the channel's size, stock first."""
    by_kind: dict[Kind, list[Row]] = {
        kind: [] for kind in (Kind.OFFER, Kind.QUANTITY, Kind.PRICE, Kind.WITHDRAW, Kind.CONTENT)
    }
    for row in rows:
        if row.decision.do is Do.SEND:
            for kind in row.decision.kinds:
                by_kind[kind].append(row)
    groups = []
    for kind, chosen in by_kind.items():
        size = adapter.submission_lines.get(kind, 1)
        groups += [(kind, chosen[start : start + size]) for start in range(0, len(chosen), size)]
    return groups


def _submit(claim: Claim, adapter: ChannelAdapter, kind: Kind, rows: Sequence[Row], rules: Rules) -> bool:
    """The rows were sent, or are pending as before. Returns False if the channel stopped meanwhile."""
    with claim.settling():
        if not _may_go_on(claim):
            return False
        # Both under the channel's lock, which whoever saves a mapping waits for: a name stands for one set of answers.
        content = read_content(claim.channel, [row.truth.sku for row in rows]) if kind == Kind.CONTENT else {}
        products = describe_all(claim.channel, [(one.category, one) for one in content.values()])
        # All at once, in the order of SKUs, and before any listing: whoever changes them does it so.
        valid = pending.lock_taken([row.taken for row in rows])
        rows = _refuse_incomplete(claim, [row for row in rows if row.taken.id in valid], content, products)
        drafts = _settle_as_sent(claim, kind, rows, content)
        if not drafts:
            return True
        submission = record_intent(claim.channel, kind, drafts, fence=claim.fence, now=claim.now)
    remote_ids = read_remote_ids(claim.channel, [draft.sku for draft in drafts]) if adapter.gives_remote_ids else {}
    lines = [
        build_line(
            draft,
            content.get(draft.sku),
            currency=claim.channel.currency,
            remote_id=remote_ids.get(draft.sku, ""),
            product=products.get(draft.sku),
        )
        for draft in drafts
    ]
    try:
        _call(claim, adapter, submission, lines, rules)
    except FenceLost:
        # It may have taken effect after what the new holder sent meanwhile.
        with transaction.atomic():
            leave_in_doubt(submission, now=claim.now)
        raise
    _nudge_others(claim, rows)
    return True


def _refuse_incomplete(
    claim: Claim, rows: Sequence[Row], content: Mapping[str, Content], products: Mapping[str, Product]
) -> list[Row]:
    """What the channel wants to know and the item does not say is asked of the seller. Returns the rows that may go.

    To the feed it is as if the channel had refused this content; price and quantity of a listing go out without it.
    """
    wanting = {sku: " ".join(product.problems) for sku, product in products.items() if product.problems}
    if not wanting:
        return list(rows)
    refused = [row for row in rows if row.truth.sku in wanting]
    pending.delete([row.taken.id for row in refused if not row.truth.is_up])
    pending.keep([Remains(row.taken.id, int(Urgency.ROSE), None, False) for row in refused if row.truth.is_up])
    listings.refuse(
        claim.channel.pk,
        [
            (row.truth.sku, row.truth.item_id, _content_hash(row, content), wanting[row.truth.sku])
            for row in sorted(refused, key=lambda row: row.truth.sku)
        ],
        now=claim.now,
    )
    claim.count(refused=len(refused))
    return [row for row in rows if row.truth.sku not in wanting]


def _content_hash(row: Row, content: Mapping[str, Content]) -> str:
    return payload_hash(Kind.CONTENT, price=row.decision.price, content_hash=content[row.truth.sku].content_hash)


def _call(claim: Claim, adapter: ChannelAdapter, submission: Submission, lines: Sequence[Line], rules: Rules) -> None:
    """The channel has the lines, and what it answered is recorded. Raises FenceLost if the job was taken over."""
    kind = Kind(submission.kind)
    try:
        receipt = adapter.submit(kind, lines, key=str(submission.key))
    except (TemporaryError, SettingsError):
        # Nothing was done, and we know it: the ledger keeps no line that never left.
        with claim.settling():
            take_back(submission, now=claim.now)
        raise
    except OutcomeUnknown:
        with claim.settling():  # Whoever has taken over does not look for it again: that is FenceLost.
            raise
    except RejectedByChannel as error:
        with claim.settling():
            _count(claim, refuse_file(submission, str(error), now=claim.now))
        return
    with claim.settling():
        tally = record_receipt(submission, receipt, ordered=rules.ordered, now=claim.now)
    claim.count(**{"withdrawn" if kind == Kind.WITHDRAW else "sent": len(lines)})
    _count(claim, tally)
    if receipt.report.phase is Phase.OPEN:
        first_look = claim.now + timedelta(seconds=1)
        jobs.nudge([claim.channel.pk], [ChannelJob.Kind.RESULTS], now=first_look)


def _settle_as_sent(claim: Claim, kind: Kind, rows: Sequence[Row], content: dict[str, Content]) -> list[Draft]:
    """Settle the changes of `rows`, and return a draft for each that is still as it was taken.

    Only who settles a change writes a line for it: so no two jobs send a SKU at once, and none from an old reading.
    """
    rows = [row for row in rows if kind != Kind.CONTENT or row.truth.sku in content]
    last = [row for row in rows if row.decision.kinds[-1] == kind]
    pending.delete([row.taken.id for row in last if row.decision.then is None])
    pending.keep([_remains(row, claim.now) for row in last if row.decision.then is not None])
    _note_refusals(claim, [row for row in last if row.decision.refusal])
    return [
        Draft(
            kind=kind,
            sku=row.truth.sku,
            price=row.decision.price,
            quantity=row.decision.quantity,
            content_hash=content[row.truth.sku].content_hash if kind == Kind.CONTENT else "",
            version=row.taken.version,
            changed_at=row.taken.changed_at,
        )
        for row in sorted(rows, key=lambda r: r.truth.sku)
    ]


def _count(claim: Claim, tally: Tally) -> None:
    claim.count(confirmed=tally.confirmed, rejected=tally.rejected, again=tally.again)
