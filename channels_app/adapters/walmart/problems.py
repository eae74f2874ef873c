"""What Walmart says went wrong, in whichever of its shapes.

`errors` (a list), `error`, a bare object, RFC 9457 problems, or nothing at all: the gateway answers 5xx without a body.
Source: https://developer.walmart.com/us-marketplace/docs/error-codes ("Error codes"), read 2026-11-23.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from channels_app.adapters.http import Answer

#: A list without rows is answered with 404 and this.
NOTHING_FOUND = "CONTENT_NOT_FOUND"
_HARMLESS = frozenset(("INFO", "WARN"))


class Problem(NamedTuple):
    """A code, without the name of the service behind its dot, and words for the seller."""

    code: str = ""
    reason: str = ""


def read_problem(answer: Answer) -> Problem:
    """Return what a refusing answer says; empty texts if it says nothing readable."""
    try:
        body = answer.json()
    except ValueError:
        return Problem()
    found = list(_iter_entries(body)) or ([body] if isinstance(body, Mapping) else [])
    if not found:
        return Problem()
    reasons = dict.fromkeys(reason for entry in found if (reason := _reason(entry)))
    return Problem(code=_code(found[0]), reason=" ".join(reasons))


def errors_inside(body: Mapping[str, Any]) -> list[Problem]:
    """Return what a good answer reports as wrong all the same; hints and warnings are left out."""
    inner = body.get("list")
    entries = [*_iter_entries(body), *(_iter_entries(inner) if isinstance(inner, Mapping) else ())]
    return [
        Problem(code=_code(entry), reason=_reason(entry))
        for entry in entries
        if str(entry.get("severity") or "ERROR") not in _HARMLESS
    ]


def _iter_entries(body: Any) -> Iterator[Mapping[str, Any]]:
    """Yield what stands under `errors` or `error`, whether it is a list, one object, or one inside the other."""
    if isinstance(body, Mapping):
        for key in ("errors", "error"):
            found = body.get(key)
            if isinstance(found, Mapping) and ("error" in found or "errors" in found):
                yield from _iter_entries(found)
            elif isinstance(found, Mapping):
                yield found
            elif isinstance(found, list):
                yield from (entry for entry in found if isinstance(entry, Mapping))


def _code(entry: Mapping[str, Any]) -> str:
    """Return the code without its suffix: INVALID_REQUEST_CONTENT.GMP_ORDER_API names the service behind the dot."""
    return str(entry.get("code") or "").partition(".")[0]


def _reason(entry: Mapping[str, Any]) -> str:
    names = ("description", "info", "message", "detail", "title")
    said = next((str(entry[name]) for name in names if entry.get(name)), "")
    field = str(entry.get("field") or "")
    return f"{said} ({field})" if said and field and field not in said else said
