"""Runs the marketplace: ``python -m sandbox --host 127.0.0.1 --port 9000 --data FILE.sqlite3 [--protocol NAME]``."""

import argparse
from pathlib import Path

import uvicorn

from sandbox.app import create_app
from sandbox.engine.market import Market
from sandbox.protocols import PROTOCOLS
from sandbox.server import DroppableProtocol


def main() -> None:
    """Serves until it is stopped."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="A marketplace in a box.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--data", type=Path, required=True, help="the SQLite file; made if it is not there")
    parser.add_argument("--protocol", choices=sorted(PROTOCOLS), default="native", help="what it speaks to sellers")
    parser.add_argument(
        "--open-registration",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="whether a client id never seen opens an account (default: as stored, at first yes)",
    )
    options = parser.parse_args()
    options.data.parent.mkdir(parents=True, exist_ok=True)
    market = Market(options.data)
    if options.open_registration is not None:
        market.change_settings({"open_registration": options.open_registration})
    uvicorn.run(
        create_app(market, protocol=options.protocol),
        host=options.host,
        port=options.port,
        http=DroppableProtocol,
        access_log=False,
        date_header=False,  # the marketplace's own clock writes it
        log_level="warning",
        # Longer than clients keep idle connections, so that none is closed under a request on its way.
        timeout_keep_alive=75,
        timeout_graceful_shutdown=3,
    )


if __name__ == "__main__":
    main()
