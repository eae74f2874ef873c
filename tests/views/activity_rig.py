"""Everything that Activity tells, one way to make each: for tests of the page and of its buttons."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from channels_app.models import (
    ChannelJob,
    ChannelLedger,
    ChannelWalk,
    Command,
    Difference,
    PendingChange,
    RawOrder,
    ReconcileRun,
    ShippingFile,
    ShippingRow,
    Submission,
)
from inventory.models import BulkEdit, CsvImport, CsvImportChunk, ItemChange, Label, Mail
from tests.factories import make_job
from tests.flows.order_rig import Rig

HOUR = timedelta(hours=1)


def job(rig: Rig, now: datetime, kind: str = "orders", **fields: Any) -> ChannelJob:
    """A job stands like this; without more it is at rest."""
    ChannelJob.objects.filter(channel=rig.channel, kind=kind).delete()
    return make_job(rig.channel, kind, **{"next_run_at": now + HOUR, "last_run_at": now - HOUR} | fields)


def submission(rig: Rig, now: datetime, **fields: Any) -> Submission:
    defaults = {"kind": "offer", "fence": 1, "line_count": 500, "confirmed_count": 120, "rejected_count": 3}
    return Submission.objects.create(
        channel=rig.channel, key=uuid.uuid4(), created_at=now - HOUR, phase="open", **defaults | fields
    )


def run(rig: Rig, now: datetime, state: str, **fields: Any) -> ReconcileRun:
    rig.channel.reconciler_on = True
    rig.channel.save()
    job(rig, now, "reconcile")
    return ReconcileRun.objects.create(channel=rig.channel, state=state, **{"created_at": now - HOUR} | fields)


def command(rig: Rig, now: datetime, kind: str = "ship", **fields: Any) -> Command:
    """A command of a new order stands like this; what was refused stands on its order."""
    number = Command.objects.count()
    rig.market.has_order(f"A-{number}", lines=[("MUG-1", 2, "10.00")])
    rig.download()
    order = rig.order(f"A-{number}")
    Command.objects.filter(order=order).delete()
    if fields.get("state") == "rejected":
        order.attention = f"The marketplace refused it: {fields.get('reason') or 'no reason was given.'}"
        order.save()
    return Command.objects.create(
        channel=rig.channel,
        order=order,
        line=order.lines.get(),
        kind=kind,
        key=uuid.uuid4(),
        group_key=uuid.uuid4(),
        quantity=2,
        created_at=now - 2 * HOUR,
        sent_at=now - 2 * HOUR,
        **fields,
    )


def file(rig: Rig, now: datetime, state: str, **fields: Any) -> CsvImport:
    defaults = {"file_name": "spring.csv", "summary": {"good": 4_000}, "created_at": now - HOUR}
    if state == "failed":
        defaults["finished_at"] = now - HOUR
    found = CsvImport.objects.create(seller=rig.seller, state=state, **defaults | fields)
    CsvImportChunk.objects.create(csv_import=found, number=0, content=b"sku,title\nA,Apple\n")
    return found


def edit(rig: Rig, now: datetime, state: str = "running", **fields: Any) -> BulkEdit:
    defaults = {"action": "price", "words": "with +10 % on the price", "count": 9_000, "made_at": now - HOUR}
    return BulkEdit.objects.create(seller=rig.seller, state=state, **defaults | fields)


def _two_edits(rig: Rig, now: datetime) -> None:
    edit(rig, now, done_count=5_000)
    edit(rig, now, action="block", words="blocked")


def parcels(rig: Rig, now: datetime, state: str, *, shipped: int = 0, ready: int = 0, wrong: int = 0) -> ShippingFile:
    found = ShippingFile.objects.create(
        seller=rig.seller,
        file_name="parcels.csv",
        state=state,
        created_at=now - HOUR,
        confirmed_at=now,
        finished_at=now if state == "done" else None,
    )
    states = ["shipped"] * shipped + ["ready"] * ready + ["wrong"] * wrong
    ShippingRow.objects.bulk_create(
        ShippingRow(file=found, line=line, cells={}, state=each, parcel=line)
        for line, each in enumerate(states, start=2)
    )
    return found


def letter(rig: Rig, now: datetime, **fields: Any) -> Mail:
    defaults = {"last_error": "Connection refused", "attempts": 2, "expires_at": now + HOUR}
    return Mail.objects.create(
        seller=rig.seller,
        to="ann@example.com",
        subject="News",
        text="News.",
        created_at=now - HOUR,
        next_try_at=now + HOUR,
        **defaults | fields,
    )


def pending(rig: Rig, now: datetime, number: int, *, urgency: int = 0, held: bool = False) -> None:
    PendingChange.objects.bulk_create(
        PendingChange(channel=rig.channel, sku=f"P-{n}", urgency=urgency, held=held, changed_at=now)
        for n in range(number)
    )


def raw(rig: Rig, now: datetime) -> RawOrder:
    return RawOrder.objects.create(
        channel=rig.channel,
        remote_id="B-7",
        version=1,
        body={},
        hash=uuid.uuid4().hex,
        state="needs_attention",
        reason="The order has no currency.",
        fetched_at=now,
    )


def _waiting_job(rig: Rig, now: datetime) -> None:
    job(rig, now, "content")
    pending(rig, now, 3, urgency=6)


def _rule(rig: Rig, now: datetime) -> None:
    rule = [{"field": "brand", "op": "is", "value": "Acme"}]
    Label.objects.create(seller=rig.seller, name="Brand", kind="rule", rule=rule, rule_changed_at=now, created_at=now)


def _changes(rig: Rig, now: datetime) -> None:
    ItemChange.objects.bulk_create(ItemChange(seller_id=rig.seller.pk, item_id=n, kinds=1) for n in range(1_200))


def _behind(rig: Rig, now: datetime) -> None:
    file(rig, now, "running", attempts=1, rows_done=1_500)
    file(rig, now, "confirmed", file_name="summer.csv")


def _two_files_of_parcels(rig: Rig, now: datetime) -> None:
    parcels(rig, now, "confirmed", shipped=1, ready=2)
    parcels(rig, now, "confirmed", ready=2)


def _held(rig: Rig, now: datetime) -> None:
    pending(rig, now, 120, urgency=4, held=True)


def _mending(rig: Rig, now: datetime) -> None:
    """Three of a plan's four differences have gone out."""
    found = run(rig, now, "applied", counts={"drifted": 4, "unreadable": 9}, finished_at=now)
    Difference.objects.bulk_create(
        Difference(run=found, channel=rig.channel, sku=f"P-{n}", kind="drifted", state="applied") for n in range(4)
    )
    pending(rig, now, 1)
    PendingChange.objects.create(channel=rig.channel, sku="ANOTHER", changed_at=now)


#: How it is made, the group it stands in, what is read there, and the button that tries it again ("": there is none).
CASES: dict[str, tuple[Callable[[Rig, datetime], Any], str, list[str], str]] = {
    "a job that runs": (
        lambda rig, now: job(rig, now, claim_expires_at=now + HOUR),
        "running",
        ["Order download"],
        "",
    ),
    "a stopped job": (
        lambda rig, now: job(rig, now, blocked=True, failures=1, last_error="The token is wrong."),
        "yours",
        ["Order download", "The token is wrong.", "Look at the account"],
        "Run again",
    ),
    "a job that keeps failing": (
        lambda rig, now: job(rig, now, failures=4, last_error="Sandbox cannot be reached."),
        "yours",
        ["Sandbox cannot be reached. It has failed 4 times in a row", "Next try in 60 minutes"],
        "Try now",
    ),
    "a job that failed once": (
        lambda rig, now: job(rig, now, failures=1, last_error="Sandbox cannot be reached."),
        "queued",
        ["Failed once: Sandbox cannot be reached.", "Starts in 60 minutes"],
        "",
    ),
    "a job that keeps to the rate": (
        lambda rig, now: job(rig, now, failures=9, last_error="Sandbox asks us to slow down."),
        "queued",
        ["Sandbox asks us to slow down."],
        "",
    ),
    "a job without a worker": (
        lambda rig, now: job(rig, now, next_run_at=now - HOUR),
        "queued",
        ["Due: waits for a free worker.", "Starts"],
        "",
    ),
    "listings to be sent": (_waiting_job, "queued", ["Listings", "3 SKUs to be sent.", "Starts in 60 minutes"], ""),
    "a walk that has begun": (
        lambda rig, now: ChannelWalk.objects.create(
            channel=rig.channel, cause="activation", cursor="MUG-5", created_at=now - HOUR
        ),
        "running",
        ["All items of the label are gone through", "The channel was activated. It has come to the SKU MUG-5."],
        "",
    ),
    "a walk that has not begun": (
        lambda rig, now: ChannelWalk.objects.create(channel=rig.channel, cause="label", created_at=now),
        "queued",
        ["Its label has changed. It begins within seconds."],
        "",
    ),
    "prices at the marketplace": (
        submission,
        "running",
        ["Prices and quantities at the marketplace", "123 of 500", "Line by line"],
        "",
    ),
    "prices that get no answer": (
        lambda rig, now: submission(rig, now, overdue=True),
        "yours",
        ["The marketplace has not answered in time.", "123 of 500"],
        "Ask again now",
    ),
    "a list being fetched": (
        lambda rig, now: run(rig, now, "exporting"),
        "running",
        ["The reconciler waits for the marketplace"],
        "",
    ),
    "a plan": (
        lambda rig, now: run(rig, now, "planned", reason="120 listings would end."),
        "yours",
        ["plan waits for your decision", "120 listings would end.", "Waits for you", "Look at the plan"],
        "",
    ),
    "a plan that is carried out": (_mending, "running", ["What the reconciler found is being mended", "3 of 4"], ""),
    "a list that is not trusted": (
        lambda rig, now: run(rig, now, "refused", reason="The list was not complete.", finished_at=now),
        "yours",
        ["list was not trusted", "The list was not complete."],
        "Read it again",
    ),
    "held endings": (_held, "yours", ["120 listings would end", "Decide"], ""),
    "a refused shipping notice": (
        lambda rig, now: command(rig, now, state="rejected", reason="Unknown carrier."),
        "yours",
        ["The shipping notice of MUG-1 in order A-0 was refused", "Unknown carrier."],
        "Send again",
    ),
    "a refused refund": (
        lambda rig, now: command(rig, now, "refund", state="rejected", reason="Too much."),
        "yours",
        ["The refund of MUG-1 in order A-0 was refused", "Too much. Enter it anew on the order."],
        "",
    ),
    "a lost shipping notice": (
        lambda rig, now: command(rig, now, state="unknown", overdue=True),
        "yours",
        ["may not have arrived", "Say what you found"],
        "",
    ),
    "a notice without an answer": (
        lambda rig, now: command(rig, now, state="sent", handle="h", overdue=True),
        "yours",
        ["has no answer yet"],
        "",
    ),
    "an order that cannot be read": (
        raw,
        "yours",
        ["Order B-7 could not be read", "The order has no currency."],
        "Read it again",
    ),
    "a file that is read": (
        lambda rig, now: file(rig, now, "uploaded", attempts=1, rows_done=1_200),
        "running",
        ["spring.csv is being read", "1,200 rows so far."],
        "",
    ),
    "a file that is imported": (
        lambda rig, now: file(rig, now, "running", attempts=1, rows_done=1_000),
        "running",
        ["spring.csv is being imported", "1,000 of 4,000", "25 %"],
        "",
    ),
    "a file behind another": (_behind, "queued", ["summer.csv is to be imported", "Behind another file."], ""),
    "a file that is undone": (
        lambda rig, now: file(rig, now, "undoing", attempts=1, undone={"back": 70, "archived": 5, "after": [False, 9]}),
        "running",
        ["spring.csv is being undone", "75 items so far."],
        "",
    ),
    "a file that waits for its columns": (
        lambda rig, now: file(rig, now, "mapping", error="No column is the SKU."),
        "yours",
        ["needs to know what its columns mean", "No column is the SKU.", "Waits for you"],
        "",
    ),
    "a preview": (
        lambda rig, now: file(rig, now, "preview"),
        "yours",
        ["was read and waits for your confirmation", "Look at the preview"],
        "",
    ),
    "a file that stopped half-way": (
        lambda rig, now: file(rig, now, "failed", last_place=7, error="It was interrupted."),
        "yours",
        ["spring.csv stopped half-way", "It was interrupted."],
        "Go on",
    ),
    "a file in another encoding": (
        lambda rig, now: file(rig, now, "failed", error="Not UTF-8.", offered_encoding="cp1252"),
        "yours",
        ["spring.csv was not imported", "Not UTF-8."],
        "Read it as Windows-1252",
    ),
    "a file whose reading was interrupted": (
        lambda rig, now: file(rig, now, "failed", error="It was interrupted 5 times.", attempts=6),
        "yours",
        ["spring.csv was not imported"],
        "Read it again",
    ),
    "a file that is no table": (
        lambda rig, now: file(rig, now, "failed", error="The file is empty.", attempts=1),
        "yours",
        ["spring.csv was not imported", "The file is empty.", "See what to do"],
        "",
    ),
    "prices of many items": (
        lambda rig, now: edit(rig, now, done_count=5_000),
        "running",
        ["Items with +10 % on the price", "5,000 of 9,000"],
        "",
    ),
    "an edit that has not begun": (lambda rig, now: edit(rig, now), "queued", ["It waits for a free worker"], ""),
    "an edit behind another": (_two_edits, "queued", ["Items blocked", "Behind another edit."], ""),
    "the undo of an edit": (
        lambda rig, now: edit(rig, now, "undoing", done_count=5_000, undone_at=now),
        "running",
        ["Undo: items with +10 % on the price", "5,000 of 9,000"],
        "",
    ),
    "an edit that ended half-way": (
        lambda rig, now: edit(rig, now, "failed", done_count=5_000, error="It was interrupted."),
        "yours",
        ["Items with +10 % on the price", "It was interrupted. 5,000 of 9,000 are done and stay so."],
        "Try again",
    ),
    "an edit whose label is gone": (
        lambda rig, now: edit(rig, now, "failed", action="label", error="The label was deleted."),
        "yours",
        ["The label was deleted."],
        "",
    ),
    "a rule that is being applied": (_rule, "running", ["Items for the label Brand are being found"], ""),
    "many changes": (_changes, "running", ["Changes of items are being passed on", " to go."], ""),
    "a letter that did not leave": (
        letter,
        "yours",
        ["A letter to ann@example.com could not be sent", "Connection refused. It is tried again by itself."],
        "Send now",
    ),
    "parcels that are recorded": (
        lambda rig, now: parcels(rig, now, "confirmed", shipped=3, ready=1),
        "running",
        ["Parcels of parcels.csv are being recorded", "3 of 4"],
        "",
    ),
    "parcels behind others": (_two_files_of_parcels, "queued", ["are to be recorded", "Behind another file."], ""),
    "parcels to be confirmed": (
        lambda rig, now: parcels(rig, now, "preview", ready=2),
        "yours",
        ["parcels.csv waits for your confirmation", "Nothing is shipped before you confirm."],
        "",
    ),
    "parcels that were set aside": (
        lambda rig, now: parcels(rig, now, "done", shipped=2, wrong=1),
        "yours",
        ["parcels.csv was not recorded whole", "1 row to mend"],
        "",
    ),
    "a check of the ledger": (
        lambda rig, now: ChannelLedger.objects.create(channel=rig.channel, asked_at=now),
        "running",
        ["The ledger is being checked"],
        "",
    ),
    "what the ledger cannot explain": (
        lambda rig, now: ChannelLedger.objects.create(channel=rig.channel, at=now, offences=2),
        "yours",
        ["The nightly check found 2 things that it cannot explain"],
        "",
    ),
}
