"""What protocols share where a token is asked for with client credentials."""

import base64
import binascii

from fastapi import Request

from sandbox.engine.errors import Unauthorized
from sandbox.protocols.gate import enter


async def no_account(request: Request) -> None:
    """Lets a call without a token pass the gate: faults may stand in its way too."""
    await enter(request, None)


def basic_credentials(authorization: str, *, code: str) -> tuple[str, str]:
    """Client id and secret of the header Authorization: Basic. Raises Unauthorized, under the protocol's `code`."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Unauthorized(code, "The credentials cannot be read.") from error
    if scheme.lower() != "basic":
        raise Unauthorized(code, "Send the header Authorization: Basic.")
    return client_id, secret
