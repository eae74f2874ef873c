"""Signing in: by the name of an account or by its e-mail address, in capital or small letters, and by a second step.

Who has two-step sign-in and has not taken the second step in this browser is nobody here, whatever the session says: so
every page asks for it, those of today and those to come, and what was signed in before it was switched on no longer is.
"""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject
from django_otp import DEVICE_ID_SESSION_KEY

from inventory.second_step import device_of
from inventory.team import accounts_of


class Accounts(ModelBackend):
    """An account comes with its second step, so that looking at it costs no page a query."""

    def get_user(self, user_id: int) -> User | None:
        user = User.objects.select_related("second_step").filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None


def second_step_taken(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """The request's user is the account that is signed in, all steps taken; else nobody."""

    def middleware(request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        request.user = SimpleLazyObject(lambda: user if _has_taken_all(request, user) else AnonymousUser())  # type: ignore[assignment]
        return get_response(request)

    return middleware


def _has_taken_all(request: HttpRequest, user: Any) -> bool:
    device = device_of(user)
    return device is None or request.session.get(DEVICE_ID_SESSION_KEY) == device.persistent_id


class SignInForm(AuthenticationForm):
    """Whatever way a name is written, failed tries count for one and the same account."""

    def clean_username(self) -> str:
        return account_name(self.cleaned_data["username"])


class StaffSignInForm(SignInForm, AdminAuthenticationForm):
    """As everywhere, for those who may come in at the desk."""


class CodeForm(forms.Form):
    """A code of the authenticator app, or a backup code."""

    code = forms.CharField(
        label="Code",
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "class": "code-input"}),
    )


def account_name(given: str) -> str:
    """Return the name of the account that somebody means by this; what was given, in small letters, if none or many."""
    found = list(User.objects.filter(accounts_of(given)).values_list("username", flat=True)[:10])
    if given in found:
        return given
    meant = [name for name in found if name.lower() == given.lower()] or found
    return meant[0] if len(meant) == 1 else given.lower()
