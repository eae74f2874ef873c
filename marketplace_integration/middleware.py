"""What every request gets: a short id, in its log lines and in its answer; and whose address it came from."""

import uuid
from collections.abc import Callable

from django.conf import settings
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


def client_address(request: HttpRequest) -> str:
    """Where the request came from. Behind a proxy: the last entry of X-Forwarded-For, the only one the proxy wrote."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.BEHIND_PROXY else ""
    return forwarded.rsplit(",", 1)[-1].strip() or str(request.META.get("REMOTE_ADDR", ""))
