"""Codes and passwords that somebody tries: wrong ones count, whichever of the two they are."""

from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest

from inventory import second_step
from inventory.second_step import SecondStepError, Taken, WrongCode
from marketplace_integration import clock

_NOT_YOURS = "This is neither your password nor a code that can be used."


def try_code(request: HttpRequest, user: User, code: str) -> Taken:
    """The code was right and is used up.

    Raises SecondStepError. A wrong code counts as a wrong password does: after some, django-axes answers the request.
    """
    _stay_within_tries(request, user)
    try:
        return second_step.check(user, code, now=clock.real_now())
    except WrongCode:
        user_login_failed.send(sender=__name__, credentials=_named(user), request=request)
        raise


def prove(request: HttpRequest, user: User, proof: str) -> None:
    """Whoever asks knows the account's password or has a code. Raises SecondStepError."""
    token = second_step.plain(proof)
    if token.isdigit() and len(token) in second_step.LENGTHS:
        try_code(request, user, proof)
    elif authenticate(request, username=user.get_username(), password=proof) != user:
        raise WrongCode(_NOT_YOURS)


def _stay_within_tries(request: HttpRequest, user: User) -> None:
    if not AxesProxyHandler.is_allowed(request, _named(user)):
        request.axes_locked_out = True  # type: ignore[attr-defined]
        raise SecondStepError("Too many attempts.")


def _named(user: User) -> dict[str, str]:
    return {"username": user.get_username()}
