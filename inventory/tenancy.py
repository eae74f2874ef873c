"""Every page starts from the signed-in user's seller: 404 across tenants, 403 within.

Support comes in by a visit (inventory/support.py), under its own name, and only looks.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import urlencode

from inventory.models import Membership, Role, Seller, SupportVisit
from inventory.second_step import device_of, is_asked
from inventory.support import find_visit, is_support
from marketplace_integration import clock

_RANK = {Role.VIEWER: 0, Role.MANAGER: 1, Role.OWNER: 2}
_LOOKING = ("GET", "HEAD", "OPTIONS")

View = Callable[..., HttpResponseBase]


class SellerRequest(HttpRequest):
    """A request that `seller_page` has let through."""

    seller: Seller
    #: What lets the person in, and how far. A visit has no rows of its own: see `MemberRequest`.
    membership: Membership | SupportVisit


class MemberRequest(SellerRequest):
    """A request that `member_page` has let through."""

    membership: Membership


def seller_page(role: Role = Role.VIEWER) -> Callable[[View], View]:
    """Let in members of the seller in the address, and support that visits it; sets `request.seller`, `.membership`.

    Raises Http404 for other tenants' sellers, as for sellers that do not exist, and PermissionDenied below `role`.
    Support only looks, whatever viewers may do here. Without a visit it is led to where one begins.
    """
    return _page(role, for_visits=True)


def member_page(role: Role = Role.VIEWER) -> Callable[[View], View]:
    """As `seller_page`, closed to visits: what a member keeps for themselves, and files, which outlast a visit."""
    return _page(role, for_visits=False)


def _page(role: Role, *, for_visits: bool) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, seller_slug: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            user = cast(User, request.user)
            members = Membership.objects.select_related("seller", "user")
            found: Membership | SupportVisit | None = members.filter(seller__slug=seller_slug, user_id=user.pk).first()
            if found is not None and is_asked(found.seller) and not _may_go_on(request, user, found.seller):
                return _to_the_set_up(request)
            if found is None:
                if not is_support(user):
                    raise Http404
                if is_asked() and device_of(user) is None:
                    return _to_the_set_up(request)
                seller = get_object_or_404(Seller, slug=seller_slug)
                found = find_visit(seller, user, now=clock.now())
                if found is None:
                    return _to_the_desk(request, seller)
                if not for_visits or request.method not in _LOOKING:
                    raise PermissionDenied("Support looks at a seller's pages and does nothing there.")
            if _RANK[Role(found.role)] < _RANK[role]:
                raise PermissionDenied(f"This needs the role {role.label.lower()} or higher.")
            request = cast(SellerRequest, request)
            request.seller, request.membership = found.seller, found
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def member_of(request: SellerRequest) -> Membership | None:
    """Return the membership of who asks; None for support, which has nothing of its own here."""
    return request.membership if isinstance(request.membership, Membership) else None


def _may_go_on(request: HttpRequest, user: User, seller: Seller) -> bool:
    """Say whether the member has two-step sign-in, or has yet to send what was written before it was asked for."""
    since, entered = seller.second_step_required_at, user.last_login
    was_in = since is not None and entered is not None and entered < since
    return device_of(user) is not None or (was_in and not _is_opening(request))


def _to_the_set_up(request: HttpRequest) -> HttpResponseBase:
    """Lead to where two-step sign-in is set up, and from there back to the page that was wanted."""
    back = urlencode({"next": request.get_full_path()}) if _is_opening(request) else ""
    return redirect(f"{reverse('security')}?{back}".rstrip("?"))


def _is_opening(request: HttpRequest) -> bool:
    """Say whether a whole page is wanted, rather than a part of it, or something done."""
    return request.method == "GET" and "HX-Request" not in request.headers


def _to_the_desk(request: HttpRequest, seller: Seller) -> HttpResponseBase:
    """Lead support to where a visit begins, and from there back. Raises Http404 for all but a page that is opened."""
    if not _is_opening(request):
        raise Http404
    desk = reverse("admin:inventory_seller_visit", args=[seller.pk])
    return redirect(f"{desk}?{urlencode({'next': request.get_full_path()})}")
