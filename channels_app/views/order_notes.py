"""Notes about an order: written by who manages orders, read by all of the seller's.

They are deleted by who wrote them, and by owners: of a colleague who left nobody else could.
"""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from channels_app.models import OrderNote
from channels_app.order_forms import NoteForm
from channels_app.views.order_page import build_context
from channels_app.views.orders import find_order
from inventory.models import Role
from inventory.tenancy import SellerRequest, seller_page
from marketplace_integration import clock


@require_POST
@seller_page(Role.MANAGER)
def order_note_add(request: SellerRequest, order: UUID) -> HttpResponse:
    """Note something about the order; shows the page again with 422 if there is nothing, or too much."""
    found = find_order(request, order)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return render(request, "channels_app/order.html", build_context(request, found, bound=form), status=422)
    OrderNote.objects.create(
        order=found, author=request.membership.user, at=clock.now(), text=form.cleaned_data["text"]
    )
    messages.success(request, "Noted.")
    return redirect("order", request.seller.slug, found.public_id)


@require_POST
@seller_page(Role.MANAGER)
def order_note_delete(request: SellerRequest, order: UUID, pk: int) -> HttpResponse:
    """Take a note back. Raises Http404 for those that are not one's own to delete, as for none."""
    found = find_order(request, order)
    notes = found.notes.all() if request.membership.is_owner else found.notes.filter(author=request.membership.user)
    get_object_or_404(notes, pk=pk).delete()
    messages.success(request, "The note is deleted.")
    return redirect("order", request.seller.slug, found.public_id)
