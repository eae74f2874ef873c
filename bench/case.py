"""``python -m bench.case NAME N PAIRS``: one benchmark in a process of its own; prints its JSON line."""

import importlib
import os
import sys
import time

import django

from bench.servers import Servers
from marketplace_integration.celery import collect_garbage_seldom


def main(name: str, n: int, pairs: int) -> None:
    """Run the case on a fresh copy of the catalogue. `BENCH_SERVERS` says where the servers are."""
    started = time.perf_counter()
    servers = Servers.described(os.environ["BENCH_SERVERS"])
    servers.fresh_database(n)
    django.setup()
    collect_garbage_seldom()  # as a worker starts
    site = importlib.import_module("bench.site").Site(n=n, pairs=pairs, servers=servers)
    result = importlib.import_module(f"bench.cases.{name}").run(site)
    if result.peak_rss_mb is None and site.memory.peak_mb:
        result.peak_rss_mb = site.memory.peak_mb
    print(result.as_line(name, n, time.perf_counter() - started), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
