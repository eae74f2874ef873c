import os
import signal
import socket
import stat
import sys
import time
from pathlib import Path

import psutil
import pytest

from marketplace_integration.local import migrations, ports
from marketplace_integration.local.lock import AlreadyRunning, only_supervisor
from marketplace_integration.local.processes import Identity, end
from marketplace_integration.local.secrets import kept_secret
from marketplace_integration.local.supervisor import Program, Supervisor, pause_before_restart


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str]):
    supervisor = Supervisor(tmp_path / "logs", say=said.append, changed=lambda: None)
    yield supervisor
    supervisor.stop_all()


def program(code: str, role: str = "child") -> Program:
    return Program(
        role=role,
        command=[sys.executable, "-c", code],
        environment=dict(os.environ),
        folder=Path.cwd(),
        grace_seconds=1,
    )


def look_after_until(supervisor: Supervisor, condition) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it did not happen within 10 seconds"
        supervisor.look_after_all()
        time.sleep(0.02)


def test_a_child_that_keeps_dying_is_restarted_ever_more_slowly():
    assert [pause_before_restart(failures) for failures in (1, 2, 3, 7, 50)] == [0.5, 1, 2, 30, 30]


def test_a_child_that_ran_long_enough_is_restarted_at_once_however_often_it_died(tmp_path: Path, said):
    patient = Supervisor(tmp_path / "logs", say=said.append, changed=lambda: None, healthy_seconds=0.1)
    child = patient.start(program("import time; time.sleep(60)"))

    for deaths in (1, 2):
        look_after_until(patient, child.is_running)
        time.sleep(0.2)
        patient.look_after_all()
        os.kill(patient.identities()["child"].pid, signal.SIGKILL)
        look_after_until(patient, lambda deaths=deaths: len(said) == deaths)
    patient.stop_all()

    assert said == [f"child ended (killed by SIGKILL), starts again in 0.5 s; see {child.log}"] * 2


def test_a_killed_child_is_restarted(supervisor, said):
    child = supervisor.start(program("import time; time.sleep(60)"))
    first = child.process.pid

    os.kill(first, signal.SIGKILL)
    look_after_until(supervisor, lambda: child.process and child.process.pid != first)

    assert child.is_running()
    assert said == [f"child ended (killed by SIGKILL), starts again in 0.5 s; see {child.log}"]


def test_a_child_that_ignores_the_request_to_stop_is_killed(supervisor):
    child = supervisor.start(
        program(
            "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
            "print('deaf', flush=True); time.sleep(60)"
        )
    )
    process = psutil.Process(child.process.pid)
    look_after_until(supervisor, lambda: ("child", "deaf") in supervisor.new_log_lines())

    supervisor.stop_all()

    assert not process.is_running()


def test_databases_stop_after_the_processes_that_use_them(supervisor, tmp_path):
    note_end = f"""
import signal, sys, time
def bye(*_):
    open({str(tmp_path / "order")!r}, "a").write(sys.argv[1] + "\\n"); sys.exit()
signal.signal(signal.SIGTERM, bye); print("ready", flush=True); time.sleep(60)"""
    for role in ("postgres", "valkey", "web"):
        first = program(note_end, role)
        supervisor.start(
            Program(role=role, command=[*first.command, role], environment=first.environment, folder=first.folder)
        )
    look_after_until(
        supervisor, lambda: all("ready" in child.log.read_text() for child in supervisor.children.values())
    )

    supervisor.stop_all()

    assert (tmp_path / "order").read_text().split() == ["web", "valkey", "postgres"]


def test_a_pid_that_went_to_another_process_is_not_ours():
    ourselves = Identity.of(os.getpid())

    assert ourselves.find() is not None
    assert Identity(ourselves.pid, ourselves.started - 100).find() is None


def test_ending_kills_only_what_does_not_stop_when_asked(supervisor):
    child = supervisor.start(program("import time; print('up', flush=True); time.sleep(60)"))
    look_after_until(supervisor, lambda: supervisor.new_log_lines())

    assert end([psutil.Process(child.process.pid)], seconds=5) == 0


def test_a_second_supervisor_of_the_same_data_is_refused(tmp_path):
    with only_supervisor(tmp_path), pytest.raises(AlreadyRunning), only_supervisor(tmp_path):
        pass

    with only_supervisor(tmp_path):
        pass  # free again


def test_a_kept_secret_stays_the_same_and_is_ours_alone(tmp_path):
    path = tmp_path / "key"

    assert kept_secret(path, "first") == kept_secret(path, "second") == "first"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.local_servers
def test_a_taken_port_is_passed_over():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        assert ports.free_from(port) > port


def test_edited_and_removed_migrations_are_noticed_and_new_ones_are_not():
    applied = {"a/0001.py": "1", "a/0002.py": "2", "a/0003.py": "3"}
    now = {"a/0001.py": "1", "a/0002.py": "edited", "a/0004.py": "4"}

    assert migrations.changed(applied, now) == ["a/0002.py", "a/0003.py"]
