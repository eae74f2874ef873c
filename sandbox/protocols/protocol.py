"""What a protocol is: routes over the engine, default quotas, and its own words for refusing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from typing import Protocol as Shape

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from sandbox.engine.market import Market


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a call is not answered with what it asked for, before a protocol puts it into its own words."""

    status: int
    code: str
    reason: str
    #: Seconds after which the call may be made again; None: the caller is not told.
    retry_after: float | None = None


class Wording(Shape):
    """Words a refusal as the protocol's marketplace does: status, body, headers."""

    def __call__(self, refusal: Refusal, path: str) -> Response: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """How often one operation may be called."""

    rate_per_s: float
    burst: float = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """One way in which sellers' software speaks to the marketplace."""

    name: str
    about: str
    router: APIRouter
    word: Wording
    #: Operation (the name of a route) -> what its marketplace allows. Others have the marketplace's general rate.
    quotas: Mapping[str, Quota] = field(default_factory=dict)
    #: Status of a call that cannot be understood (a missing field, a number that is none).
    not_understood: int = 400
    #: Whether prices hold tax, and in which currency accounts are opened, unless the control API says otherwise.
    tax_included: bool = True
    currency: str = "USD"
    #: Where accounts differ from the sandbox's usual ones.
    capabilities: Mapping[str, object] = field(default_factory=dict)
    #: What is taken in now and done later: kind of errand -> what does it.
    runners: Mapping[str, Callable[[Market, str, dict[str, Any]], None]] = field(default_factory=dict)


def plainly(refusal: Refusal, path: str = "") -> Response:
    """Word a refusal as the sandbox's own protocol does, and its control API."""
    headers = {} if refusal.retry_after is None else {"Retry-After": f"{refusal.retry_after:.3f}"}
    return JSONResponse({"code": refusal.code, "reason": refusal.reason}, refusal.status, headers=headers)
