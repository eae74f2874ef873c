"""The team of a seller: who belongs to it, who is invited, and what was changed. Owners change it, the others look."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from inventory import team as flows
from inventory.models import Invitation, Mail, Membership, Role, Seller, SupportVisit, TeamChange
from inventory.second_step import device_of
from inventory.tasks import send_mail
from inventory.team_forms import InviteForm, RoleForm
from inventory.tenancy import SellerRequest, seller_page
from inventory.views.back import site_of
from marketplace_integration import clock

CHANGES_SHOWN = 50


@seller_page()
def team(request: SellerRequest) -> HttpResponse:
    """Show the members, the invitations that wait, and what was changed."""
    return _show(request, InviteForm())


def _show(request: SellerRequest, form: InviteForm) -> HttpResponse:
    last = flows.last_owner(request.seller)
    members = list(request.seller.memberships.select_related("user__second_step").order_by("user__username"))
    context = {
        "members": [(member, RoleForm(member=member), member == last, device_of(member.user)) for member in members],
        "without_second_step": sum(device_of(member.user) is None for member in members),
        "last_owner_words": flows.LAST_OWNER,
        "invitations": _waiting(request.seller),
        "changes": TeamChange.objects.filter(seller=request.seller).order_by("-pk")[:CHANGES_SHOWN],
        "visits": _visits(request.seller),
        "form": form,
        "is_owner": request.membership.is_owner,
    }
    return render(request, "inventory/team.html", context, status=422 if form.errors else 200)


def _visits(seller: Seller) -> list[tuple[SupportVisit, bool]]:
    """Return the newest visits of support, each with whether it goes on."""
    now = clock.now()
    return [(visit, visit.is_open(now)) for visit in seller.support_visits.order_by("-pk")[:CHANGES_SHOWN]]


def _waiting(seller: Seller) -> list[dict[str, object]]:
    """Return the invitations that wait for an answer, each with its latest letter and whether it still works."""
    waiting = seller.invitations.filter(accepted_at=None, withdrawn_at=None).order_by("email")
    letters = {mail.invitation_id: mail for mail in Mail.objects.filter(invitation__in=waiting).order_by("pk")}
    now = clock.now()
    return [{"row": row, "mail": letters.get(row.pk), "is_open": row.is_open(now)} for row in waiting]


@seller_page(Role.OWNER)
@require_POST
def team_invite(request: SellerRequest) -> HttpResponse:
    """Invite somebody by e-mail; shows the form again with 422 if that cannot be."""
    form = InviteForm(request.POST)
    if not form.is_valid():
        return _show(request, form)
    email, role = form.cleaned_data["email"], Role(form.cleaned_data["role"])
    try:
        mail = flows.invite(
            request.seller, email, role, actor=request.membership.user, site=site_of(request), now=clock.now()
        )
        send_mail.delay_on_commit(mail.pk)  # type: ignore[attr-defined]
    except flows.TeamError as error:
        form.add_error("email", str(error))
        return _show(request, form)
    messages.success(request, f"{mail.to} is invited; an e-mail with the link is on its way.")
    return redirect("team", request.seller.slug)


@seller_page(Role.OWNER)
@require_POST
def invitation_again(request: SellerRequest, public_id: UUID) -> HttpResponse:
    """Send the invitation once more, with a new link."""
    invitation = _find_invitation(request, public_id)
    with _refusal_told(request):
        mail = flows.send_again(invitation, actor=request.membership.user, site=site_of(request), now=clock.now())
        send_mail.delay_on_commit(mail.pk)  # type: ignore[attr-defined]
        messages.success(request, f"A new e-mail to {mail.to} is on its way; the old link has ended.")
    return redirect("team", request.seller.slug)


@seller_page(Role.OWNER)
@require_POST
def invitation_withdraw(request: SellerRequest, public_id: UUID) -> HttpResponse:
    """End an invitation before it is accepted."""
    invitation = _find_invitation(request, public_id)
    with _refusal_told(request):
        flows.withdraw(invitation, actor=request.membership.user, now=clock.now())
        messages.success(request, f"The invitation of {invitation.email} is withdrawn.")
    return redirect("team", request.seller.slug)


@seller_page(Role.OWNER)
@require_POST
def member_role(request: SellerRequest, pk: int) -> HttpResponse:
    """Give a member another role."""
    member = _find_member(request, pk)
    form = RoleForm(request.POST, member=member)
    if not form.is_valid():
        messages.error(request, "Choose a role.")
        return redirect("team", request.seller.slug)
    role = Role(form.cleaned_data["role"])
    with _refusal_told(request):
        flows.change_role(member, role, actor=request.membership.user, now=clock.now())
        messages.success(request, f"{member.user.get_username()} is {role.label.lower()} now.")
    return redirect("team", request.seller.slug)


@seller_page(Role.OWNER)
@require_POST
def member_remove(request: SellerRequest, pk: int) -> HttpResponse:
    """Take a member off the team."""
    member = _find_member(request, pk)
    with _refusal_told(request):
        flows.remove(member, actor=request.membership.user, now=clock.now())
        messages.success(request, f"{member.user.get_username()} is no longer on the team.")
        if member.user_id == request.user.pk:
            return redirect("choose_seller")
    return redirect("team", request.seller.slug)


@seller_page(Role.OWNER)
@require_POST
def team_second_step(request: SellerRequest) -> HttpResponse:
    """Require two-step sign-in of the whole team, or leave it to each member."""
    is_required = request.POST.get("required") == "1"
    with _refusal_told(request):
        flows.require_second_step(
            request.seller, is_required=is_required, actor=request.membership.user, now=clock.now()
        )
        said = "Everybody needs two-step sign-in now." if is_required else "Two-step sign-in is each member's choice."
        messages.success(request, said)
    return redirect("team", request.seller.slug)


@seller_page(Role.OWNER)
@require_POST
def member_second_step_reset(request: SellerRequest, pk: int) -> HttpResponse:
    """Switch off the two-step sign-in of a member who lost the phone."""
    member = _find_member(request, pk)
    with _refusal_told(request):
        letter = flows.reset_second_step(member, actor=request.membership.user, site=site_of(request), now=clock.now())
        if letter:
            send_mail.delay_on_commit(letter.pk)  # type: ignore[attr-defined]
        messages.success(request, f"{member.user.get_username()} signs in with the password alone now.")
    return redirect("team", request.seller.slug)


@contextmanager
def _refusal_told(request: SellerRequest) -> Iterator[None]:
    """Why the team cannot be changed like this is said on the page that is shown next."""
    try:
        yield
    except flows.TeamError as error:
        messages.error(request, str(error))


def _find_invitation(request: SellerRequest, public_id: UUID) -> Invitation:
    return get_object_or_404(Invitation.objects.select_related("seller"), seller=request.seller, public_id=public_id)


def _find_member(request: SellerRequest, pk: int) -> Membership:
    rows = Membership.objects.select_related("user", "seller")
    return get_object_or_404(rows, seller=request.seller, pk=pk)
