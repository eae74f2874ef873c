"""How bol.com says no, and for how long to leave it alone. Pure.

Source: problem JSON of the OpenAPI documents of version 10; recorded answers lack `type` and `violations` at times.
"""

import re
from collections.abc import Mapping
from typing import Any

from channels_app.adapters.http import Answer

#: "Too many requests, retry in 23 seconds."
_RETRY_IN = re.compile(r"retry in (\d+(?:\.\d+)?) ?s", re.IGNORECASE)
#: X-RateLimit-Reset holds seconds to go below this, and epoch seconds from it on: both were recorded.
_EPOCH_FROM = 1_000_000


def problem_of(answer: Answer) -> Mapping[str, Any]:
    """Return the problem that the answer describes; an empty one if it is a web page, or nothing."""
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def read_refusal(answer: Answer) -> tuple[str, str]:
    """Return code and reason of a refusal, as far as it says any. The token endpoint words them in another way."""
    problem = problem_of(answer)
    code = str(problem.get("error") or problem.get("title") or "")
    words = [str(problem.get(name) or "") for name in ("detail", "error_description")] + _violations(problem)
    return code, " ".join(word for word in words if word) or code


def _violations(problem: Mapping[str, Any]) -> list[str]:
    found = problem.get("violations")
    rows = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
    return [f"{row.get('name') or '?'}: {row.get('reason') or 'not valid'}." for row in rows]


def pause_after(answer: Answer, *, now: float) -> float | None:
    """Return the seconds to wait that a 429 asks for, or None if it does not say. `now` is in epoch seconds."""
    if answer.retry_after is not None:
        return answer.retry_after
    asked = _RETRY_IN.search(str(problem_of(answer).get("detail") or ""))
    if asked:
        return float(asked[1])
    try:
        reset = float(answer.headers.get("x-ratelimit-reset", ""))
    except ValueError:
        return None
    return reset if reset < _EPOCH_FROM else max(reset - now, 0.0)
