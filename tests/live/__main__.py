"""``python -m tests.live [mercur] [medusa]``: the product against the real servers. One JSON object a server.

The promises of the adapter contract are kept against each of them afterwards.
"""

import argparse
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

from smoke.stack import ROOT, Stack
from tests.live.backoffice import BackOffice
from tests.live.proof import Proof
from tests.live.server import KINDS, CannotRun, Server, check_node


def main(arguments: list[str]) -> int:
    """Run it and print what came of it. Returns 0 if all is well, 3 if there is no Node.js here."""
    parser = argparse.ArgumentParser(prog="python -m tests.live", description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="server", help="mercur, medusa; both if none is named")
    parser.add_argument("--no-contract", action="store_true", help="only the product, not the adapter by itself")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # nothing that was started outlives us
    try:
        node = check_node()
    except CannotRun as error:
        print(error, file=sys.stderr)
        return 3
    results = [prove(kind, node=node, contract=not options.no_contract) for kind in options.kinds or KINDS]
    return 0 if all(results) else 1


def prove(kind: str, *, node: str, contract: bool) -> bool:
    """Print the figures of one server. Returns whether all is well."""
    began = time.monotonic()
    server = Server(kind, sign_in_lasts="20s")
    stack = Stack.fresh("live")
    proof = Proof(server, stack)
    try:
        proof.run()
    except Exception as error:
        traceback.print_exc()
        proof.wrong.append(f"{type(error).__name__}: {error}")
    finally:
        stack.stop()
        server.close()
    if proof.wrong:
        print(f"Data and logs are kept in {stack.data.parent}", file=sys.stderr)
    else:
        stack.remove()
    kept = keep_the_contract(kind) if contract and not proof.wrong else {}
    ok = not proof.wrong and kept.get("contract_failures", 0) == 0
    told = {"ok": ok, "server": kind, "node": node, "machine": platform.platform(terse=True), **proof.figures, **kept}
    told |= {"install_seconds": server.install_seconds, "seconds": round(time.monotonic() - began, 1)}
    print(json.dumps(told), flush=True)
    for text in proof.wrong:
        print(f"WRONG: {text}", file=sys.stderr)
    return ok


def keep_the_contract(kind: str) -> dict[str, int]:
    """Return what the tests of this folder said of a fresh server: the adapter contract, variants and quirks."""
    server = Server(kind)
    folder = Path(tempfile.mkdtemp(prefix="live-contract-"))
    try:
        server.prepare()
        server.start()
        office = BackOffice(kind, server.url)
        office.open_shop("Alpha Shop", "Beta Store", shipping=Decimal(0))
        office.save(folder / "server.json")
        office.close()
        return _run_tests(folder / "server.json", report=folder / "report.xml")
    finally:
        server.close()
        shutil.rmtree(folder)


def _run_tests(description: Path, *, report: Path) -> dict[str, int]:
    # Tests have settings of their own; the product's, which our imports may have named, are not theirs.
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    environment["LIVE_SERVER"] = str(description)
    command = [sys.executable, "-m", "pytest", "tests/live", "-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False, stdout=sys.stderr)
    if not report.exists():
        return {"contract_failures": done.returncode or 1}
    (suite,) = ElementTree.parse(report).getroot().iter("testsuite")  # noqa: S314 - written by our own tests
    count = {name: int(suite.get(name, 0)) for name in ("tests", "skipped", "failures", "errors")}
    return {
        "contract_tests": count["tests"] - count["skipped"],
        "contract_failures": count["failures"] + count["errors"],
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
