"""The journey of a CSV of parcels: brought and judged, confirmed, recorded parcel by parcel.

The rows are the truth; tasks only nudge. Each parcel is recorded in one commit with what its rows say of it, under a
key made of the file and the row it begins at: a worker that is killed leaves no parcel half-way and none twice.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID, uuid5

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F

from channels_app.flows.fulfil import record_shipment
from channels_app.flows.fulfil_rules import FulfilmentError
from channels_app.flows.shipping_check import Desk, judge, set_aside
from channels_app.flows.shipping_sheet import SheetRow, read_sheet
from channels_app.models import Order, ShippingFile, ShippingRow
from inventory.alone import working_alone
from inventory.models import Seller

State = ShippingFile.State

#: A worker gives way to others after this.
SLICE_SECONDS = 20
#: Starts without any progress before the parcel that is next is set aside.
MAX_ATTEMPTS = 5


def receive(seller: Seller, content: bytes, *, file_name: str, actor: AbstractBaseUser, now: datetime) -> ShippingFile:
    """The file is stored with what each of its rows would do; nothing is shipped. Raises FileProblem."""
    return lay_out(seller, read_sheet(content), name=file_name, actor=actor, now=now)


def lay_out(
    seller: Seller, sheet: Sequence[SheetRow], *, name: str, actor: AbstractBaseUser, now: datetime
) -> ShippingFile:
    """The rows, of a file or entered on a page, are stored with what each would do; nothing is shipped."""
    rows = judge(seller, sheet, now=now)
    with transaction.atomic():
        file = ShippingFile.objects.create(seller=seller, file_name=name[-255:], created_by_id=actor.pk, created_at=now)
        for row in rows:
            row.file = file
        ShippingRow.objects.bulk_create(rows, batch_size=1_000)
    return file


def confirm(file: ShippingFile, *, actor: AbstractBaseUser, now: datetime) -> bool:
    """The parcels are to be recorded. Returns False if the file was not waiting for this: a second click."""
    waiting = ShippingFile.objects.filter(pk=file.pk, state=State.PREVIEW)
    return bool(waiting.update(state=State.CONFIRMED, confirmed_by=actor.pk, confirmed_at=now))


def cancel(file: ShippingFile, *, now: datetime) -> bool:
    """Nothing of the file will be recorded. Returns False if it is not waiting any more."""
    waiting = ShippingFile.objects.filter(pk=file.pk, state=State.PREVIEW)
    return bool(waiting.update(state=State.CANCELLED, finished_at=now))


def waiting_files() -> list[int]:
    """Return the ids of confirmed files that are not done, the oldest of each seller."""
    confirmed = ShippingFile.objects.filter(state=State.CONFIRMED).order_by("seller_id", "pk")
    return list(confirmed.distinct("seller_id").values_list("pk", flat=True))


def run(
    file_id: int, *, now: datetime, seconds: float = SLICE_SECONDS, is_stopping: Callable[[], bool] = lambda: False
) -> bool:
    """Parcels of a confirmed file are recorded, as far as `seconds` reach. Returns whether some are left.

    One worker at a time for a seller, so that no two files ship the same units.
    """
    file = ShippingFile.objects.filter(pk=file_id).first()
    if file is None:
        return False
    until = time.monotonic() + seconds
    with working_alone(f"shipping files {file.seller_id}") as alone:
        if not alone or not _start(file):
            return False
        while parcel := _next_parcel(file):
            _record(file, parcel, now=now)
            if time.monotonic() > until or is_stopping():
                return True
        ShippingFile.objects.filter(pk=file.pk).update(state=State.DONE, finished_at=now)
    return False


def _start(file: ShippingFile) -> bool:
    """Count this start. What ends the worker time and again must not hold up all that follows it."""
    started = ShippingFile.objects.filter(pk=file.pk, state=State.CONFIRMED).update(attempts=F("attempts") + 1)
    file.refresh_from_db()
    if started and file.attempts > MAX_ATTEMPTS:
        words = f"Recording this parcel was interrupted {MAX_ATTEMPTS} times. Record it on the page of its order."
        _settle(file, _next_parcel(file), problem=words)
    return bool(started)


def _next_parcel(file: ShippingFile) -> list[ShippingRow]:
    ready = ShippingRow.objects.filter(file=file, state=ShippingRow.State.READY)
    first = ready.order_by("parcel", "line").values_list("parcel", flat=True).first()
    return list(ready.filter(parcel=first).order_by("line")) if first is not None else []


def _record(file: ShippingFile, parcel: Sequence[ShippingRow], *, now: datetime) -> None:
    """The parcel is recorded, or its rows say why not: one commit."""
    problem = ""
    with transaction.atomic():
        try:
            _ship(file, parcel, now=now)
        except FulfilmentError as error:
            problem = str(error)
        _settle(file, parcel, problem=problem)


def _ship(file: ShippingFile, parcel: Sequence[ShippingRow], *, now: datetime) -> None:
    """Raises FulfilmentError if it cannot be recorded, which leaves no trace."""
    first = parcel[0]
    order = Order.objects.select_related("channel").get(pk=first.order_id or 0)
    for row in parcel:
        row.order = order
    taken = Desk([order]).place(parcel, now=now)
    if not taken:
        return
    record_shipment(
        order,
        key=parcel_key(file, parcel),
        lines={line.pk: units for line, units in taken.items()},
        carrier_code=first.carrier_code,
        carrier_name=first.carrier_name,
        tracking_number=first.tracking_number,
        shipped_at=now,
        actor=file.confirmed_by,
        now=now,
    )


def parcel_key(file: ShippingFile, parcel: Sequence[ShippingRow]) -> UUID:
    """Return the key that the parcel is recorded under, whichever worker does it and how often."""
    return uuid5(file.public_id, f"parcel {parcel[0].parcel}")


def _settle(file: ShippingFile, parcel: Sequence[ShippingRow], *, problem: str) -> None:
    """The rows say what came of them."""
    if problem:
        set_aside(parcel, problem)
    for row in parcel:
        if row.state == ShippingRow.State.READY:
            row.state = ShippingRow.State.SHIPPED
    ShippingRow.objects.bulk_update(parcel, ["state", "problem"])
    ShippingFile.objects.filter(pk=file.pk).update(attempts=0)
