"""The second step of signing in: what an authenticator app and the backup codes of one account are checked against."""

import hmac
import secrets
from base64 import b32encode
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django_otp.models import Device, ThrottlingMixin
from django_otp.oath import TOTP

from marketplace_integration import cipher, clock

BACKUP_CODES = 10
CODE_DIGITS = 6
BACKUP_DIGITS = 8
#: Bytes of the key, as RFC 4226 recommends.
_KEY_BYTES = 20
#: Each wrong code doubles the wait, from one second; after so many it stays at 17 minutes, so that nobody who knows a
#: password shuts its owner out for days.
_MOST_DOUBLED = 11
_ISSUER = "Marketplace Integration"


class SecondStep(ThrottlingMixin, Device):
    """An account's authenticator app and backup codes; once confirmed, nobody signs in without one of their codes.

    django-otp's own models keep key and backup codes as they are. Here the key is encrypted, and of the codes only
    hashes stand, keyed with it: the database alone opens no door.
    """

    name = None
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="second_step")
    confirmed = models.BooleanField(default=False)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    encrypted_key = models.TextField()
    #: The step of time of the last code that was taken: none up to it is taken again.
    last_t = models.BigIntegerField(default=-1)
    #: Of the backup codes that are left.
    backup_hashes = ArrayField(models.CharField(max_length=64), default=list)
    throttling_failure_count: int

    def __str__(self) -> str:
        return f"Two-step sign-in of {self.user}"

    # --- the app -----------------------------------------------------------------------------------------------------
    def make_key(self) -> None:
        """The device has a new key; no app knows it yet."""
        self.encrypted_key = cipher.seal(secrets.token_hex(_KEY_BYTES))
        self.last_t = -1

    @property
    def key(self) -> str:
        """The key as people type it. Raises cipher.LostKey, as all that needs the key."""
        return b32encode(self._key()).decode()

    @property
    def app_url(self) -> str:
        """What the QR code says: the address by which an app takes over the key."""
        name = quote(f"{_ISSUER}:{self.user.get_username()}")
        asked = {"secret": self.key, "issuer": _ISSUER, "digits": CODE_DIGITS, "period": 30}
        return f"otpauth://totp/{name}?{urlencode(asked, quote_via=quote)}"

    # --- codes -------------------------------------------------------------------------------------------------------
    def make_backup_codes(self) -> list[str]:
        """Only these backup codes hold from now on. They can be shown this once."""
        codes: set[str] = set()
        while len(codes) < BACKUP_CODES:
            codes.add(f"{secrets.randbelow(10**BACKUP_DIGITS):0{BACKUP_DIGITS}}")
        self.backup_hashes = sorted(map(self._hash, codes))
        return [f"{code[:4]} {code[4:]}" for code in sorted(codes)]

    def verify_token(self, token: str, *, now: datetime | None = None) -> bool:
        """Say whether the code is right, and use it up; the row is locked and saved. `now` is the real time.

        Always False while one has to wait after wrong codes, see `verify_is_allowed`.
        """
        is_allowed, _ = self.verify_is_allowed()
        if not is_allowed:
            return False
        is_right = self._use(token, now or clock.real_now())
        if is_right:
            self.throttle_reset()
        else:
            self.throttle_increment()
        return is_right

    def was_used(self, token: str, *, now: datetime) -> bool:
        """Say whether this is a code of this very time that has been used."""
        totp = self._totp(now)
        return _is_code(token) and totp.verify(int(token), tolerance=1) and totp.t() <= self.last_t

    def throttle_increment(self, commit: bool = True) -> None:
        super().throttle_increment(commit=False)
        if self.throttling_failure_count > _MOST_DOUBLED:
            self.throttling_failure_count = _MOST_DOUBLED
        if commit:
            self.save()

    def get_throttle_factor(self) -> int:
        return 1

    def _use(self, token: str, now: datetime) -> bool:
        if not _is_code(token):
            return self._use_backup_code(token)
        totp = self._totp(now)
        is_right = bool(totp.verify(int(token), tolerance=1, min_t=self.last_t + 1))
        if is_right:
            self.last_t = totp.t()
        return is_right

    def _use_backup_code(self, token: str) -> bool:
        left = [kept for kept in self.backup_hashes if not hmac.compare_digest(kept, self._hash(token))]
        is_right = len(left) < len(self.backup_hashes)
        self.backup_hashes = left
        return is_right

    def _totp(self, now: datetime) -> Any:
        totp = TOTP(self._key(), digits=CODE_DIGITS)
        totp.time = now.timestamp()
        return totp

    def _hash(self, code: str) -> str:
        return hmac.new(self._key(), code.encode(), "sha256").hexdigest()

    def _key(self) -> bytes:
        return bytes.fromhex(cipher.unseal(self.encrypted_key))


def _is_code(token: str) -> bool:
    return len(token) == CODE_DIGITS and token.isascii() and token.isdigit()
