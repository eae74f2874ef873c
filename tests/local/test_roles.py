"""Which processes a stack is made of."""

from pathlib import Path

from marketplace_integration.local.stack import Stack, Wishes


def roles(**wishes) -> list[str]:
    stack = Stack(
        wishes=Wishes(data=Path("/data"), **wishes),
        web_port=8000,
        sandbox_port=9000,
        postgres=None,
        valkey=None,
        environment={},
    )
    return [program.role for program in stack.programs()]


def test_one_of_each_unless_more_are_wished_for():
    assert roles() == ["web", "worker-urgent", "worker-orders", "worker-feeds", "worker-bulk", "beat"]


def test_a_simulator_is_a_process_with_a_port_and_a_file_of_its_own():
    stack = Stack(
        wishes=Wishes(data=Path("/data")),
        web_port=8000,
        sandbox_port=9000,
        simulator_ports={"mirakl": 9001},
        postgres=None,
        valkey=None,
        environment={},
    )
    native, mirakl = stack.sandbox_programs()

    assert (native.role, mirakl.role) == ("sandbox", "sandbox-mirakl")
    assert "--protocol" not in native.command
    assert list(mirakl.command)[-6:] == [
        "--port",
        "9001",
        "--data",
        "/data/sandbox-mirakl.sqlite3",
        "--protocol",
        "mirakl",
    ]
    assert stack.simulators == {"mirakl": "http://127.0.0.1:9001"}


def test_more_workers_of_each_lane_and_more_beats_are_numbered():
    more = set(roles(workers=2, beats=2)) - set(roles())

    assert more == {"worker-urgent-2", "worker-orders-2", "worker-feeds-2", "worker-bulk-2", "beat-2"}
