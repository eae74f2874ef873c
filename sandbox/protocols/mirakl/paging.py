"""Mirakl's two ways to page: by a token (seek), and by an offset with links in a header."""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse

from sandbox.engine.errors import Invalid

_MOST = 100

#: (what is asked for) -> all that fits, in order.
Find = Callable[[Mapping[str, Any]], Sequence[dict[str, Any]]]


def check_limit(name: str, value: int) -> int:
    """The size of a page. Raises Invalid above 100."""
    if value > _MOST:
        raise Invalid(name, f"The limit of {_MOST} is exceeded for the parameter : {name}")
    return value


def seek(find: Find, asked: Mapping[str, Any], *, limit: int, page_token: str | None) -> JSONResponse:
    """One page. With a token all else that is asked is ignored: the token knows."""
    start = 0
    if page_token is not None:
        asked, start, limit = _read(page_token)
    check_limit("limit", limit)
    found = find(asked)
    page: dict[str, Any] = {"data": found[start : start + limit]}
    if start + limit < len(found):
        page["next_page_token"] = _token(asked, start + limit, limit)
    return JSONResponse(page)


def _token(asked: Mapping[str, Any], start: int, limit: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([asked, start, limit]).encode()).decode()


def _read(token: str) -> tuple[Mapping[str, Any], int, int]:
    try:
        asked, start, limit = json.loads(base64.urlsafe_b64decode(token))
    except ValueError as error:
        raise Invalid("page_token", "This page token was not given by us.") from error
    return asked, start, limit


def links(request: Request, *, total: int, offset: int, size: int) -> dict[str, str]:
    """The header that leads to the next page and the previous one, as far as there are any."""
    places = {"previous": max(0, offset - size)} if offset else {}
    if offset + size < total:
        places["next"] = offset + size
    told = [
        f'<{request.url.include_query_params(offset=place, max=size)}>; rel="{name}"' for name, place in places.items()
    ]
    return {"Link": ", ".join(told)} if told else {}
