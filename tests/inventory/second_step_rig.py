"""An account with two-step sign-in, and the codes that its owner's phone would show."""

import time
from base64 import b32decode
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django_otp.oath import TOTP

from inventory.models import SecondStep
from marketplace_integration import clock
from tests.factories import NOW

PASSWORD = "a-test-password"


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Real time stands in the middle of the half minute that a code is shown for."""
    now = datetime.fromtimestamp(time.time() // 30 * 30 + 15, UTC)
    monkeypatch.setattr(clock, "real_now", lambda: now)
    return now


def code_of(key: str, *, at: datetime | None = None, steps: int = 0) -> str:
    """What an app that has this key (as a person types it) shows; `steps` of 30 seconds later."""
    totp = TOTP(b32decode("".join(key.split())))
    totp.time = (at or clock.real_now()).timestamp() + 30 * steps
    return f"{totp.token():06}"


def with_second_step(user: User) -> tuple[SecondStep, list[str]]:
    """It is on. Returns the device, no code of which was used yet, and the backup codes."""
    device = SecondStep(user=user, confirmed=True, confirmed_at=NOW)
    device.make_key()
    codes = device.make_backup_codes()
    device.save()
    return device, codes


def waited(device: SecondStep) -> None:
    """So much time has passed that the next code may be tried."""
    SecondStep.objects.filter(pk=device.pk).update(throttling_failure_timestamp=NOW)


def enter_password(client: Client, user: User, *, then: str = "", at: str = "/sign-in/") -> str:
    """Return where the browser is led to."""
    sent = {"username": user.get_username(), "password": PASSWORD, **({"next": then} if then else {})}
    return client.post(at, sent).headers["Location"]


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("security")).status_code == 200
