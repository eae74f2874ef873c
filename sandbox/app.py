"""The application: protocols, control API and pages over one marketplace."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from sandbox import control, pages
from sandbox.engine import errors
from sandbox.engine.market import Market
from sandbox.protocols import native
from sandbox.protocols.gate import ConnectionDropped, OtherAnswer, RateLimits
from sandbox.server import close_connection
from sandbox.worker import Worker

_STATUS = {
    errors.Unauthorized: 401,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.TooLarge: 413,
    errors.Invalid: 422,
}

_ABOUT = f"""{native.__doc__}

Everything under `/control/` belongs to tests and demonstrations: it opens accounts, buys, puts stray listings, switches
faults on, and shows the whole state and the event log.
"""


def create_app(market: Market, *, in_background: bool = True) -> FastAPI:
    """The application over this marketplace. Without the background thread, `/control/settle` does the work."""

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
        title="Sandbox marketplace", version="1", description=_ABOUT, lifespan=lifespan, docs_url=None, redoc_url=None
    )
    app.state.market = market
    app.state.rate_limits = RateLimits()
    app.include_router(native.router)
    app.include_router(control.router)
    app.include_router(pages.router)
    app.add_exception_handler(errors.Refused, _refused)
    app.add_exception_handler(OtherAnswer, _other_answer)
    app.add_exception_handler(ConnectionDropped, _dropped)
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.add_exception_handler(pages.ForeignForm, _foreign_form)
    return app


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.Refused)
    return JSONResponse({"code": error.code, "reason": error.reason}, _STATUS[type(error)])


async def _other_answer(request: Request, error: Exception) -> Response:
    assert isinstance(error, OtherAnswer)
    return JSONResponse(error.content, error.status, headers=error.headers)


async def _not_understood(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
    return JSONResponse({"code": "invalid_request", "reason": problems}, 422)


async def _dropped(request: Request, error: Exception) -> Response:
    if not close_connection(request.client):
        raise error
    await asyncio.sleep(0)
    return Response()


async def _foreign_form(request: Request, error: Exception) -> Response:
    return JSONResponse({"code": "foreign_form", "reason": "This form was sent from another site."}, 403)
