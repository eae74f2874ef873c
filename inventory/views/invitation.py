"""The page that an invitation's link leads to: sign in, or choose a password, and join.

As with a forgotten password, the page's own address opens nothing: the log of a form that was refused, a history or a
picture of the screen gives nobody the link. What was opened with it, the session remembers.
"""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from inventory import team
from inventory.models import Invitation, Membership
from marketplace_integration import clock

#: Who chose a password just now is signed in by it: the other backend only throttles.
_BACKEND = "inventory.sign_in.Accounts"


@never_cache
def invitation_link(request: HttpRequest, public_id: UUID, token: str) -> HttpResponse:
    """Remember that this browser has the link, and lead on to an address without it."""
    found = _find_open(public_id)
    if found is None or not found.knows(token):
        return _not_open(request)
    request.session[_key(found)] = str(found.nonce)
    return redirect("invitation", public_id)


@sensitive_post_parameters()
@never_cache
def invitation(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Let the invited person in: an account that exists by its password, a new one by choosing it.

    Answers 404 for a link that is wrong, used, withdrawn, replaced or too old, in the same words.
    """
    found = _find_open(public_id)
    if found is None or request.session.get(_key(found)) != str(found.nonce):
        return _not_open(request)
    if request.user.is_authenticated:
        return _for_account(request, found, request.user)
    accounts = User.objects.filter(team.accounts_of(found.email)).values_list("is_active", flat=True)
    if accounts:
        context = {"invitation": found, "must_sign_in": True, "is_closed": not any(accounts)}
        return render(request, "inventory/invitation.html", context)
    return _for_newcomer(request, found)


def _find_open(public_id: UUID) -> Invitation | None:
    found = Invitation.objects.select_related("seller", "invited_by").filter(public_id=public_id).first()
    return found if found and found.is_open(clock.now()) else None


def _key(found: Invitation) -> str:
    return f"invitation-{found.public_id}"


def _not_open(request: HttpRequest) -> HttpResponse:
    return render(request, "inventory/invitation.html", {"invitation": None}, status=404)


def _for_account(request: HttpRequest, found: Invitation, user: User) -> HttpResponse:
    """Join by one button, if this is the account that was invited."""
    is_meant = team.belongs_to(user, found.email)
    if request.method == "POST" and is_meant:
        return _join(request, found, user)
    return render(request, "inventory/invitation.html", {"invitation": found, "is_meant": is_meant})


def _for_newcomer(request: HttpRequest, found: Invitation) -> HttpResponse:
    """Make an account by choosing a password; its address is what one signs in with."""
    newcomer = User(username=team.name_of_newcomer(found.email), email=found.email)
    form = SetPasswordForm(newcomer, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        context = {"invitation": found, "form": form}
        return render(request, "inventory/invitation.html", context, status=422 if form.errors else 200)
    try:
        with transaction.atomic():
            form.save()
            member = team.accept(found, newcomer, now=clock.now())
    except (IntegrityError, team.TeamError):  # a second press, or another tab: the page says how things stand now
        return redirect(request.path)
    login(request, newcomer, backend=_BACKEND)
    return _welcome(request, member)


def _join(request: HttpRequest, found: Invitation, user: User) -> HttpResponse:
    try:
        member = team.accept(found, user, now=clock.now())
    except team.TeamError as error:
        messages.error(request, str(error))
        return redirect("choose_seller")
    return _welcome(request, member)


def _welcome(request: HttpRequest, member: Membership) -> HttpResponse:
    messages.success(request, f"Welcome to {member.seller.name}. You are {member.get_role_display().lower()}.")
    return redirect("home", member.seller.slug)
