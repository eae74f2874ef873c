"""What a case is given: its database, the servers, and helpers that every case needs. Django is set up by then."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from django.db import connection

from bench.measure import Memory, Pairs, run_pairs
from bench.servers import Servers
from channels_app.adapters.sandbox.adapter import SandboxAdapter
from channels_app.adapters.types import Capability
from channels_app.models import Channel, ChannelJob
from channels_app.secrets import store_secrets
from inventory.models import Label, Seller
from marketplace_integration import clock
from marketplace_integration.environment import ROOT


@dataclass
class Site:
    """One case's world. `n` is the size asked for, `pairs` how many times both sides run."""

    n: int
    pairs: int
    servers: Servers
    memory: Memory = field(default_factory=Memory)

    @property
    def folder(self) -> Path:
        """Where files of the case may lie; kept between runs."""
        return self.servers.folder

    @property
    def seller(self) -> Seller:
        return Seller.objects.get(slug="bench")

    @property
    def label(self) -> Label:
        """All items are on it."""
        return Label.objects.get(name="Everything")

    def run_pairs(
        self,
        *,
        ours: Callable[[], None],
        baseline: Callable[[], None],
        reset: Callable[[], None],
        prepare: Callable[[str], None] | None = None,
        at_least: int = 1,
    ) -> Pairs:
        """Run both sides in turns, from the state that `reset` makes; PostgreSQL has written everything before each.

        `at_least` so many pairs: where a run takes milliseconds, three say little.
        """

        def settled() -> None:
            reset()
            self.execute("CHECKPOINT")

        self.memory.idle_now()
        return run_pairs(
            ours=ours,
            baseline=baseline,
            reset=settled,
            prepare=prepare,
            memory=self.memory,
            count=max(self.pairs, at_least),
        )

    # --- the database ------------------------------------------------------------------------------------------------

    def execute(self, sql: str, params: Any = None) -> int:
        """Run a statement, committed. Returns how many rows it touched."""
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return int(cursor.rowcount)

    def value(self, sql: str, params: Any = None) -> Any:
        """Return the first column of the first row."""
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            row = cursor.fetchone()
            return row[0] if row else None

    @contextmanager
    def without_triggers(self) -> Iterator[None]:
        """What is written until the end of the block is no change: it was always so."""
        self.execute("SET session_replication_role = replica")
        try:
            yield
        finally:
            self.execute("RESET session_replication_role")

    def copy_out(self, sql: str) -> int:
        """COPY what a SELECT gives to nowhere. Returns its bytes."""
        sink = _Sink()
        with connection.cursor() as cursor:
            cursor.copy_expert(f"COPY ({sql}) TO STDOUT", sink)
        return sink.bytes

    def use_database(self, name: str) -> None:
        """Django works on another database of the same server from now on, and is connected to it."""
        connection.close()
        connection.settings_dict["NAME"] = name
        connection.ensure_connection()

    # --- rows that cases need ----------------------------------------------------------------------------------------

    def make_channel(
        self, name: str = "Sandbox", *, base_url: str = "http://sandbox.invalid", **fields: Any
    ) -> Channel:
        """Return a connected sandbox channel in Testing with Listings and Orders on, and its jobs, none of them due.

        The client id is `name`: give each channel its own.
        """
        now = clock.now()
        channel = Channel(
            **{
                "seller": self.seller,
                "adapter_key": "sandbox",
                "name": name,
                "state": "testing",
                "label": self.label,
                "settings": {"base_url": base_url, "client_id": name},
                "facts": {"capabilities": sorted(c.value for c in CAPABILITIES), "carriers": CARRIERS},
                "account_id": f"account of {name}",
                "currency": "USD",
                "listings_on": True,
                "orders_on": True,
                "testing_started_at": now - timedelta(days=1),
                "testing_ends_at": now + timedelta(days=29),
                "orders_known_until": now + timedelta(days=1),
                "orders_read_at": now + timedelta(days=1),
                "created_at": now,
            }
            | fields
        )
        store_secrets(channel, {"client_secret": "a-secret"})
        channel.save()
        for kind, lane in ChannelJob.LANES.items():
            ChannelJob.objects.create(
                channel=channel,
                seller_id=channel.seller_id,
                kind=kind,
                lane=lane,
                host=base_url.partition("//")[2],
                enabled=kind != ChannelJob.Kind.RETURNS,
                interval_seconds=3600,
                next_run_at=now + timedelta(days=1),
            )
        return channel

    def make_label(self, name: str, count: int, *, seller: Seller | None = None) -> Label:
        """Return a new label that the first `count` items of the seller are on."""
        seller = seller or self.seller
        label = Label.objects.create(seller=seller, name=name, created_at=clock.now())
        with self.without_triggers():
            put = self.execute(
                "INSERT INTO inventory_labelitem (label_id, item_id, source)"
                " SELECT %s, id, 'hand' FROM inventory_item WHERE seller_id = %s ORDER BY id LIMIT %s",
                [label.pk, seller.pk, count],
            )
        assert put == count
        self.execute("ANALYZE inventory_labelitem")
        return label

    def start_jobs(self, channels: Sequence[Channel]) -> None:
        """Their jobs are due at once and then at the adapter's intervals; the reconciler's turn does not come."""
        for kind, seconds in SandboxAdapter.intervals.items():
            if kind != ChannelJob.Kind.RECONCILE:
                jobs = ChannelJob.objects.filter(channel__in=channels, kind=kind)
                jobs.update(next_run_at=clock.now(), interval_seconds=seconds)

    # --- processes ---------------------------------------------------------------------------------------------------

    @contextmanager
    def sandbox(self) -> Iterator[str]:
        """A sandbox marketplace runs on an empty file until the end of the block. Gives its address."""
        data = self.folder / "sandbox.sqlite3"
        for file in self.folder.glob("sandbox.sqlite3*"):
            file.unlink()
        port = self.servers.sandbox_port
        command = [sys.executable, "-m", "sandbox", "--port", str(port), "--data", str(data)]
        with open(self.folder / "sandbox.log", "ab") as output:
            process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
        url = f"http://127.0.0.1:{port}"
        try:
            _wait_until_answers(url)
            yield url
        finally:
            process.terminate()
            process.wait(timeout=30)


#: What the sandbox can do.
CAPABILITIES = frozenset(Capability) - {
    Capability.RETURNS,
    Capability.QUANTITY_NETS_ORDERS,
    Capability.FULFILLMENTS_REQUIRED,
}
CARRIERS = [{"code": "ups", "name": "UPS"}]


class _Sink:
    def __init__(self) -> None:
        self.bytes = 0

    def write(self, part: bytes | str) -> None:
        self.bytes += len(part)


def _wait_until_answers(url: str, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            httpx.get(url, timeout=2, trust_env=False)
        except httpx.TransportError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return
