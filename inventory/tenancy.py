"""Every page starts from the signed-in user's seller: 404 across tenants, 403 within."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404

from inventory.models import Membership, Role, Seller

_RANK = {Role.VIEWER: 0, Role.MANAGER: 1, Role.OWNER: 2}


class SellerRequest(HttpRequest):
    """A request that `seller_page` has let through."""

    seller: Seller
    membership: Membership


def seller_page(
    role: Role = Role.VIEWER,
) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Let only members of the seller in the address in; sets `request.seller` and `request.membership`.

    Raises Http404 for other tenants' sellers, as for sellers that do not exist, and PermissionDenied below `role`.
    """

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, seller_slug: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            membership = get_object_or_404(
                Membership.objects.select_related("seller", "user"), seller__slug=seller_slug, user_id=request.user.pk
            )
            if _RANK[Role(membership.role)] < _RANK[role]:
                raise PermissionDenied(f"This needs the role {role.label.lower()} or higher.")
            request = cast(SellerRequest, request)
            request.seller, request.membership = membership.seller, membership
            return view(request, *args, **kwargs)

        return guarded

    return decorate
