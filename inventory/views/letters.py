"""Letters that could not be sent."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from inventory import mail
from inventory.models import Mail, Role
from inventory.tasks import send_mail
from inventory.tenancy import SellerRequest, seller_page
from inventory.views.back import back_to_activity
from marketplace_integration import clock


@seller_page(Role.MANAGER)
@require_POST
def mail_again(request: SellerRequest, pk: int) -> HttpResponse:
    """A letter that did not leave is tried now."""
    letter = get_object_or_404(Mail, seller=request.seller, pk=pk)
    if mail.try_now(letter, now=clock.now()):
        send_mail.delay_on_commit(letter.pk)  # type: ignore[attr-defined]
        going = "is put together within minutes" if letter.unworded else "is on its way to the mail server"
        messages.success(request, f"The letter to {letter.to} {going}.")
    else:
        messages.info(request, f"The letter to {letter.to} has left, or is of no use any more.")
    return back_to_activity(request) or redirect("team", request.seller.slug)
