"""One middleware: every request has a short id, in its log lines and in its answer."""

import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from marketplace_integration.logging import bound


def request_id(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Log lines written while a request is served carry `request`; the answer names it in X-Request-Id."""

    def middleware(request: HttpRequest) -> HttpResponse:
        identifier = uuid.uuid4().hex[:12]
        with bound(request=identifier):
            response = get_response(request)
        response["X-Request-Id"] = identifier
        return response

    return middleware
