"""What ends on the channels if many items leave a label, or are for sale no more: a part of the list of items."""

from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from channels_app.flows.label_effect import Effects, channels_of
from channels_app.models import Channel
from channels_app.views.label_effect import SECONDS, row_of
from inventory import foresee
from inventory.models import Label, Role
from inventory.tenancy import SellerRequest, seller_page
from inventory.views.bulk import chosen_in, is_about_all, key_in

#: What a dialog may be about alone.
_DEEDS = {"archive": "Archiving", "block": "Blocking"}


@seller_page(Role.MANAGER)
@require_POST
def items_effect(request: SellerRequest) -> HttpResponse:
    """Say how many listings end by what the open dialog would do, as far as they are counted in a moment."""
    dialog = request.POST.get("dialog", "")
    chosen = chosen_in(request, dialog)
    if chosen is None or dialog not in ("label", "more"):
        return HttpResponseBadRequest("This names no items.")
    if dialog == "label":
        label = get_object_or_404(Label, seller=request.seller, public_id=key_in(request.POST.get("label", "")))
        change, channels, deed = foresee.by_hand(label, chosen), channels_of(label), f"Taking off “{label}”"
    else:
        channels = list(Channel.objects.running().filter(seller=request.seller).order_by("name"))
        change, deed = foresee.out_of_sale(chosen), _DEEDS.get(request.POST.get("deed", ""), "Blocking or archiving")
    if not is_about_all(request, dialog) and not request.POST.getlist("item"):
        return HttpResponse()  # nothing is ticked, and nobody said "all" yet
    effects = Effects(channels, {})
    count = foresee.count(change, seconds=SECONDS, also=effects.add)
    rows = [row_of(channel, effects.by_channel.get(channel.pk)) for channel in channels]
    ending = [row for row in rows if row["effect"] and row["effect"].ended]
    context = {"deed": deed, "rows": ending, "is_all": count.after is None}
    return render(request, "channels_app/items_effect.html", context)
