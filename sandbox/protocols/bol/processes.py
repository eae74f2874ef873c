"""Process statuses: what was taken in is an errand, which is pending until it was run, and forgotten after a day."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from sandbox.clock import MICROSECONDS
from sandbox.engine import errands
from sandbox.engine.errors import NotFound
from sandbox.engine.market import Market
from sandbox.protocols.bol.account import Account, MarketDep
from sandbox.protocols.bol.route import BolRoute
from sandbox.protocols.bol.words import PAGE, moment, said
from sandbox.protocols.gate import says_unheard_of

router = APIRouter(prefix="/shared/process-status", route_class=BolRoute)

_KEPT = 86_400 * MICROSECONDS
_STATUS = {"pending": "PENDING", "done": "SUCCESS", "refused": "FAILURE", "given_up": "TIMEOUT"}
_TOLD = {
    "CREATE_SHIPMENT": "Create shipment for order item {}.",
    "CHANGE_TRANSPORT": "Change transport {}.",
    "CANCEL_ORDER": "Cancel order item {}.",
    "HANDLE_RETURN_ITEM": "Handle return {}.",
    "CREATE_RETURN_ITEM": "Create return for order item {}.",
}


class StatusQuery(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)

    process_status_id: str


class Queries(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)

    process_status_queries: Annotated[list[StatusQuery], Field(min_length=1, max_length=1000)]


def begin(request: Request, account_id: str, event: str, entities: list[str], body: BaseModel) -> JSONResponse:
    """What the body asks for was taken in (202). It is found by each of the entities, and named by the first."""
    market: Market = request.app.state.market
    request_told = {"entity": entities[0], "body": body.model_dump(mode="json")}
    taken = errands.take_in(market, account_id, kind=event, about=entities, request=request_told)
    return said(_shown(request, taken), status=202)


def _shown(request: Request, errand: dict[str, Any], about: str = "") -> dict[str, Any]:
    entity = about or errand["about"][0]
    status = "TELEPORTED" if says_unheard_of(request) else _STATUS[errand["state"]]
    shown = {
        "processStatusId": str(errand["number"]),
        "entityId": entity,
        "eventType": errand["kind"],
        "description": _TOLD[errand["kind"]].format(entity),
        "status": status,
        "createTimestamp": moment(errand["began_at"]),
        "links": [],
    }
    return {**shown, "errorMessage": errand["reason"]} if status == "FAILURE" else shown


@router.post("", name="process_status")
def many(request: Request, market: MarketDep, account_id: Account, body: Queries) -> JSONResponse:
    """Up to 1,000 at once; those that nobody knows any more are left out."""
    found = [_find(market, account_id, query.process_status_id) for query in body.process_status_queries]
    return said({"processStatuses": [_shown(request, errand) for errand in found if errand]})


@router.get("/{number}", name="one_process")
def one(request: Request, market: MarketDep, account_id: Account, number: str) -> JSONResponse:
    """One process; 404 once it was forgotten."""
    errand = _find(market, account_id, number)
    if errand is None:
        raise NotFound("processStatusId", f"There is no process {number}.")
    return said(_shown(request, errand))


@router.get("", name="find_process")
def by_entity(
    request: Request,
    market: MarketDep,
    account_id: Account,
    entity_id: Annotated[str, Query(alias="entity-id")],
    event_type: Annotated[str, Query(alias="event-type")],
    page: Annotated[int, Query(ge=1)] = 1,
) -> JSONResponse:
    """What was asked about one thing, newest first."""
    found = errands.list_errands(
        market,
        account_id,
        kind=event_type,
        about=entity_id,
        since=market.true_now() - _KEPT,
        offset=(page - 1) * PAGE,
        limit=PAGE,
    )
    return said({"processStatuses": [_shown(request, errand, entity_id) for errand in found]})


def _find(market: Market, account_id: str, number: str) -> dict[str, Any] | None:
    """The errand of a process that is still remembered."""
    try:
        errand = errands.get_errand(market, account_id, int(number))
    except (NotFound, ValueError):
        return None
    return errand if errand["received_at"] >= market.true_now() - _KEPT else None
