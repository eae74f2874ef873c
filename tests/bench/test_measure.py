"""How benchmarks measure: in turns, from one state, by the median."""

import json

import pytest

from bench import __main__ as runner
from bench.baselines import baseline, statements
from bench.measure import Memory, Pairs, Result, percentile, run_pairs


def test_both_sides_run_in_turns_and_each_from_the_state_that_reset_makes():
    told: list[str] = []

    run_pairs(
        ours=lambda: told.append("ours"),
        baseline=lambda: told.append("baseline"),
        reset=lambda: told.append("reset"),
        prepare=lambda side: told.append(f"for {side}"),
        memory=Memory(),
        count=2,
    )

    one = ["reset", "for ours", "ours", "reset", "for baseline", "baseline"]
    other = ["reset", "for baseline", "baseline", "reset", "for ours", "ours"]
    assert told == one + other


def test_the_ratio_is_the_median_of_the_pairs_and_not_the_ratio_of_medians():
    pairs = Pairs(ours=[1.0, 10.0, 4.0], baseline=[1.0, 5.0, 1.0])

    assert pairs.ratio == 2.0
    assert pairs.result(peak_rss_mb=None, note="").ours_s == 4.0


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.95, 95), (1.0, 100), (0.0, 1)])
def test_a_percentile_is_a_value_that_was_measured(share: float, expected: int):
    assert percentile(list(range(100, 0, -1)), share) == expected


def test_a_result_is_one_line_of_json_with_the_promised_names():
    line = Result(ours_s=1.23456, note="n", more={"per_s": 7.0}).as_line("orders", 10, 2.0)

    told = json.loads(line)
    assert {"name", "n", "ours_s", "baseline_s", "ratio", "peak_rss_mb", "note", "per_s"} <= told.keys()
    assert told["ours_s"] == 1.235
    assert "\n" not in line


def test_memory_above_idle_is_seen_while_it_is_watched():
    memory = Memory()
    memory.idle_now()

    with memory.watching():
        held = bytearray(80_000_000)
        held[::4096] = b"x" * len(held[::4096])

    assert 60 < memory.peak_mb < 200


def test_every_benchmark_of_the_issue_has_a_case():
    assert set(runner.known_cases()) >= {
        *("feed_build", "feed_delta", "feed_submit", "reconcile", "orders", "stock_to_channel", "fairness"),
        *("claim", "csv_import", "label_rule", "pages"),
    }


def test_an_unknown_name_is_refused_with_those_there_are(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        runner._parse(["--only", "feed_bild"])

    assert "feed_build" in capsys.readouterr().err


def test_baselines_are_found_by_name():
    assert baseline("first_feed_settle").startswith("DELETE FROM channels_app_pendingchange")
    assert all(text and not text.endswith(";") for text in statements().values())
    with pytest.raises(KeyError):
        baseline("no_such")
