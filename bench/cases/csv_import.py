"""The first CSV of N items, as a shop exports them: from the confirmed preview to done; and the preview before it.

Baseline: COPY of the same file, and one INSERT a table of the same rows, triggers off (so no foreign keys are checked
and no changes are captured, as ours are). Both begin with an empty inventory.
"""

import csv
import statistics
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from django.db import connection

from bench.baselines import baseline
from bench.measure import Result
from bench.site import Site
from inventory.csv_import import imports
from inventory.models import CsvImport, Item, Stock, StockMovement
from marketplace_integration import clock

RATIO = 2.0
PREVIEW_SECONDS = 30.0
HEADER = "sku,title,description,brand,barcode,price,currency,quantity,images,material,color"


def run(site: Site) -> Result:
    file = site.folder / "items.csv"
    _write(site, file)
    previews: list[float] = []
    waiting: list[CsvImport] = []

    def reset() -> None:
        site.execute(
            "TRUNCATE inventory_item, inventory_lack, inventory_stock, inventory_stockmovement, inventory_labelitem,"
            " inventory_itemchange, inventory_csvimport, inventory_importeditem RESTART IDENTITY CASCADE"
        )

    def ours() -> None:
        csv_import = waiting.pop()
        imports.confirm(csv_import)
        imports.run(csv_import.pk, now=clock.now())
        _check(site)

    def raw() -> None:
        site.execute(baseline("csv_stage"))
        with open(file, "rb") as rows, connection.cursor() as cursor:
            cursor.copy_expert("COPY bench_cells FROM STDIN WITH (FORMAT csv, HEADER)", rows)
        site.execute("SET session_replication_role = replica")
        for name in ("items", "stock", "movements"):
            site.execute(baseline(f"csv_{name}"))
        site.execute("RESET session_replication_role")
        site.execute("DROP TABLE bench_cells")
        _check(site)

    def preview(side: str) -> None:
        if side != "ours":
            return
        with open(file, "rb") as upload:
            parts = iter(partial(upload.read, imports.PART_BYTES), b"")
            csv_import = imports.receive(
                site.seller, parts, file_name=file.name, location=None, label=None, actor=None, now=clock.now()
            )
        started = time.perf_counter()
        imports.run(csv_import.pk, now=clock.now())
        previews.append(time.perf_counter() - started)
        csv_import.refresh_from_db()
        assert (csv_import.state, csv_import.summary["new"]) == ("preview", site.n), csv_import.summary
        waiting.append(csv_import)
        site.execute("CHECKPOINT")

    pairs = site.run_pairs(ours=ours, baseline=raw, reset=reset, prepare=preview)
    megabytes = file.stat().st_size / 1e6
    file.unlink()
    preview_s = statistics.median(previews)
    return pairs.result(
        peak_rss_mb=site.memory.peak_mb,
        note="confirmed to done; baseline: COPY, then one INSERT a table, triggers off",
        goal=f"ratio <= {RATIO}, preview < {PREVIEW_SECONDS:.0f} s at 1,000,000",
        met=pairs.ratio <= RATIO and preview_s < PREVIEW_SECONDS,
        preview_s=preview_s,
        file_mb=megabytes,
    )


def _write(site: Site, file: Path) -> None:
    with open(file, "w", newline="") as text:
        text.write(HEADER + "\r\n")
        csv.writer(text).writerows((*row[:4], _barcode(row[4]), *row[5:]) for row in _rows(site))


def _rows(site: Site) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute("DECLARE item CURSOR WITH HOLD FOR " + baseline("csv_file"))
        while True:
            cursor.execute("FETCH 10000 FROM item")
            rows = cursor.fetchall()
            if not rows:
                cursor.execute("CLOSE item")
                return
            yield from rows


def _barcode(digits: str) -> str:
    """Return the 12 digits with the 13th, which must fit."""
    total = sum(int(digit) * weight for digit, weight in zip(digits, (1, 3) * 6, strict=True))
    return f"{digits}{-total % 10}"


def _check(site: Site) -> None:
    """Both sides came to the same rows."""
    rows = (Item.objects.count(), Stock.objects.filter(on_hand__gt=0).count(), StockMovement.objects.count())
    assert rows == (site.n, site.n, site.n), rows
