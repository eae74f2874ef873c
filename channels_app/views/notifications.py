"""What a member wants to hear of a seller by e-mail. Everybody chooses for themselves, viewers too."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from channels_app.flows import digest
from channels_app.forms.notifications import NotificationsForm
from inventory import wishes
from inventory.mail import address_of
from inventory.models import DigestChoice, DigestDay
from inventory.tenancy import MemberRequest, member_page
from marketplace_integration import clock


@member_page()
def notifications(request: MemberRequest) -> HttpResponse:
    """Show the member's choice and what the letter would tell now; store another choice."""
    member, zone, now = request.membership, request.seller.time_zone, clock.now()
    if request.method == "POST":
        form = NotificationsForm(request.POST, time_zone=zone)
        if form.is_valid():
            site = request.build_absolute_uri("/").rstrip("/")
            chosen = dict(form.cleaned_data)
            wishes.choose_daily(member, chosen.pop("hour"), site=site, now=now)
            wishes.choose_warnings(member, **chosen, site=site)
            messages.success(request, "Saved.")
            return redirect("notifications", request.seller.slug)
    else:
        choice = DigestChoice.objects.filter(membership=member).first()
        chosen = {"hour": choice.hour if choice else None, **wishes.warnings_of(member)}
        form = NotificationsForm(initial=chosen, time_zone=zone)
    context = {
        "form": form,
        "address": address_of(member),
        "troubles": digest.digest_of(request.seller, now=now),
        "latest": DigestDay.objects.filter(membership=member, things__gt=0).order_by("-day").first(),
    }
    return render(request, "channels_app/notifications.html", context, status=422 if form.errors else 200)
