"""Support switches off the two-step sign-in of somebody who lost the phone, with a reason that the team reads."""

from typing import cast

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from inventory import team
from inventory.admin.asking import ask
from inventory.models import Membership
from inventory.tasks import send_mail
from inventory.views.back import site_of
from marketplace_integration import clock


class ResetForm(forms.Form):
    """Why, and how support knows who asked."""

    reason = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        help_text="How you made sure who asks. Kept on record; the team reads it on the Team page.",
    )


def reset_second_step(request: HttpRequest, object_id: int, pk: int) -> HttpResponse:
    """Ask why, then do it; the account's person gets an e-mail."""
    member = get_object_or_404(Membership.objects.select_related("user", "seller"), seller_id=object_id, pk=pk)
    form, name = ResetForm(request.POST or None), member.user.get_username()
    page = reverse("admin:inventory_seller_change", args=[object_id])
    if form.is_valid():
        try:
            letter = team.reset_second_step_as_support(
                member,
                actor=cast(User, request.user),
                reason=form.cleaned_data["reason"],
                site=site_of(request),
                now=clock.now(),
            )
        except team.TeamError as error:
            form.add_error(None, str(error))
        else:
            if letter:
                send_mail.delay_on_commit(letter.pk)  # type: ignore[attr-defined]
            messages.success(request, f"Two-step sign-in of {name} is reset: the password alone is enough now.")
            return redirect(page)
    return ask(
        request,
        form,
        title=f"Reset two-step sign-in of {name}",
        words=f"From then on the password alone lets {name} in, and whoever knows it. Do it only for a person whom "
        "you know, on a way that you know: not by a link or an address that came with the request. An e-mail tells "
        "them.",
        button="Reset",
        trail=[("Sellers", reverse("admin:inventory_seller_changelist")), (str(member.seller), page)],
        is_danger=True,
    )
