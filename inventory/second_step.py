"""Two-step sign-in: switching it on and off, checking codes, and who has to have it.

Times of codes are real times, see `clock.real_now`: the clock of an authenticator app does not move with ours.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.template.loader import render_to_string

from inventory.mail import address_of_account
from inventory.models import Mail, SecondStep, Seller
from inventory.models.second_step import BACKUP_DIGITS, CODE_DIGITS
from inventory.templatetags.ui import duration
from marketplace_integration import clock
from marketplace_integration.cipher import LostKey, seal_all_again

#: Digits of what may be a code.
LENGTHS = (CODE_DIGITS, BACKUP_DIGITS)
#: A letter about one's own account says something for so long.
_USEFUL_FOR = timedelta(days=2)
_NOT_RIGHT = "This code is not right, or too old. Enter the one that your app shows now"
#: Confirmed or not yet -> what else may help.
_ELSE = {
    True: ", or a backup code not used yet.",
    False: ". If that does not help, let your phone set its clock itself.",
}
_USED = "This code was used already. Wait until your app shows the next one."
_LOST_KEY = "Your codes cannot be checked: a key of this site is missing. Ask whoever runs it to put it back."


class SecondStepError(Exception):
    """It cannot go on like this; the words are for the person who tried."""


class WrongCode(SecondStepError):
    """A code was tried, and is not right: tries like this are counted."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The second step was taken with a code of this device."""

    device: SecondStep
    by_backup_code: bool


def device_of(user: User) -> SecondStep | None:
    """Return what the account has to confirm its sign-in with; None if it has not switched that on."""
    device: SecondStep | None = getattr(user, "second_step", None)
    return device if device and device.confirmed else None


def is_asked(seller: Seller | None = None) -> bool:
    """Say whether nobody works for `seller`, or as support, without it."""
    return seller.second_step_required_at is not None if seller else bool(settings.SUPPORT_SECOND_STEP)


# --- switching on and off --------------------------------------------------------------------------------------------
def begin(user: User) -> None:
    """The account has a new key that waits for its first code. Raises SecondStepError if it is on already."""
    with _device(user) as device:
        if device and device.confirmed:
            raise SecondStepError("Two-step sign-in is on already.")
        device = device or SecondStep(user=user)
        device.make_key()
        device.throttle_reset()


def confirm(user: User, code: str, *, site: str, now: datetime) -> tuple[SecondStep, list[str], Mail | None]:
    """It is on. Returns the device, its backup codes, which can be shown this once, and the letter that says so.

    Raises SecondStepError for a code that is not of the new key.
    """
    device = _check(user, code, confirmed=False, now=clock.real_now()).device
    with transaction.atomic():
        device.confirmed, device.confirmed_at = True, now
        codes = device.make_backup_codes()
        device.save()
        return device, codes, write(user, "on", site=site, now=now)


def switch_off(user: User, *, site: str, now: datetime, by: User | None = None) -> Mail | None:
    """The password alone is enough again, and the codes are of no use. Returns the letter that says so.

    `by` is who did it for somebody that lost the phone. Raises SecondStepError if it is off already.
    """
    with _device(user) as device:
        if device is None or not device.confirmed:
            raise SecondStepError("Two-step sign-in is off already.")
        device.delete()
        return write(user, "off", site=site, now=now, by=by)


def make_backup_codes(user: User) -> list[str]:
    """Only these backup codes hold from now on; they can be shown this once. Raises SecondStepError if it is off."""
    with _device(user) as device:
        if device is None or not device.confirmed:
            raise SecondStepError("Two-step sign-in is off.")
        try:
            codes = device.make_backup_codes()
        except LostKey:
            raise SecondStepError(_LOST_KEY) from None
        device.save()
    return codes


@contextmanager
def _device(user: User) -> Iterator[SecondStep | None]:
    """What the account has, one change at a time."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        yield SecondStep.objects.select_for_update().filter(user=user).first()


# --- checking --------------------------------------------------------------------------------------------------------
def plain(code: str) -> str:
    """Return the code without the blanks and dashes that people write into it."""
    return re.sub(r"[\s\-]", "", code)


def check(user: User, code: str, *, now: datetime) -> Taken:
    """The code of the app, or a backup code, was right and is used up.

    Raises WrongCode if not, and SecondStepError while one has to wait after wrong ones.
    """
    return _check(user, code, confirmed=True, now=now)


def _check(user: User, code: str, *, confirmed: bool, now: datetime) -> Taken:
    token = plain(code)
    try:
        # What is raised inside would undo the count of wrong codes.
        with transaction.atomic():
            device = SecondStep.objects.select_for_update().filter(user=user, confirmed=confirmed).first()
            wait = _wait(device) if device else 0
            left = len(device.backup_hashes) if device else 0
            is_right = device is not None and not wait and device.verify_token(token, now=now)
        was_used = not is_right and device is not None and device.was_used(token, now=now)
    except LostKey:
        raise SecondStepError(_LOST_KEY) from None
    if device is None:
        raise SecondStepError("This has changed meanwhile. Start again.")
    if wait:
        raise SecondStepError(f"Too many wrong codes. Wait {duration(wait)}, then enter the code that is shown then.")
    if not is_right:
        raise WrongCode(_USED if was_used else _NOT_RIGHT + _ELSE[confirmed])
    return Taken(device, by_backup_code=len(device.backup_hashes) < left)


def _wait(device: SecondStep) -> float:
    """Return the seconds until the next code may be tried."""
    is_allowed, why = device.verify_is_allowed()
    return 0 if is_allowed else max((why["locked_until"] - clock.real_now()).total_seconds(), 1)


# --- letters and keys ------------------------------------------------------------------------------------------------
def write(user: User, what: str, *, site: str, now: datetime, by: User | None = None) -> Mail | None:
    """Store the letter that tells the account's person what was done; None if the account has no address."""
    to = address_of_account(user)
    if not to:
        return None
    member = user.memberships.select_related("seller").order_by("pk").first()
    about = {"user": user, "what": what, "by": by, "site": site, "now": now}
    about["zone"] = clock.zone(member.seller.time_zone if member else "UTC")
    return Mail.objects.create(
        to=to,
        subject=f"Two-step sign-in was switched {what}",
        text=render_to_string("inventory/mail/second_step.txt", about),
        created_at=now,
        next_try_at=now,
        expires_at=now + _USEFUL_FOR,
    )


def rotate() -> tuple[int, int]:
    """Encrypt every key again under the newest of FIELD_KEYS. Returns (how many, how many no key opens)."""
    return seal_all_again(SecondStep.objects.all(), "encrypted_key")
