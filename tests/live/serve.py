"""``python -m tests.live.serve mercur|medusa FILE``: a server that stays until it is interrupted, described in FILE.

For work on the adapter: start it once, then run the contract against it as often as needed with LIVE_SERVER=FILE.
"""

import signal
import sys
from decimal import Decimal
from pathlib import Path

from tests.live.backoffice import BackOffice
from tests.live.server import Server


def main(kind: str, path: Path) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = Server(kind)
    try:
        server.prepare()
        server.start()
        office = BackOffice(kind, server.url)
        office.open_shop("Alpha Shop", "Beta Store", shipping=Decimal(0))
        office.save(path)
        sys.stderr.write(f"{kind} answers at {server.url}\n")
        signal.pause()
    except KeyboardInterrupt:
        pass
    finally:
        server.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
