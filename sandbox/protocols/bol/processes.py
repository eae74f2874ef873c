"""Process statuses: what was taken in is done at once, and told after a while."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from sandbox.clock import MICROSECONDS
from sandbox.engine import notes
from sandbox.engine.errors import Refused
from sandbox.engine.market import Market
from sandbox.protocols.bol.account import Account, MarketDep
from sandbox.protocols.bol.words import moment, said
from sandbox.protocols.gate import GatedRoute, says_unheard_of

router = APIRouter(prefix="/shared/process-status", route_class=GatedRoute)


class StatusQuery(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)

    process_status_id: str


class Queries(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)

    process_status_queries: Annotated[list[StatusQuery], Field(min_length=1, max_length=1000)]


def begin(
    market: Market, account_id: str, event: str, entities: list[str], *, description: str, refusal: Refused | None
) -> dict[str, Any]:
    """A process about these entities, with what came of it. Returns its status."""
    number = str(notes.next_number(market, "bol process", first=1234567))
    process = {
        "processStatusId": number,
        "entityId": entities[0],
        "eventType": event,
        "description": description,
        "began_at": market.now(),
        "told_at": market.true_now() + int(market.settings.processing_delay_seconds * MICROSECONDS),
        "refused": None if refusal is None else refusal.reason,
    }
    notes.save(market, f"bol process {account_id} {number}", process)
    for entity in entities:
        name = f"bol processes {account_id} {event} {entity}"
        notes.save(market, name, [number, *notes.load(market, name, [])])
    return _shown(market, process)


def _shown(market: Market, process: dict[str, Any], *, unheard_of: bool = False) -> dict[str, Any]:
    status = "FAILURE" if process["refused"] is not None else "SUCCESS"
    if market.true_now() < process["told_at"]:
        status = "PENDING"
    told = {name: process[name] for name in ("processStatusId", "entityId", "eventType", "description")}
    shown = {
        **told,
        "status": "TELEPORTED" if unheard_of else status,
        "createTimestamp": moment(process["began_at"]),
        "links": [],
    }
    return {**shown, "errorMessage": process["refused"]} if status == "FAILURE" else shown


@router.post("", name="process_status")
def many(request: Request, market: MarketDep, account_id: Account, body: Queries) -> JSONResponse:
    """Up to 1,000 at once; those that nobody knows are left out."""
    numbers = [query.process_status_id for query in body.process_status_queries]
    return said({"processStatuses": _found(request, market, account_id, numbers)})


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
    numbers = notes.load(market, f"bol processes {account_id} {event_type} {entity_id}", [])
    shown = _found(request, market, account_id, numbers if page == 1 else [])
    return said({"processStatuses": shown})


def _found(request: Request, market: Market, account_id: str, numbers: list[str]) -> list[dict[str, Any]]:
    found = [notes.load(market, f"bol process {account_id} {number}") for number in numbers]
    unheard_of = says_unheard_of(request)
    return [_shown(market, process, unheard_of=unheard_of) for process in found if process]
