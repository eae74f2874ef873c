"""Measures the product beside a raw baseline: ``make bench [ONLY=name,name] [N=rows]``; figures in docs/performance.md.

A case is one module of `bench/cases`, named as its benchmark, with one function ``run(site: Site) -> Result``. It runs
in a process of its own, on a PostgreSQL of its own (fsync and synchronous_commit on), whose database is a fresh copy of
a catalogue of N items (`catalogue.sql`, deterministic). It prints one JSON line:

    {"name", "n", "ours_s", "baseline_s", "ratio", "peak_rss_mb", "note", ...}

Rules. Ours and the baseline alternate, at least three pairs, each from the same starting state (`Site.pairs`); a figure
is the median, `ratio` the median of the pairs' ratios. Baselines are the readable SQL of `baselines.sql` over the same
tables and indexes. Nothing sleeps, nothing is computed before the clock starts, no cache is warm on one side only.
`peak_rss_mb` is the most memory of all our Python processes while ours runs, less what they hold idle. A case asserts
that both sides came to the same rows, and raises if they did not.
"""
