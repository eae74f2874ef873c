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


def test_more_workers_of_each_lane_and_more_beats_are_numbered():
    more = set(roles(workers=2, beats=2)) - set(roles())

    assert more == {"worker-urgent-2", "worker-orders-2", "worker-feeds-2", "worker-bulk-2", "beat-2"}
