"""Signing in: name and password, then, for accounts that have it, the second step.

Between the two nobody is signed in. The session knows whose password was right, for ten minutes, in this browser only.
"""

from datetime import timedelta
from typing import Any

import django_otp
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, RedirectURLMixin
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView

from inventory.second_step import SecondStepError, Taken, device_of
from inventory.sign_in import CodeForm, SignInForm
from inventory.tries import try_code
from marketplace_integration import clock

_KEY = "waits_for_second_step"
_PATIENCE = timedelta(minutes=10)
#: Fewer backup codes left than this are worth a word.
_FEW = 4


class SignIn(LoginView):
    """Ask for name and password; whoever has a second step is led there, not signed in yet."""

    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        user = form.get_user()
        if device_of(user) is None:
            return super().form_valid(form)
        _remember(self.request, user)
        return redirect(_with_next("sign_in_code", self.get_success_url()))


@method_decorator([sensitive_post_parameters("code"), never_cache], name="dispatch")
class EnterCode(RedirectURLMixin, FormView):  # type: ignore[type-arg]
    """Ask for a code, and sign in."""

    form_class = CodeForm
    template_name = "registration/second_step.html"
    next_page = "choose_seller"
    user: User

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = _remembered(request)
        if user is None:
            return redirect(_with_next("sign_in", self.get_success_url()))
        self.user = user
        return super().dispatch(request, *args, **kwargs)

    def get_form(self, form_class: type[CodeForm] | None = None) -> CodeForm:
        """Nothing else is to be done here."""
        form: CodeForm = super().get_form(form_class)
        form.fields["code"].widget.attrs["autofocus"] = True
        return form

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, next=self.get_redirect_url(), name=self.user.get_username())

    def form_valid(self, form: CodeForm) -> HttpResponse:
        try:
            taken = try_code(self.request, self.user, form.cleaned_data["code"])
        except SecondStepError as error:
            form.add_error("code", str(error))
            return self.form_invalid(form)
        backend = self.request.session.pop(_KEY)["backend"]
        self.request.session.cycle_key()  # login() alone keeps the key of a session that was this account's before
        login(self.request, self.user, backend=backend)
        django_otp.login(self.request, taken.device)
        _tell(self.request, taken)
        return redirect(self.get_success_url())

    def form_invalid(self, form: CodeForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)


def _remember(request: HttpRequest, user: User) -> None:
    """The session knows whose password was right, under a key that nobody has seen before."""
    request.session.cycle_key()
    request.session[_KEY] = {
        "user": user.pk,
        "backend": user.backend,
        "hash": user.get_session_auth_hash(),
        "at": clock.real_now().timestamp(),
    }


def _remembered(request: HttpRequest) -> User | None:
    """Return whose code is waited for: not for long, and only while the password and the device are what they were."""
    kept = request.session.get(_KEY)
    if kept is None or clock.real_now().timestamp() - kept["at"] > _PATIENCE.total_seconds():
        return None
    user = User.objects.select_related("second_step").filter(pk=kept["user"], is_active=True).first()
    is_same = user is not None and constant_time_compare(user.get_session_auth_hash(), kept["hash"])
    return user if user and is_same and device_of(user) else None


def _with_next(name: str, then: str) -> str:
    return f"{reverse(name)}?{urlencode({'next': then})}"


def _tell(request: HttpRequest, taken: Taken) -> None:
    """Whoever uses backup codes reads how many are left, before there are none."""
    left = len(taken.device.backup_hashes)
    if taken.by_backup_code:
        words = f"You signed in with a backup code. {left} of them {'is' if left == 1 else 'are'} left."
        more = " Make new ones under Sign-in and security." if left < _FEW else ""
        messages.warning(request, words + more)
