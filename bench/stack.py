"""The workers and beat of the product, as `make run` starts them, on the benchmark's database."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from bench.site import Site
from marketplace_integration.local.stack import Wishes, build
from marketplace_integration.local.supervisor import Supervisor

_ROUND_SECONDS = 0.5


@contextmanager
def workers_run(site: Site) -> Iterator[None]:
    """One worker of each lane and beat run until the end of the block; their memory is watched."""
    stack = build(Wishes(data=site.folder / "stack", web_port=0), given=site.servers.environment())
    supervisor = Supervisor(stack.logs, say=lambda _: None, changed=lambda: None)
    done = threading.Event()

    def look_after() -> None:
        while not done.wait(_ROUND_SECONDS):
            supervisor.look_after_all()

    keeper = threading.Thread(target=look_after, name="supervisor", daemon=True)
    try:
        for program in stack.programs():
            if program.role != "web":
                supervisor.start(program)
        site.memory.add(identity.pid for identity in supervisor.identities().values())
        keeper.start()
        yield
    finally:
        done.set()
        keeper.join()
        supervisor.stop_all()
