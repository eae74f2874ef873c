"""Addresses, signing in, and the way Medusa says no.

Source: the servers themselves, Mercur 2.1.5 (on Medusa 2.13.4) and Medusa 2.21.2, asked in November 2026.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlsplit

from channels_app.adapters.errors import (
    ChannelError,
    OutcomeUnknown,
    SettingsError,
    TemporaryError,
)
from channels_app.adapters.http import Answer, HttpClient
from channels_app.adapters.medusa.values import FLAVOURS, MERCUR
from channels_app.adapters.tokens import TokenStore
from channels_app.adapters.types import Account
from marketplace_integration import clock

#: Seconds that a token lives which does not say so.
_TOKEN_SECONDS = 3600.0
#: Rows asked for at once where a list is read to its end.
_PAGE = 200


class MedusaClient:
    """Calls of one account. Answers are JSON objects; failures are the errors of the border."""

    def __init__(self, account: Account, *, http: HttpClient, tokens: TokenStore) -> None:
        self.flavour = FLAVOURS.get(str(account.settings.get("flavour") or ""), MERCUR)
        self._settings = account.settings
        self._secret = account.secrets.get("secret", "")
        self._base_url = str(account.settings.get("base_url") or "").rstrip("/")
        self._http = http
        self._tokens = tokens
        #: The server's time at its last answer, and how far its clock is ahead of ours; None before an answer.
        self.time: datetime | None = None
        self.clock_ahead: timedelta | None = None

    @property
    def host(self) -> str:
        return urlsplit(self._base_url).netloc

    def is_own_key(self, row: Mapping[str, Any]) -> bool:
        """Say whether a row of the list of keys is, by what it shows of it, the one that this account signs in with."""
        return str(row.get("redacted") or "") == f"{self._secret[:6]}***{self._secret[-3:]}"

    def get(self, operation: str, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return what stands at `path`, below the flavour's root."""
        return self._object(self._call(operation, "GET", path, params=params), write=False)

    def iter_rows(self, operation: str, path: str, name: str, params: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the rows of a list, page after page. Raises TemporaryError if they are not as many as it says."""
        seen: set[str] = set()
        count = 0
        while True:
            page = self.get(operation, path, {**params, "limit": _PAGE, "offset": len(seen)})
            rows, known = page[name], len(seen)
            seen.update(str(row["id"]) for row in rows)
            # One that was taken away moves those behind it to a page that was read already.
            if len(seen) != known + len(rows) or int(page["count"]) < count:
                raise TemporaryError("The list changed while it was read.", code="pages_moved")
            yield from rows
            count = int(page["count"])
            if len(seen) >= count:
                return
            if not rows:
                raise TemporaryError(f"Of {count} {name} came {len(seen)}.", code="incomplete_page")

    def write(self, operation: str, path: str, body: object, *, fields: str = "") -> dict[str, Any]:
        """Return the answer to a write, with these fields if any are named. Raises OutcomeUnknown if it was lost."""
        params = {"fields": fields} if fields else None
        answer = self._call(operation, "POST", path, write=True, params=params, body=body)
        return self._object(answer, write=True)

    def delete(self, operation: str, path: str) -> None:
        """What stood at `path` is gone, also if it was before."""
        answer = self._call(operation, "DELETE", path, write=True)
        if answer.status != 404:
            self._object(answer, write=True)

    @cached_property
    def seller_id(self) -> str:
        """The seller whose account it is: the one of the settings, or the only one."""
        return str(self._settings.get("seller_id") or "") or str(self.seller()["id"])

    def seller(self) -> dict[str, Any]:
        """Return the seller. Raises SettingsError if it is not clear which one, or the sign-in leads to none."""
        members = self._object(self._signed("seller", "GET", "/sellers", headers={}), write=False)["seller_members"]
        sellers = {str(one["seller_id"]): dict(one.get("seller") or {}) for one in members}
        seller_id = choose(
            {key: str(one.get("name") or key) for key, one in sellers.items()},
            str(self._settings.get("seller_id") or ""),
            field="seller_id",
            what="seller",
        )
        return {**sellers[seller_id], "id": seller_id}

    def _call(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        write: bool = False,
        params: Mapping[str, Any] | None = None,
        body: object = None,
    ) -> Answer:
        headers = {"x-seller-id": self.seller_id} if self.flavour.has_sellers else {}
        return self._signed(operation, method, path, headers=headers, write=write, params=params, body=body)

    def _signed(
        self, operation: str, method: str, path: str, *, headers: Mapping[str, str], body: object = None, **more: Any
    ) -> Answer:
        """Return the answer to a call that is signed in."""

        def call(authorization: str) -> Answer:
            return self._http.call(
                method,
                self._base_url + self.flavour.root + path,
                operation=operation,
                headers={"Accept": "application/json", "Authorization": authorization, **headers},
                body=body,
                **more,
            )

        if self.flavour.has_sellers:
            answer = self._tokens.authorized(self._sign_in, lambda token: call(f"Bearer {token}"))
        else:
            answer = call(f"Basic {base64.b64encode(f'{self._secret}:'.encode()).decode()}")
            if answer.status == 401:
                raise _refused("The shop refuses this secret key.", "secret")
        self._note_time(answer)
        return answer

    def _sign_in(self) -> tuple[str, float]:
        """Return a fresh token and the seconds it lives. There are no refresh tokens: signing in again is the way."""
        answer = self._http.call(
            "POST",
            f"{self._base_url}/auth/member/emailpass",
            operation="token",
            headers={"Accept": "application/json"},
            body={"email": str(self._settings.get("email") or ""), "password": self._secret},
        )
        if answer.status == 401:
            raise _refused("The marketplace refuses this e-mail address and password.", "secret")
        token = str(self._object(answer, write=False).get("token") or "")
        if not token:
            raise TemporaryError("The marketplace gave no token.", code="no_token")
        return token, seconds_of(token)

    def _note_time(self, answer: Answer) -> None:
        try:
            self.time = parsedate_to_datetime(answer.headers.get("date", ""))
        except ValueError:
            self.time = None
        self.clock_ahead = None if self.time is None else self.time - clock.now()

    def _object(self, answer: Answer, *, write: bool) -> dict[str, Any]:
        """Return the object inside a good answer. An error inside counts as one."""
        if not answer.ok:
            raise self._http.error_of(answer, write=write, code=_type_of(answer))
        inside = self._http.read(answer, write=write)
        if not isinstance(inside, dict):
            raise _unclear("The server gave an answer that is no object.", answer, write=write)
        if inside.get("errors"):
            raise _unclear("The server reported an error inside its answer.", answer, write=write)
        return inside


def choose(there: Mapping[str, str], chosen: str, *, field: str, what: str) -> str:
    """Return the number to use: the chosen one if it is there, or the only one. Raises SettingsError with the list."""
    offered = ", ".join(f"{number} ({name})" for number, name in there.items())
    if chosen in there:
        return chosen
    if chosen:
        message = f"There is no {what} {chosen}. There is: {offered or 'none'}."
    elif len(there) == 1:
        return next(iter(there))
    elif there:
        message = f"Choose a {what}: {offered}."
    else:
        message = f"There is no {what} yet: make one first."
    raise SettingsError(message, field_errors={field: message}, code=field)


def seconds_of(token: str) -> float:
    """Return the seconds for which a JSON Web Token was given, as it says itself."""
    try:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        return max(float(claims["exp"]) - float(claims["iat"]), 0.0)
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        return _TOKEN_SECONDS


def quoted(text: str) -> str:
    """Return text that may stand between two slashes of a path."""
    return quote(text, safe="")


def _type_of(answer: Answer) -> str:
    """Return Medusa's word for an error: not_found, invalid_data, not_allowed, ..."""
    try:
        body = answer.json()
    except ValueError:
        return ""
    return str(body.get("type") or "") if isinstance(body, dict) else ""


def _refused(message: str, field: str) -> SettingsError:
    return SettingsError(message, field_errors={field: message}, code="sign_in", http_status=401)


def _unclear(message: str, answer: Answer, *, write: bool) -> ChannelError:
    kind: type[ChannelError] = OutcomeUnknown if write else TemporaryError
    return kind(message, code="error_inside", http_status=answer.status, request_id=answer.request_id)
