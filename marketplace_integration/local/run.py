"""From nothing to a stack that answers, and back."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

import httpx

from marketplace_integration.environment import POINTER
from marketplace_integration.local.leftovers import end_leftovers
from marketplace_integration.local.lock import only_supervisor
from marketplace_integration.local.preparation import CannotPrepare, collect_static, migrate, seed_demo
from marketplace_integration.local.stack import Stack, Wishes, build, describe, write_private
from marketplace_integration.local.supervisor import Supervisor

ROUND_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How the run talks and what else it does."""

    say: Callable[[str], None]
    #: Called once, when everything answers: the stack's description and what the seeding had to say.
    ready: Callable[[dict[str, Any], str], None]
    #: Called with each line a child logs.
    echo: Callable[[str, str], None]
    seed: bool
    rebuild: bool
    #: Leave `.local/stack.json`, so that `manage.py` in this checkout finds the stack.
    pointer: bool
    #: Stop when the process that started us is gone.
    with_parent: bool


def run(wishes: Wishes, manner: Manner) -> None:
    """Bring the stack up and look after it until SIGINT, SIGTERM or SIGHUP; then stop all of it, databases last.

    Raises AlreadyRunning when somebody else looks after this data, CannotPrepare and TimeoutError when a step fails.
    """
    parent = os.getppid()
    with only_supervisor(wishes.data):
        end_leftovers(wishes.data, say=manner.say)
        stack = build(wishes, given=os.environ)
        supervisor = Supervisor(
            stack.logs,
            say=manner.say,
            changed=lambda: note(stack, supervisor, manner),
            healthy_seconds=wishes.healthy_seconds,
        )
        _stop_on_signals(_raise_stop)
        try:
            _start(stack, supervisor, manner)
            while not (manner.with_parent and os.getppid() != parent):
                supervisor.look_after_all()
                for role, line in supervisor.new_log_lines():
                    manner.echo(role, line)
                time.sleep(ROUND_SECONDS)
        except KeyboardInterrupt:
            pass
        finally:
            _stop_on_signals(signal.SIG_IGN)
            manner.say("Stopping.")
            supervisor.stop_all()
            manner.say("Stopped. The data is kept.")


def note(stack: Stack, supervisor: Supervisor, manner: Manner) -> None:
    """The files that others read say which processes run now."""
    description = describe(stack, supervisor.identities())
    write_private(stack.wishes.data / "run.json", description)
    if manner.pointer:
        write_private(POINTER, description)


def _start(stack: Stack, supervisor: Supervisor, manner: Manner) -> None:
    if stack.postgres and stack.postgres.prepare():
        manner.say("Made a new, empty database.")
    for program in stack.servers():
        supervisor.start(program)
    if stack.postgres:
        child = supervisor.children["postgres"]
        try:
            stack.postgres.wait_until_ready(is_alive=child.is_running)
        except TimeoutError as error:
            raise CannotPrepare(f"{error}\n{_tail(supervisor, 'postgres')}") from error
    if stack.valkey:
        stack.valkey.wait_until_ready()
    manner.say("PostgreSQL and Valkey are up.")
    migrate(stack, rebuild=manner.rebuild, say=manner.say)
    collect_static(stack, say=manner.say)
    for program in stack.sandbox_programs():
        supervisor.start(program)
    for program in stack.programs():
        supervisor.start(program)
    told = ""
    if manner.seed:
        _wait_until_answers(f"{stack.sandbox}/", supervisor, "sandbox")
        told = seed_demo(stack)
    _wait_until_answers(f"{stack.web}/healthz", supervisor, "web")
    _wait_until_answers(f"{stack.sandbox}/", supervisor, "sandbox")
    for name, address in stack.simulators.items():
        _wait_until_answers(f"{address}/", supervisor, f"sandbox-{name}")
    supervisor.new_log_lines()  # what start-up logged stays in the files
    manner.ready(describe(stack, supervisor.identities()), told)


def _wait_until_answers(url: str, supervisor: Supervisor, role: str, *, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while True:
        supervisor.look_after_all()
        try:
            if httpx.get(url, timeout=5, trust_env=False).status_code < 500:
                return
        except httpx.TransportError:
            pass
        if time.monotonic() > deadline or supervisor.children[role].failures > 3:
            raise CannotPrepare(f"{role} does not answer at {url}.\n{_tail(supervisor, role)}")
        time.sleep(ROUND_SECONDS)


def _tail(supervisor: Supervisor, role: str) -> str:
    log = supervisor.children[role].log
    lines = log.read_text(errors="replace").splitlines()[-30:] if log.exists() else []
    return "\n".join([f"The end of {log}:", *lines])


def _stop_on_signals(handler: Callable[[int, FrameType | None], Any] | signal.Handlers) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handler)


def _raise_stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
