"""Which of a channel's categories the seller's own are, and where the answers to its questions stand."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.db.models.functions import Upper
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from channels_app.adapters.types import Capability
from channels_app.flows.connection import could_do
from channels_app.flows.mapping import read_mapped, save_mapping
from channels_app.flows.own_categories import (
    COUNT_LIMIT,
    MOST_CATEGORIES,
    TRIED,
    attribute_names,
    count_refused,
    own_categories,
    try_mapping,
)
from channels_app.flows.permissions import Action, NotAllowed, actor_of_role, why_not
from channels_app.forms.mapping import AnswersForm
from channels_app.models import CategoryMapping, Channel, ChannelCategory, ChannelJob
from channels_app.views.find import find_channel
from inventory.paging import text_in
from inventory.tenancy import SellerRequest, seller_page
from marketplace_integration import clock

#: So many of the channel's categories are offered at once.
OFFERED = 20


@seller_page()
def channel_products(request: SellerRequest, channel: UUID) -> HttpResponse:
    """List the seller's categories with what each is on the channel."""
    return _show_all(request, _find(request, channel))


def _show_all(request: SellerRequest, found: Channel) -> HttpResponse:
    mapped = {row.own: row for row in _mappings(found)}
    own, refused = own_categories(found), count_refused(found) if mapped else {}
    known = {one.name for one in own}
    rows = [
        {
            "own": one.name,
            "items": one.items,
            "mapping": mapped.get(one.name),
            "refused": min(refused.get(one.name, 0), one.items),
        }
        for one in own
    ]
    rows += [{"own": name, "items": 0, "mapping": row} for name, row in mapped.items() if name not in known]
    context = {
        "channel": found,
        "rows": sorted(rows, key=lambda row: row["mapping"] is not None),
        "is_told": ChannelCategory.objects.filter(channel=found).exclude(code="").exists(),
        "job": _job(found),
        "count_limit": COUNT_LIMIT,
        "is_cut": len(own) == MOST_CATEGORIES,
    }
    return render(request, "channels_app/channel_products.html", context)


@seller_page()
def channel_product(request: SellerRequest, channel: UUID) -> HttpResponse:
    """Show what one category is on the channel; on POST store what was chosen."""
    found, own = _find(request, channel), text_in(request.GET.get("own", ""))[:200]
    if request.method == "POST" and not request.membership.can_manage:
        raise PermissionDenied("This needs the role manager or higher.")
    if not own:
        return _show_all(request, found)
    mapping = CategoryMapping.objects.filter(channel=found, own=own).select_related("category").first()
    if request.method == "POST":
        return _save(request, found, own, mapping)
    return _show(request, found, own, mapping)


def _mappings(channel: Channel) -> QuerySet[CategoryMapping]:
    """Return the mappings, each saying whether its questions are known; the questions themselves may be many."""
    known = Q(category__fields__isnull=False)
    rows = CategoryMapping.objects.filter(channel=channel).annotate(is_known=ExpressionWrapper(known, BooleanField()))
    return rows.select_related("category").defer("category__fields")


def _save(request: SellerRequest, channel: Channel, own: str, mapping: CategoryMapping | None) -> HttpResponse:
    category = mapping.category if mapping else None
    answers, meanings = (mapping.answers, mapping.meanings) if mapping else ({}, {})
    match request.POST.get("action"):
        case "choose":
            code = text_in(request.POST.get("category", ""))
            category = (
                ChannelCategory.objects.filter(channel=channel, code=code, is_gone=False).exclude(code="").first()
            )
            if category is None:
                messages.error(request, "Choose one of the marketplace's categories.")
                return redirect(_here(request, channel, own))
        case "remove":
            category = None
        case _:
            if mapping is None or request.POST.get("category") != mapping.category.code:
                messages.error(request, "Nothing was saved: this category was changed in another tab. Look again.")
                return redirect(_here(request, channel, own))
            form = _form(channel, own, request.POST)
            if form is None or not form.is_valid():
                return _show(request, channel, own, mapping, form, status=422)
            answers, meanings = form.answers(), form.meanings()
    try:
        changed = save_mapping(
            channel, own, category, answers, meanings, actor=request.membership.user, now=clock.now()
        )
    except NotAllowed as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _said(own, category, changed=changed))
    return redirect(_here(request, channel, own) if category else _list(request, channel))


def _said(own: str, category: ChannelCategory | None, *, changed: bool) -> str:
    if not changed:
        return "Nothing was changed."
    if category is None:
        return f"{own} has no category there any more: its items are offered on products that the marketplace knows."
    return f"Saved. Items of {own} go out as {category.name}; those already listed are told anew."


def _show(
    request: SellerRequest,
    channel: Channel,
    own: str,
    mapping: CategoryMapping | None,
    form: AnswersForm | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "channel": channel,
        "own": own,
        "mapping": mapping,
        "why_locked": _why_locked(request, channel),
        "job": _job(channel),
        "here": _here(request, channel, own),
    }
    form = form or _form(channel, own)
    if form is not None:
        context |= {"form": form, "rows": form.rows(), "tried": form.tried, "most_tried": TRIED}
    query = text_in(request.GET.get("q", "")).strip()
    if mapping is None or query or "choose" in request.GET:
        context |= {"q": query, "offered": _offer(channel, query or own, strict=bool(query)), "is_choosing": True}
    return render(request, "channels_app/channel_product.html", context, status=status)


def _form(channel: Channel, own: str, data: Any = None) -> AnswersForm | None:
    """Return the form, or None while the marketplace has not said what it wants to know."""
    mapped = read_mapped(channel, [own]).get(own)
    if mapped is None:
        return None
    return AnswersForm(mapped, attribute_names(channel, own), try_mapping(channel, own, mapped), data)


def _offer(channel: Channel, words: str, *, strict: bool) -> list[ChannelCategory]:
    """Return categories whose names hold all the words; if none was asked for and none fits, any."""
    known = ChannelCategory.objects.filter(channel=channel, is_gone=False).exclude(code="").defer("fields")
    # As the index has it. Without its ending, "Mugs" finds "Mug" and the other way round.
    wanted = [(word if strict else word.rstrip("s")).upper() for word in words.split()[:6]]
    holds_all = Q(*(Q(shout__contains=word) for word in wanted))
    ids = known.alias(shout=Upper("name")).filter(holds_all).order_by("name").values_list("pk", flat=True)[:OFFERED]
    found = list(known.filter(pk__in=list(ids)).order_by("name"))
    return found or ([] if strict else list(known.order_by("name")[:OFFERED]))


def _find(request: SellerRequest, channel: UUID) -> Channel:
    """Return the channel. Raises Http404 where new products are not taken."""
    found = find_channel(request, channel)
    if not could_do(found, Capability.NEW_PRODUCTS):
        raise Http404
    return found


def _why_locked(request: SellerRequest, channel: Channel) -> str:
    """Return why nothing can be changed, or "" if it can."""
    return why_not(channel.state, actor_of_role(request.membership.role), Action.EDIT_PRODUCTS)


def _job(channel: Channel) -> ChannelJob | None:
    return ChannelJob.objects.filter(channel=channel, kind=ChannelJob.Kind.CATEGORIES, enabled=True).first()


def _list(request: SellerRequest, channel: Channel) -> str:
    return reverse("channel_products", args=[request.seller.slug, channel.public_id])


def _here(request: SellerRequest, channel: Channel, own: str) -> str:
    place = reverse("channel_product", args=[request.seller.slug, channel.public_id])
    return f"{place}?{urlencode({'own': own})}"
