"""What went wrong, in every shape."""

import json
from typing import Any

import pytest

from channels_app.adapters.http import Answer
from channels_app.adapters.walmart import (
    problems,
    times,
)


def answer(status: int = 400, body: Any = None, **headers: str) -> Answer:
    content = b"" if body is None else json.dumps(body).encode()
    return Answer(status=status, headers={"date": "Fri, 20 Nov 2026 09:00:00 GMT", **headers}, body=content)


@pytest.mark.parametrize(
    ("body", "code", "reason"),
    [
        ({"errors": [{"code": "BAD.GMP_ORDER_API", "description": "No", "field": "sku"}]}, "BAD", "No (sku)"),
        ({"error": [{"code": "BAD", "info": "No"}]}, "BAD", "No"),
        ({"errors": {"error": [{"code": "BAD", "description": "No"}]}}, "BAD", "No"),
        ({"code": "BAD", "message": "No", "field": "x"}, "BAD", "No (x)"),
        ({"type": "https://x.test", "title": "Bad", "detail": "No", "status": 400}, "", "No"),
        ({"errors": [{"code": "A", "description": "One"}, {"code": "B", "description": "Two"}]}, "A", "One Two"),
        (None, "", ""),
        (["odd"], "", ""),
    ],
)
def test_every_shape_of_error_is_understood(body, code, reason):
    assert problems.read_problem(answer(400, body)) == problems.Problem(code, reason)


def test_hints_inside_a_good_answer_are_no_errors():
    assert problems.errors_inside({"errors": None}) == []
    assert problems.errors_inside({"errors": [{"code": "A", "severity": "WARN"}]}) == []
    assert [p.code for p in problems.errors_inside({"list": {"errors": [{"code": "A", "severity": "ERROR"}]}})] == ["A"]


@pytest.mark.parametrize("text", ["1795165230000", "1795165230", "2026-11-20T09:00:30Z"])
def test_the_pause_is_read_by_the_magnitude_of_the_number(text):
    assert times.pause_after(answer(429, None, **{"x-next-replenishment-time": text})) == 30


def test_without_a_time_of_replenishment_the_usual_header_counts():
    assert times.pause_after(answer(429, None, **{"retry-after": "7"})) == 7
    assert times.pause_after(answer(429)) is None
    assert times.pause_after(answer(429, None, **{"x-next-replenishment-time": "soon", "retry-after": "7"})) == 7
