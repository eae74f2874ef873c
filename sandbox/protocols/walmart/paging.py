"""How orders and returns are paged: the way to the next page is a whole query, to be sent as it is."""

from urllib.parse import urlencode

from fastapi import Request

_OFFSET = "soIndex"


def next_query(request: Request, *, offset: int) -> str:
    """The query of the page that begins there: what was asked for, and the place."""
    asked = [(name, value) for name, value in request.query_params.multi_items() if name != _OFFSET]
    more = [] if "hasMoreElements" in dict(asked) else [("hasMoreElements", "true")]
    return "?" + urlencode([*asked, *more, (_OFFSET, offset)])
