"""Sign-in and security: one's own two-step sign-in, switched on by the first code, off by a code or the password."""

from typing import Any, cast
from urllib.parse import quote

import django_otp
import segno
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from inventory import second_step
from inventory.models import Mail, SecondStep, Seller
from inventory.second_step import SecondStepError, device_of
from inventory.sign_in import CodeForm
from inventory.support import is_support
from inventory.tasks import send_mail
from inventory.tries import prove
from inventory.views.back import asked_for, site_of
from marketplace_integration import clock
from marketplace_integration.cipher import LostKey


class ProofForm(forms.Form):
    """Whoever sits at a browser that was left signed in knows neither."""

    proof = forms.CharField(
        label="Your password, or a code",
        max_length=4096,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


@login_required
@never_cache
def security(request: HttpRequest) -> HttpResponse:
    """Show how one signs in, and what can be done about it."""
    return _show(request)


def _show(request: HttpRequest, **errors: ProofForm) -> HttpResponse:
    """Show the page; with 422 if one of its forms was refused, by name."""
    user = cast(User, request.user)
    device = device_of(user)
    sellers = list(Seller.objects.of(user).order_by("name"))
    context = {
        "seller": sellers[0] if sellers else None,
        "device": device,
        "left": len(device.backup_hashes) if device else 0,
        "asked_by": _asked_by(user, sellers),
        "next": asked_for(request),
        "codes_form": errors.get("codes") or ProofForm(auto_id="codes_%s"),
        "off_form": errors.get("off") or ProofForm(auto_id="off_%s"),
    }
    return render(request, "registration/security.html", context, status=422 if errors else 200)


def _asked_by(user: User, sellers: list[Seller]) -> list[str]:
    """Return who does not let this account in without two-step sign-in."""
    names = [seller.name for seller in sellers if second_step.is_asked(seller)]
    return [*names, "the support desk"] if second_step.is_asked() and is_support(user) else names


@login_required
@require_POST
def second_step_begin(request: HttpRequest) -> HttpResponse:
    """Make a new key, and lead to where an app takes it over."""
    try:
        second_step.begin(cast(User, request.user))
    except SecondStepError as error:
        messages.info(request, str(error))
        return redirect("security")
    return redirect(f"{reverse('second_step_set_up')}{_next_query(request)}")


@sensitive_post_parameters("code")
@login_required
@never_cache
def second_step_set_up(request: HttpRequest) -> HttpResponse:
    """Show the key that waits for its first code; with that code it is on, and the backup codes are shown, once."""
    user = cast(User, request.user)
    device: SecondStep | None = getattr(user, "second_step", None)
    if device is None or device.confirmed:
        return redirect(f"{reverse('security')}{_next_query(request)}")
    form = CodeForm(request.POST or None)
    if form.is_valid():
        try:
            device, codes, letter = second_step.confirm(
                user, form.cleaned_data["code"], site=site_of(request), now=clock.now()
            )
        except SecondStepError as error:
            form.add_error("code", str(error))
        else:
            _send(letter)
            request.session.cycle_key()
            django_otp.login(request, device)
            return _show_codes(request, codes, is_new=True)
    try:
        context = {"form": form, "next": asked_for(request), **_key_of(device)}
    except LostKey:  # begin anew: no app has it yet
        return redirect("security")
    return render(request, "registration/second_step_set_up.html", context, status=422 if form.errors else 200)


def _key_of(device: SecondStep) -> dict[str, Any]:
    """Return the key for an app's camera and for people's eyes."""
    drawn = segno.make(device.app_url, micro=False).svg_inline(border=2, omitsize=True, svgclass=None, lineclass=None)
    key = device.key
    return {
        "qr": mark_safe(drawn),  # noqa: S308 - drawn by segno: numbers only
        "groups": [key[place : place + 4] for place in range(0, len(key), 4)],
        "app_url": device.app_url,
    }


@sensitive_post_parameters("proof")
@login_required
@never_cache
@require_POST
def backup_codes_new(request: HttpRequest) -> HttpResponse:
    """Show ten new backup codes, once; those from before hold no longer."""
    form = ProofForm(request.POST, auto_id="codes_%s")
    if _is_proven(request, form):
        try:
            return _show_codes(request, second_step.make_backup_codes(cast(User, request.user)), is_new=False)
        except SecondStepError as error:
            form.add_error("proof", str(error))
    return _show(request, codes=form)


@sensitive_post_parameters("proof")
@login_required
@never_cache
@require_POST
def second_step_off(request: HttpRequest) -> HttpResponse:
    """The password alone is enough again."""
    form = ProofForm(request.POST, auto_id="off_%s")
    if not _is_proven(request, form):
        return _show(request, off=form)
    try:
        _send(second_step.switch_off(cast(User, request.user), site=site_of(request), now=clock.now()))
    except SecondStepError as error:
        messages.info(request, str(error))
    else:
        messages.success(request, "Two-step sign-in is off. Your password alone is enough now.")
    return redirect("security")


def _is_proven(request: HttpRequest, form: ProofForm) -> bool:
    """Say whether the person is who is signed in; else the form says what is wrong."""
    if not form.is_valid():
        return False
    try:
        prove(request, cast(User, request.user), form.cleaned_data["proof"])
    except SecondStepError as error:
        form.add_error("proof", str(error))
    return form.is_valid()


def _show_codes(request: HttpRequest, codes: list[str], *, is_new: bool) -> HttpResponse:
    """Not after a redirect: nothing keeps the codes until then."""
    name = cast(User, request.user).get_username()
    text = f"Backup codes of {name} for Marketplace Integration\nEach works once.\n\n" + "\n".join(codes) + "\n"
    context = {
        "codes": codes,
        "file": "data:text/plain;charset=utf-8," + quote(text),
        "is_new": is_new,
        "next": asked_for(request),
    }
    return render(request, "registration/backup_codes.html", context)


def _next_query(request: HttpRequest) -> str:
    asked = asked_for(request)
    return f"?{urlencode({'next': asked})}" if asked else ""


def _send(letter: Mail | None) -> None:
    if letter:
        send_mail.delay_on_commit(letter.pk)  # type: ignore[attr-defined]
