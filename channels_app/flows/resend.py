"""A person asks: what the marketplace refused is tried once more, what it has not answered is asked about."""

from collections.abc import Collection
from datetime import datetime
from functools import partial

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction

from channels_app.flows import listings, permissions
from channels_app.flows.decide import Rules, judge_urgency
from channels_app.flows.fan_out import job_of, walk_channel
from channels_app.flows.issues import listings_of
from channels_app.flows.jobs import nudge, run_now
from channels_app.flows.pending import Change, upsert
from channels_app.flows.permissions import Action
from channels_app.flows.takeover import SUBMISSION_KINDS
from channels_app.flows.wanted import read_skus
from channels_app.models import Channel, ChannelJob, ChannelLedger, Listing, Submission
from channels_app.models.submission import OPEN_PHASES
from inventory.models import ItemChange


def send_again(channel: Channel, skus: Collection[str], *, actor: AbstractBaseUser, now: datetime) -> int:
    """The refusals of these SKUs are forgotten, and the feed looks at them again. Returns how many there were.

    Raises NotAllowed below manager, and on a channel that is not active.
    """
    permissions.require(channel, actor, Action.RUN_NOW)
    with transaction.atomic():
        refused = Listing.objects.filter(channel=channel, sku__in=skus).exclude(rejected_hash="")
        names = sorted(refused.values_list("sku", flat=True))
        # Before the listings, as everybody locks them: see pending.py.
        _look_again(channel, names, now=now)
        listings.lock(channel.pk, names)
        return refused.update(rejected_hash="", rejected_code="", rejected_reason="")


#: So many listings of a cause are looked at again by name; more are walked with the whole channel.
BY_NAME = 5_000
#: No more are forgotten in one transaction: beyond, a person asks again.
AT_ONCE = 100_000

# Plan: the first listings of the cause by (channel, cause, SKU).
_FORGET_CAUSE = """
WITH concerned AS MATERIALIZED (
    SELECT id FROM channels_app_listing
    WHERE channel_id = %s AND cause = %s AND rejected_hash <> ''
    ORDER BY sku LIMIT %s
    FOR UPDATE
)
UPDATE channels_app_listing AS listing
SET rejected_hash = '', rejected_code = '', rejected_reason = ''
FROM concerned WHERE listing.id = concerned.id
"""


def send_cause_again(channel: Channel, cause: str, *, actor: AbstractBaseUser, now: datetime) -> int:
    """The refusals for this cause are forgotten, and the feed looks at them again. Returns how many, up to AT_ONCE.

    Raises NotAllowed below manager, and on a channel that is not active.
    """
    permissions.require(channel, actor, Action.RUN_NOW)
    skus = list(listings_of(channel, cause).order_by("sku").values_list("sku", flat=True)[: BY_NAME + 1])
    if len(skus) <= BY_NAME:
        return send_again(channel, skus, actor=actor, now=now)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_FORGET_CAUSE, [channel.pk, cause, AT_ONCE])
        forgotten = cursor.rowcount
        walk_channel(channel, "sent again", now=now)
    return forgotten


def send_unexplained(channel: Channel, *, actor: AbstractBaseUser, now: datetime) -> int:
    """The feed looks again at what the last ledger check could not explain. Returns how many SKUs.

    What was sent counts for nothing unless it is confirmed or still open: so whatever differs is sent.
    Raises NotAllowed below manager, and on a channel that is not active.
    """
    permissions.require(channel, actor, Action.RUN_NOW)
    ledger = ChannelLedger.objects.filter(channel=channel).first()
    skus = sorted(ledger.skus) if ledger else []
    with transaction.atomic():
        _look_again(channel, skus, now=now)
        listings.lock(channel.pk, skus)
        listings.restate(channel.pk, skus, absent=Listing.State.ENDED, now=now)
    return len(skus)


def ask_about(submission: Submission, *, actor: AbstractBaseUser, now: datetime) -> bool:
    """The marketplace is asked now what became of it, and a lost answer is looked for. Returns False if it has ended.

    Raises NotAllowed below manager, and on a channel that is not active.
    """
    permissions.require(submission.channel, actor, Action.RUN_NOW)
    with transaction.atomic():
        if not Submission.objects.filter(pk=submission.pk, phase__in=OPEN_PHASES).update(next_poll_at=now):
            return False
        kinds = [kind for kind, sent in SUBMISSION_KINDS.items() if submission.kind in sent]
        due = {"channel": submission.channel_id, "enabled": True, "kind__in": [ChannelJob.Kind.RESULTS, *kinds]}
        for job in ChannelJob.objects.filter(**due).order_by("pk"):
            run_now(job, now=now)
    return True


def _look_again(channel: Channel, skus: Collection[str], *, now: datetime) -> None:
    """The SKUs are pending, as urgent as they are, and the jobs that take them are woken after the commit."""
    rules = Rules.of(channel)
    changes = [
        Change(
            channel.pk,
            truth.sku,
            truth.item_id,
            int(ItemChange.Change.CONTENT),
            judge_urgency(truth.as_confirmed(), rules, stock_changed=False),
        )
        for truth in read_skus(channel, list(skus)).values()
    ]
    upsert(changes, now=now)
    woken = {job_of(change.urgency) for change in changes}
    transaction.on_commit(partial(nudge, [channel.pk], woken, now=now))
