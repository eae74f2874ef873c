"""A new rule is held against N items, about half of which match: from saved to all members found.

Baseline: the plain INSERT .. SELECT of the same membership rows, triggers off. Ours goes in slices, a commit each, with
foreign keys checked; `longest_slice_s` is how long the label is locked at most.
"""

import time
from unittest.mock import patch

from bench.baselines import baseline
from bench.measure import Result
from bench.site import Site
from inventory import labels
from inventory.models import BulkChange, ItemChange, LabelItem
from marketplace_integration import clock

RULE = [{"field": "price", "op": "at_least", "value": "105"}, {"field": "brand", "op": "is_not", "value": "Brand 150"}]
SLICE_SECONDS = 2.0


def run(site: Site) -> Result:
    label = labels.create_label(site.seller, "By rule", rule=RULE, now=clock.now())
    slices: list[float] = []
    told: dict[str, int] = {}
    recalculate_slice = labels._recalculate_slice

    def timed(*args: object, **kwargs: object) -> str | None:
        started = time.perf_counter()
        try:
            return recalculate_slice(*args, **kwargs)  # type: ignore[arg-type]
        finally:
            slices.append(time.perf_counter() - started)

    def reset() -> None:
        LabelItem.objects.filter(label=label).delete()
        labels.save_rule(label, RULE, now=clock.now())
        site.execute("TRUNCATE inventory_itemchange, inventory_bulkchange")
        site.execute("VACUUM (ANALYZE) inventory_labelitem")

    def ours() -> None:
        with patch.object(labels, "_recalculate_slice", timed):
            labels.recalculate_label(label.pk, now=clock.now())
        assert (ItemChange.objects.count(), BulkChange.objects.count()) == (0, 1)
        told["ours"] = LabelItem.objects.filter(label=label).count()

    def raw() -> None:
        site.execute("SET session_replication_role = replica")
        site.execute(baseline("label_rule"), {"label": label.pk})
        site.execute("RESET session_replication_role")
        told["baseline"] = LabelItem.objects.filter(label=label).count()

    pairs = site.run_pairs(ours=ours, baseline=raw, reset=reset)
    assert told["ours"] == told["baseline"] > site.n // 3, told
    return pairs.result(
        peak_rss_mb=site.memory.peak_mb,
        note="a rule over all items; baseline: one INSERT .. SELECT of the same members, triggers off",
        goal=f"no slice holds the label for {SLICE_SECONDS:.0f} s",
        met=max(slices) < SLICE_SECONDS,
        members=told["ours"],
        longest_slice_s=max(slices),
    )
