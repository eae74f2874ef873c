"""The application: one protocol, control API and pages over one marketplace."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import formatdate

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox import clock, control, pages
from sandbox.engine import errors
from sandbox.engine.market import Market
from sandbox.protocols import PROTOCOLS
from sandbox.protocols.gate import ConnectionDropped, OtherAnswer, RateLimits, Refused
from sandbox.protocols.protocol import Refusal, plainly
from sandbox.server import close_connection
from sandbox.worker import Worker

_STATUS = {
    errors.Unauthorized: 401,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.TooLarge: 413,
    errors.Invalid: 422,
}

_ABOUT = """

Everything under `/control/` belongs to tests and demonstrations: it opens accounts, buys, puts stray listings, switches
faults on, and shows the whole state and the event log.
"""


def create_app(market: Market, *, protocol: str = "native", in_background: bool = True) -> FastAPI:
    """The application over this marketplace. Without the background thread, `/control/settle` does the work."""
    spoken = PROTOCOLS[protocol]()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        worker = Worker(market) if in_background else None
        if worker:
            worker.start()
        yield
        if worker:
            worker.stop()
        market.close()

    app = FastAPI(
        title="Sandbox marketplace",
        version="1",
        description=spoken.about + _ABOUT,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    market.open_accounts_as(spoken.currency, spoken.tax_included, dict(spoken.capabilities))
    market.runners = spoken.runners
    app.state.market = market
    app.state.protocol = spoken
    app.state.rate_limits = RateLimits()
    app.add_middleware(DateHeader, market=market)
    app.include_router(spoken.router)
    app.include_router(control.router)
    app.include_router(pages.router)
    app.add_exception_handler(errors.Refused, _refused_by_engine)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(OtherAnswer, _other_answer)
    app.add_exception_handler(ConnectionDropped, _dropped)
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.add_exception_handler(pages.ForeignForm, _foreign_form)
    return app


class DateHeader:
    """Every answer says what the marketplace's own clock shows, as web servers do with theirs."""

    def __init__(self, app: ASGIApp, market: Market) -> None:
        self._app = app
        self._market = market

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                seconds = self._market.now() / clock.MICROSECONDS
                message["headers"] = [*message["headers"], (b"date", formatdate(seconds, usegmt=True).encode())]
            await send(message)

        await self._app(scope, receive, dated)


def _worded(request: Request, refusal: Refusal) -> Response:
    """The refusal in the protocol's words; the control API has its own."""
    if request.url.path.startswith("/control"):
        return plainly(refusal)
    response: Response = request.app.state.protocol.word(refusal, request.url.path)
    return response


async def _refused_by_engine(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.Refused)
    return _worded(request, Refusal(status=_STATUS[type(error)], code=error.code, reason=error.reason))


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return _worded(request, error.refusal)


async def _other_answer(request: Request, error: Exception) -> Response:
    assert isinstance(error, OtherAnswer)
    return JSONResponse(error.content)


async def _not_understood(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
    is_control = request.url.path.startswith("/control")
    status = 422 if is_control else request.app.state.protocol.not_understood
    return _worded(request, Refusal(status=status, code="invalid_request", reason=problems))


async def _dropped(request: Request, error: Exception) -> Response:
    if not close_connection(request.client):
        raise error
    await asyncio.sleep(0)
    return Response()


async def _foreign_form(request: Request, error: Exception) -> Response:
    return JSONResponse({"code": "foreign_form", "reason": "This form was sent from another site."}, 403)
