"""The marketplace as a process that is killed: what it has answered, it still knows."""

import contextlib
import itertools
import random
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]


class SandboxProcess:
    def __init__(self, data: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.data = data
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=10, trust_env=False)

    def start(self) -> None:
        command = [sys.executable, "-m", "sandbox", "--port", str(self.port), "--data", str(self.data)]
        self.process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        for _ in range(200):
            with contextlib.suppress(httpx.TransportError):
                self.http.get("/control/settings")
                return
            time.sleep(0.1)
        raise AssertionError("the sandbox did not start")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        self.kill()
        self.http.close()


class Load:
    """A seller and a buyer who write as fast as they can and note what was acknowledged."""

    def __init__(self, sandbox: SandboxProcess) -> None:
        self.sandbox = sandbox
        self.submitted: list[str] = []
        self.bought: list[str] = []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=target) for target in (self._sell, self._buy)]

    def _sell(self) -> None:
        headers = {"Authorization": f"Bearer {token(self.sandbox)}"}
        for number in itertools.count():
            if self.stopping.is_set():
                return
            key = f"key-{number}"
            lines = [{"sku": f"S{n}", "title": "t", "price": "1.00", "quantity": 1000} for n in range(200)]
            with contextlib.suppress(httpx.TransportError):
                body = {"kind": "content", "lines": lines}
                answer = self.sandbox.http.post(
                    "/v1/submissions", json=body, headers={**headers, "Idempotency-Key": key}
                )
                if answer.status_code == 202:
                    self.submitted.append(key)
            time.sleep(0.02)

    def _buy(self) -> None:
        for number in itertools.count():
            if self.stopping.is_set():
                return
            line: dict[str, Any] = {"sku": f"S{number % 200}", "quantity": 1, "unit_price": "1.00"}
            body = {"account_id": "acct-crash", "ref": str(number), "force": True, "lines": [line]}
            with contextlib.suppress(httpx.TransportError):
                if self.sandbox.http.post("/control/buy", json=body).status_code == 201:
                    self.bought.append(str(number))
            time.sleep(0.005)


def token(sandbox: SandboxProcess) -> str:
    body = {"client_id": "crash", "client_secret": "any"}
    return str(sandbox.http.post("/v1/token", json=body).json()["access_token"])


@pytest.mark.local_servers
def test_killed_under_load_nothing_acknowledged_is_lost_and_nothing_is_done_twice(tmp_path):
    sandbox, moments = SandboxProcess(tmp_path / "sandbox.sqlite3"), random.Random(7)
    sandbox.start()
    load = Load(sandbox)
    try:
        token(sandbox)
        for thread in load.threads:
            thread.start()
        for _ in range(3):
            time.sleep(moments.uniform(0.5, 1.5))
            sandbox.kill()
            sandbox.start()
        time.sleep(0.5)
        load.stopping.set()
        for thread in load.threads:
            thread.join()
        check(sandbox, load)
    finally:
        load.stopping.set()
        sandbox.stop()


@pytest.mark.local_servers
def test_a_real_connection_is_closed_without_an_answer_before_or_after_the_work(tmp_path):
    sandbox = SandboxProcess(tmp_path / "sandbox.sqlite3")
    sandbox.start()
    try:
        headers = {"Authorization": f"Bearer {token(sandbox)}"}
        for fault, key in (("drop_connection", "before"), ("timeout_after_work", "after")):
            sandbox.http.post("/control/faults", json={"name": fault, "operation": "submit", "next_n": 1})
            body = {"kind": "content", "lines": [{"sku": "A", "title": "t"}]}
            with pytest.raises(httpx.TransportError):
                sandbox.http.post("/v1/submissions", json=body, headers={**headers, "Idempotency-Key": key})

        found = [
            sandbox.http.get("/v1/submissions", params={"idempotency_key": key}, headers=headers).status_code
            for key in ("before", "after")
        ]
        assert found == [404, 200]
    finally:
        sandbox.stop()


def check(sandbox: SandboxProcess, load: Load) -> None:
    headers = {"Authorization": f"Bearer {token(sandbox)}"}
    assert len(load.submitted) > 10
    assert len(load.bought) > 10
    for key in load.submitted:
        assert wait_for(sandbox, key, headers) == {"phase": "done", "accepted": 200}

    state = sandbox.http.get("/control/state", params={"account_id": "acct-crash"}).json()
    refs = [order["ref"] for order in state["orders"]]
    assert set(load.bought) <= set(refs)
    assert len(refs) == len(set(refs))
    events, after = [], 0
    while page := sandbox.http.get("/control/events", params={"after": after, "limit": 10_000}).json()["events"]:
        events += page
        after = page[-1]["event_id"]
    assert len([event for event in events if event["kind"] == "sold"]) == len(refs)
    # Each event begins where the one before it ended: no change is missing from the log, none is there twice.
    shown: dict[str, int | None] = {}
    for event in events:
        if event["quantity_after"] is not None:
            assert event["quantity_before"] == shown.get(event["sku"]), event
            shown[event["sku"]] = event["quantity_after"]
    assert shown == {listing["sku"]: listing["quantity"] for listing in state["listings"]}


def wait_for(sandbox: SandboxProcess, key: str, headers: dict[str, str]) -> dict[str, Any]:
    for _ in range(200):
        found = sandbox.http.get("/v1/submissions", params={"idempotency_key": key}, headers=headers).json()
        if found["phase"] == "done":
            break
        time.sleep(0.1)
    return {"phase": found["phase"], "accepted": found["accepted"]}
