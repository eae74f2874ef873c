"""Whose account an access token is for. Pure.

To be confirmed live: which claim of bol.com's token names the retailer. Until then these are looked for, and if there
is none of them, the client ID names the account: it stays the same, but a retailer's second client ID is another one.
"""

import base64
import hashlib
import json
from typing import Any

_CLAIMS = ("retailerId", "retailer_id", "organisationId", "organisation_id")


def account_id_of(token: str, client_id: str) -> str:
    """Return what names the account, the same every time."""
    claims = _claims_of(token)
    for name in _CLAIMS:
        if isinstance(claims.get(name), str | int) and claims[name]:
            return str(claims[name])[:60]
    return f"client-{hashlib.sha256(client_id.encode()).hexdigest()[:16]}"


def _claims_of(token: str) -> dict[str, Any]:
    """Return what the token says, unverified: it came from bol.com's own login over TLS. Empty if it is no JWT."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}
