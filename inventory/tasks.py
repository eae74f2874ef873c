"""Names for the worker. The rows say what is to be done; a message that is lost or doubled changes nothing."""

import time

from celery import shared_task

from inventory import labels, lacks, mail
from inventory.bulk import edits
from inventory.csv_import import imports
from marketplace_integration import clock

#: A sweep that nobody fetched in time says nothing new.
NUDGE_EXPIRES_SECONDS = 5
#: What is left then is taken up ten minutes later.
PRUNE_SECONDS = 30.0


@shared_task(name="inventory.run_import")
def run_import(import_id: int) -> None:
    imports.run(import_id, now=clock.now())


@shared_task(name="inventory.run_bulk_edit")
def run_bulk_edit(edit_id: int) -> None:
    edits.run(edit_id, now=clock.now())


@shared_task(name="inventory.recalculate_label")
def recalculate_label(label_id: int) -> None:
    labels.recalculate_label(label_id, now=clock.now())


@shared_task(name="inventory.send_mail")
def send_mail(mail_id: int) -> None:
    mail.send(mail_id, now=clock.now())


@shared_task(name="inventory.sweep_mail")
def sweep_mail() -> None:
    """Send the letters whose message was lost, or whose time to be tried again has come."""
    for mail_id in mail.unsent(now=clock.now()):
        send_mail.apply_async(args=(mail_id,), expires=NUDGE_EXPIRES_SECONDS)


@shared_task(name="inventory.sweep_imports")
def sweep_imports() -> None:
    """Pick up imports, edits of many items and labels whose worker died or whose message was lost."""
    for import_id in imports.waiting_imports():
        run_import.apply_async(args=(import_id,), expires=NUDGE_EXPIRES_SECONDS)
    for edit_id in edits.waiting_edits():
        run_bulk_edit.apply_async(args=(edit_id,), expires=NUDGE_EXPIRES_SECONDS)
    for label_id in labels.stale_labels().values_list("pk", flat=True)[:20]:
        recalculate_label.apply_async(args=(label_id,), expires=NUDGE_EXPIRES_SECONDS)
    imports.forget_old(now=clock.now())


@shared_task(name="inventory.prune_lacks")
def prune_lacks() -> None:
    until = time.monotonic() + PRUNE_SECONDS
    lacks.prune(may_go_on=lambda: time.monotonic() < until)
