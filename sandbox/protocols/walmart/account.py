"""Who calls, and what Walmart says of the account: token, token detail, partner profile."""

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Header, Request
from fastapi.responses import JSONResponse

from sandbox.clock import MICROSECONDS
from sandbox.engine import accounts
from sandbox.engine.errors import Invalid, Unauthorized
from sandbox.engine.market import Market
from sandbox.protocols.gate import admit, market_of
from sandbox.protocols.signing_in import basic_credentials, no_account
from sandbox.protocols.walmart.route import WalmartRoute
from sandbox.protocols.walmart.words import FEED_QUOTAS, milliseconds

router = APIRouter(route_class=WalmartRoute)

_FULL, _NONE = "full_access", "no_access"
#: A client ID that begins so has a key without access to returns.
_NO_RETURNS = "no-returns"
#: The profile's name of a feed -> ours.
_PROFILE_FEEDS = {"MP_ITEM": "MP_ITEM", "price": "PRICE_AND_PROMOTION", "inventory": "inventory"}

ServiceName = Annotated[str | None, Header(alias="WM_SVC.NAME")]
Correlation = Annotated[str | None, Header(alias="WM_QOS.CORRELATION_ID")]


def check_headers(service: str | None, correlation: str | None) -> None:
    """Every call says for whom it is, and carries a number of its own. Raises Invalid."""
    for name, value in (("WM_SVC.NAME", service), ("WM_QOS.CORRELATION_ID", correlation)):
        if not value:
            raise Invalid("header_missing", f"{name} set null or invalid")


async def caller(
    request: Request,
    service: ServiceName = None,
    correlation: Correlation = None,
    token: Annotated[str | None, Header(alias="WM_SEC.ACCESS_TOKEN")] = None,
) -> str:
    """The account that the token opens: it does not stand in Authorization."""
    market = market_of(request)

    def account() -> str:
        if not token:
            raise Unauthorized("unauthorized", "Unauthorized token or incorrect authorization header.")
        return accounts.account_of_token(market, token)

    account_id = await admit(request, account)
    check_headers(service, correlation)
    return account_id


MarketDep = Annotated[Market, Depends(market_of)]
Account = Annotated[str, Depends(caller)]


@router.post("/v3/token", name="token", dependencies=[Depends(no_account)])
def token(
    market: MarketDep,
    grant_type: Annotated[str, Form()],
    service: ServiceName = None,
    correlation: Correlation = None,
    authorization: Annotated[str | None, Header()] = None,
) -> JSONResponse:
    """A token for client credentials."""
    check_headers(service, correlation)
    if grant_type != "client_credentials":
        raise Invalid("invalid_grant", f"There is no grant {grant_type!r}.")
    given, lives = accounts.issue_token(market, *basic_credentials(authorization or "", code="unauthorized"))
    return JSONResponse({"access_token": given, "token_type": "Bearer", "expires_in": lives})


@router.get("/v3/token/detail", name="token_detail")
def token_detail(market: MarketDep, account_id: Account) -> JSONResponse:
    """What the token may do. Moments are texts here."""
    now = market.now()
    to_returns = _FULL if may_see_returns(market, account_id) else _NONE
    scopes = ("reports", "item", "shipping", "price", "lagtime", "feeds", "orders", "rules", "inventory", "content")
    return JSONResponse(
        {
            "is_valid": True,
            "is_channel_match": True,
            "issued_at": str(milliseconds(now)),
            "expire_at": str(milliseconds(now + market.settings.token_seconds * MICROSECONDS)),
            "scopes": {**dict.fromkeys(scopes, _FULL), "returns": to_returns},
        }
    )


def may_see_returns(market: Market, account_id: str) -> bool:
    """Whether the key has access to returns."""
    return not str(accounts.get_account(market, account_id)["client_id"]).startswith(_NO_RETURNS)


@router.get("/v3/settings/partnerprofile", name="partner_profile")
def partner_profile(market: MarketDep, account_id: Account) -> JSONResponse:
    """The seller, and the rates of its feeds."""
    told = accounts.get_account(market, account_id)
    return JSONResponse(
        {
            "partner": {
                "partnerId": partner_number(account_id),
                "partnerName": told["name"],
                "partnerDisplayName": told["name"],
                "partnerStoreId": partner_number(account_id),
            },
            "configurations": [
                {"configurationName": "ACCOUNT", "configuration": {"status": "ACTIVE"}},
                {
                    "configurationName": "FEED",
                    "configuration": {"values": [_feed_rate(name, ours) for name, ours in _PROFILE_FEEDS.items()]},
                },
            ],
        }
    )


def partner_number(account_id: str) -> str:
    """The seller's number at Walmart."""
    return str(10_001_000_000 + int(hashlib.sha256(account_id.encode()).hexdigest()[:8], 16) % 10**9)


def _feed_rate(name: str, feed_type: str) -> dict[str, Any]:
    rate = {
        "count": int(FEED_QUOTAS[feed_type].burst),
        "replenishTimeWindow": {"value": 3600, "unitOfMeasurement": "SECOND"},
    }
    return {"feedType": name, "throttleConfigurations": [{"rate": rate}]}
