"""Names for the worker. Rows retry, not messages: every task may be lost, late or run twice."""

import threading
import time

from celery import shared_task
from django.conf import settings

from channels_app.flows import (
    activate,
    digest,
    engine,
    expiry_warnings,
    fan_out,
    ledger,
    retention,
    shipping_files,
    stop_warnings,
)
from channels_app.flows.dispatch import FLOWS
from channels_app.models import Channel
from inventory.tasks import send_mail
from marketplace_integration import clock
from marketplace_integration.celery import stopping

#: A drain ends after this and leaves its slot to the next message.
DRAIN_SECONDS = 60
#: A tick that nobody fetched in time says nothing new.
NUDGE_EXPIRES_SECONDS = 5

# Threads of this process that may drain a lane at once; the rest stay free for ticks.
_slots = {lane: threading.BoundedSemaphore(slots) for lane, slots in settings.LANE_SLOTS.items()}


@shared_task(name="channels.drain")
def drain(lane: str) -> None:
    """Run the due jobs of `lane`, unless this process is already doing as much of it as it may."""
    if not _slots[lane].acquire(blocking=False):
        return
    try:
        engine.drain(lane, flows=FLOWS, until=time.monotonic() + DRAIN_SECONDS, is_stopping=stopping.is_set)
    finally:
        _slots[lane].release()


@shared_task(name="channels.tick")
def tick() -> None:
    """Wake workers for what is due. Claims nothing."""
    for lane, due in engine.due_lanes(now=clock.now()).items():
        for _ in range(due):
            drain.apply_async(args=(lane,), queue=lane, expires=NUDGE_EXPIRES_SECONDS)


@shared_task(name="channels.sweep_changes")
def sweep_changes() -> None:
    """Pass on what changed in the inventory, and wake the jobs that it made due."""
    until = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < until:
        handled = 0
        for step in (fan_out.pass_on_few, fan_out.pass_on_many, fan_out.walk_on):
            if done := step(now=clock.now()):
                tick()
            handled += done
        if not handled:
            return


@shared_task(name="channels.promote_due")
def promote_due() -> None:
    activate.promote_due(now=clock.now())


@shared_task(name="channels.write_digests")
def write_digests() -> None:
    """Write the daily letters that are due, and send them."""
    for mail_id in digest.write_due(now=clock.now()):
        send_mail.delay(mail_id)


@shared_task(name="channels.warn_of_expiry")
def warn_of_expiry() -> None:
    """Write the letters about credentials that expire, and send them."""
    for mail_id in expiry_warnings.write_due(now=clock.now()):
        send_mail.delay(mail_id)


@shared_task(name="channels.tell_of_stops")
def tell_of_stops() -> None:
    """Write the letters about channels that have stopped, and send them."""
    for mail_id in stop_warnings.write_due(now=clock.now()):
        send_mail.delay(mail_id)


@shared_task(name="channels.check_ledger")
def check_ledger() -> None:
    """Check the ledger and leave the result where pages show it."""
    ledger.check_and_record(now=clock.now())


@shared_task(name="channels.check_channel_ledger")
def check_channel_ledger(channel_id: int) -> None:
    """Check the ledger of one channel, because a person asked."""
    channel = Channel.objects.filter(pk=channel_id).first()
    if channel is not None:
        ledger.check_and_record_channel(channel, now=clock.now())


@shared_task(name="channels.record_parcels")
def record_parcels(file_id: int) -> None:
    """Record parcels of a file; what is left goes to the end of the queue."""
    if shipping_files.run(file_id, now=clock.now(), is_stopping=stopping.is_set):
        record_parcels.apply_async(args=(file_id,))


@shared_task(name="channels.sweep_parcels")
def sweep_parcels() -> None:
    """Pick up files whose worker died or whose message was lost."""
    for file_id in shipping_files.waiting_files():
        record_parcels.apply_async(args=(file_id,), expires=NUDGE_EXPIRES_SECONDS)


@shared_task(name="channels.purge")
def purge() -> None:
    retention.purge(now=clock.now())
