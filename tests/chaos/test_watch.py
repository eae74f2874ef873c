"""What counts as waiting: only the time in which somebody could have run the job."""

from chaos.watch import Claim, JobWatch

CLAIM = Claim(job=7, kind="offers", lane="urgent", fence=3, pid=1)


class Watch(JobWatch):
    """Without a database: looks are told."""

    def __init__(self) -> None:
        self.is_there = True
        super().__init__("", is_served=lambda lane: self.is_there)
        self._ends.set()

    def looked(self, fence: int, seconds: float) -> None:
        self._count({7: fence}, seconds)


def test_a_job_waits_until_somebody_claims_it_again():
    watch = Watch()
    watch.struck([CLAIM], was_killed=True)

    watch.looked(3, 4.0)
    assert watch.waiting() == 1
    watch.looked(4, 1.0)
    watch.looked(4, 60.0)

    assert watch.waiting() == 0
    assert watch.longest(was_killed=True) == 5.0
    assert watch.longest(was_killed=False) == 0.0


def test_the_clock_stands_still_while_nobody_is_there():
    watch = Watch()
    watch.struck([CLAIM], was_killed=True)

    watch.looked(3, 4.0)
    watch.is_there = False
    watch.looked(3, 60.0)

    assert watch.longest(was_killed=True) == 4.0
