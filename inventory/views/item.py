"""One item: what it is, its stock and every movement of it, the labels it is on."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import DataError, IntegrityError, transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from inventory import catalogue, labels, stock
from inventory.forms import ItemForm, StockForm
from inventory.models import Item, Label, LabelItem, Reason, Role
from inventory.paging import number_in
from inventory.tenancy import SellerRequest, seller_page
from inventory.views.find import find_item
from marketplace_integration import clock

MOVEMENTS_SHOWN = 30


@seller_page()
def item(request: SellerRequest, public_id: UUID) -> HttpResponse:
    """Show an item; a manager saves it here. Shows the form again with 422 if it is not valid."""
    found = find_item(request, public_id)
    form = ItemForm(item=found)
    if request.method == "POST":
        _require_manager(request)
        form = ItemForm(request.POST, item=found)
        if form.is_valid():
            catalogue.save_item(found, form.cleaned_data, now=clock.now())
            messages.success(request, "Saved.")
            return redirect("item", request.seller.slug, found.public_id)
    return _show(request, found, form=form)


@seller_page(Role.MANAGER)
def item_new(request: SellerRequest) -> HttpResponse:
    """Make an item; shows the form again with 422 if it is not valid."""
    form = ItemForm(request.POST or None, currency=request.seller.currency)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                made = catalogue.create_item(request.seller, form.cleaned_data, now=clock.now())
        except IntegrityError:
            form.add_error("sku", "You have an item with this SKU.")
        else:
            messages.success(request, "The item is made. Say how many you have.")
            return redirect("item", request.seller.slug, made.public_id)
    return render(request, "inventory/item_new.html", {"form": form}, status=422 if form.errors else 200)


@seller_page(Role.MANAGER)
@require_POST
def item_stock(request: SellerRequest, public_id: UUID) -> HttpResponse:
    """Record a count or a difference; the same form sent twice moves stock once."""
    found = find_item(request, public_id)
    form = StockForm(request.seller, request.POST)
    if found.is_parent:
        form.add_error(None, "A parent has no stock of its own: its variations have.")
    if not form.is_valid():
        return _show(request, found, stock_form=form)
    values, now = form.cleaned_data, clock.now()
    if values["how"] == StockForm.COUNTED:
        stock.set_on_hand(
            found,
            values["location"],
            values["number"],
            actor=request.membership.user,
            now=now,
            key=values["key"],
            note=values["note"],
        )
        messages.success(request, f"On hand is {values['number']:,} now.")
    else:
        movement = stock.Movement(
            item_id=found.pk,
            location_id=values["location"].pk,
            on_hand_delta=values["number"],
            reason=Reason.ADJUSTED,
            key=values["key"],
            actor_id=request.membership.user_id,
            note=values["note"],
        )
        try:
            with transaction.atomic():
                stock.record_movements([movement], now=now)
        except DataError:
            form.add_error("number", "That comes to more units than can be kept.")
            return _show(request, found, stock_form=form)
        messages.success(request, f"On hand changed by {values['number']:+,}.")
    return redirect("item", request.seller.slug, found.public_id)


@seller_page(Role.MANAGER)
@require_POST
def item_labels(request: SellerRequest, public_id: UUID) -> HttpResponse:
    """Put the item on a label, take it off, or let the label's rule decide again."""
    found = find_item(request, public_id)
    label = get_object_or_404(Label, seller=request.seller, pk=number_in(request.POST.get("label", "")))
    action, now = request.POST.get("action"), clock.now()
    if action == "add":
        labels.add_items(label, [found.pk], actor=request.membership.user, now=now)
        messages.success(request, f"On the label “{label}”.")
    elif action == "remove":
        labels.remove_items(label, [found.pk], actor=request.membership.user, now=now)
        messages.success(request, f"Off the label “{label}”.")
    elif action == "return":
        labels.return_to_rule(label, [found.pk], now=now)
        messages.success(request, f"The rule of “{label}” decides again.")
    return redirect("item", request.seller.slug, found.public_id)


@seller_page(Role.MANAGER)
@require_POST
def item_status(request: SellerRequest, public_id: UUID) -> HttpResponse:
    """Block, unblock, archive or bring back the item."""
    found, now = find_item(request, public_id), clock.now()
    match request.POST.get("action"):
        case "block":
            catalogue.set_blocked(found, True, now=now)
            messages.success(request, "Blocked: it is offered nowhere.")
        case "unblock":
            catalogue.set_blocked(found, False, now=now)
            messages.success(request, "No longer blocked.")
        case "archive":
            catalogue.archive(found, now=now)
            messages.success(request, "Archived, and on no label any more.")
        case "bring_back":
            catalogue.bring_back(found, now=now)
            messages.success(request, "Brought back.")
    return redirect("item", request.seller.slug, found.public_id)


def _show(
    request: SellerRequest, found: Item, *, form: ItemForm | None = None, stock_form: StockForm | None = None
) -> HttpResponse:
    form = form or ItemForm(item=found)
    stock_form = stock_form or StockForm(request.seller)
    places = list(found.stock.select_related("location").order_by("location__name"))
    on_labels = list(found.label_items.select_related("label").order_by("label__name"))
    movements = found.movements.select_related("location", "actor").order_by("-id")
    shown = list(movements[: MOVEMENTS_SHOWN + 1])
    context = {
        "item": found,
        "form": form,
        "stock_form": stock_form,
        "places": places,
        "on_hand": sum(place.on_hand for place in places),
        "reserved": sum(place.reserved for place in places),
        "on_labels": on_labels,
        "other_labels": request.seller.labels.exclude(pk__in=_included(on_labels)).order_by("name"),
        "movements": shown[:MOVEMENTS_SHOWN],
        "more_movements": len(shown) > MOVEMENTS_SHOWN,
        "variations": list(found.variations.order_by("sku")[:100]) if found.is_parent else [],
        "can_manage": request.membership.can_manage,
    }
    return render(request, "inventory/item.html", context, status=422 if form.errors or stock_form.errors else 200)


def _included(rows: list[LabelItem]) -> list[int]:
    return [row.label_id for row in rows if row.source != LabelItem.Source.EXCLUDED]


def _require_manager(request: SellerRequest) -> None:
    if not request.membership.can_manage:
        raise PermissionDenied("This needs the role manager or higher.")
