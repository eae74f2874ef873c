"""Engine values as JSON for people and programs: moments become ISO 8601, page positions become opaque tokens."""

import base64
import json
from typing import Any

from fastapi.responses import JSONResponse

from sandbox import clock
from sandbox.engine.errors import Invalid


def rendered(value: Any, name: str = "") -> Any:
    """The value with every moment (a whole number under a name in ``_at``, or one of a few others) as ISO 8601 text."""
    if isinstance(value, dict):
        return {key: rendered(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [rendered(inner) for inner in value]
    if type(value) is int and (name.endswith("_at") or name in ("as_of", "at", "server_time", "ship_by")):
        return clock.text(value)
    return value


def answer(content: Any, status: int = 200) -> JSONResponse:
    """A JSON answer."""
    return JSONResponse(rendered(content), status)


def page_token(position: Any) -> str:
    """An opaque token for a place in a list."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode()


def page_position(token: str) -> Any:
    """The place that a token stands for. Raises Invalid."""
    try:
        return json.loads(base64.urlsafe_b64decode(token))
    except ValueError as error:
        raise Invalid("page_token_invalid", "This page token was not given by this marketplace.") from error


def moment(value: str | None) -> int:
    """Microseconds since 1970; None is the beginning of time. Raises Invalid."""
    if value is None:
        return 0
    try:
        return clock.parse(value)
    except ValueError as error:
        raise Invalid("moment_invalid", f"{value!r} is not an ISO 8601 moment.") from error
