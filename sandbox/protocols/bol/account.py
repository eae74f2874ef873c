"""Who calls."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Header, Request
from fastapi.responses import JSONResponse

from sandbox.engine import accounts
from sandbox.engine.errors import Unauthorized
from sandbox.engine.market import Market
from sandbox.protocols.bol.words import media_type_of
from sandbox.protocols.gate import GatedRoute, Refused, admit, market_of, operation_of
from sandbox.protocols.protocol import Refusal
from sandbox.protocols.signing_in import basic_credentials, no_account

router = APIRouter(route_class=GatedRoute)

#: Seconds; asking more often than needed gets an account blocked.
_TOKEN_LIVES = 299


async def caller(
    request: Request,
    authorization: Annotated[str | None, Header()] = None,
    accept: Annotated[str, Header()] = "",
    content_type: Annotated[str | None, Header()] = None,
) -> str:
    """The account that the token opens."""
    market = market_of(request)

    def account() -> str:
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthorized("unauthorized", "Send the header Authorization: Bearer.")
        return accounts.account_of_token(market, token.strip())

    account_id = await admit(request, account)
    wanted = media_type_of(request.url.path)
    if accept != wanted:
        raise Refused(Refusal(status=406, code="Accept", reason=f"This part of the API speaks {wanted}."))
    # One call alone takes plain JSON.
    taken = "application/json" if operation_of(request) == "create_return" else wanted
    if content_type not in (None, taken):
        raise Refused(Refusal(status=415, code="Content-Type", reason=f"This call takes {taken}."))
    return account_id


MarketDep = Annotated[Market, Depends(market_of)]
Account = Annotated[str, Depends(caller)]


@router.post("/token", name="token", dependencies=[Depends(no_account)])
def token(
    market: MarketDep, grant_type: Annotated[str, Form()], authorization: Annotated[str | None, Header()] = None
) -> JSONResponse:
    """A token for client credentials."""
    if grant_type != "client_credentials":
        raise Unauthorized("unsupported_grant_type", f"There is no grant {grant_type!r}.")
    given, lives = accounts.issue_token(
        market, *basic_credentials(authorization or "", code="invalid_client"), at_most=_TOKEN_LIVES
    )
    answer = {
        "access_token": given,
        "token_type": "Bearer",
        "expires_in": lives,
        "scope": "RETAILER",
    }
    return JSONResponse(answer)
