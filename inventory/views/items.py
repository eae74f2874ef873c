"""The list of items: found, paged, and labelled or blocked by the handful or all at once."""

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import pluralize
from django.views.decorators.http import require_POST

from inventory import bulk, catalogue
from inventory.forms import ItemFilterForm, PriceChangeForm
from inventory.models import BulkEdit, Item, Label, LabelItem, Role, Seller
from inventory.paging import count_up_to, page_by_key
from inventory.saved_views import tabs_of
from inventory.search import ITEMS, TRIGRAM, ItemFilter, find_items
from inventory.tenancy import SellerRequest, member_of, seller_page
from marketplace_integration import clock

#: What was done to many items is offered to be undone for so long.
LATELY = timedelta(days=7)


@seller_page()
def items(request: SellerRequest) -> HttpResponse:
    """Show the items that fit the filter, a page at a time."""
    form = ItemFilterForm(request.seller, request.GET)
    wanted = _filter(form)
    found = Item.objects.none() if form.is_label_gone else find_items(request.seller, wanted)
    shown = found.prefetch_related("stock", _labels_of_items())
    page = page_by_key(shown, request.GET, key="sku")
    context = {
        "form": form,
        "tabs": tabs_of(member_of(request), ITEMS, request.GET),
        "wanted": wanted,
        "page": page,
        "rows": [_row(item) for item in page.rows],
        "total": count_up_to(found),
        "is_short": 0 < len(wanted.text) < TRIGRAM,
        "labels": request.seller.labels.order_by("name"),
        "filter_query": _without_page(request.GET),
        "edits": _edits(request.seller),
        "price_form": PriceChangeForm(),
        "has_items": bool(page.rows or form.is_label_gone) or not wanted.is_empty or request.seller.items.exists(),
    }
    return render(request, "inventory/items.html", context)


@seller_page(Role.MANAGER)
@require_POST
def items_bulk(request: SellerRequest) -> HttpResponse:
    """Do one thing to the ticked items, or to all that fit the filter; then show the list again."""
    query = QueryDict(request.POST.get("filter", ""))
    action = request.POST.get("action", "")
    dialog = {"label": "label", "unlabel": "label", "price": "price"}.get(action, "more")
    is_all = is_about_all(request, dialog)
    chosen = chosen_in(request, dialog)
    if chosen is None:
        messages.info(request, "What you filtered by is not there any more, so nothing changed.")
        chosen, action = Item.objects.none(), ""
    elif not is_all and not request.POST.getlist("item"):
        messages.info(request, "No item was ticked, so nothing changed.")
        action = ""
    if action in BulkEdit.Action.values:
        _edit(request, chosen, action)
    elif action == "archive":
        count = catalogue.archive(chosen, now=clock.now())
        messages.success(request, f"{_items(count)} archived, and on no label any more.")
    elif action == "bring_back":
        count = catalogue.bring_back(chosen, now=clock.now())
        messages.success(request, f"{_items(count)} brought back, so far on no label by hand.")
    response = redirect("items", request.seller.slug)
    response["Location"] += f"?{query.urlencode()}" if query else ""
    return response


def _edit(request: SellerRequest, chosen: QuerySet[Item], action: str) -> None:
    """It is done, on record, and can be undone from the list."""
    label, price, key, words = None, None, None, BulkEdit.Action(action).label
    if action in (BulkEdit.Action.LABEL, BulkEdit.Action.UNLABEL):
        label = get_object_or_404(_labels(request.seller), public_id=key_in(request.POST.get("label", "")))
        words = f"{words} “{label}”"
    elif action == BulkEdit.Action.PRICE:
        form = PriceChangeForm(request.POST)
        if not form.is_valid():
            messages.error(request, f"No price was changed. {form.problem()}")
            return
        price, words, key = form.change(), form.words(), form.cleaned_data["change_key"]
    made = bulk.edit(
        request.seller,
        chosen,
        action,
        words=words,
        actor=request.membership.user,
        now=clock.now(),
        label=label,
        price=price,
        key=key,
    )
    if made.count:
        messages.success(request, f"{_items(made.count)} {words}. You can undo it below.")
    else:
        messages.info(request, "Nothing changed: it was so already, or cannot be so.")


@require_POST
@seller_page(Role.MANAGER)
def items_undo(request: SellerRequest, public_id: UUID) -> HttpResponse:
    """What was done to many items at once is undone, as far as nobody changed them since."""
    made = get_object_or_404(BulkEdit, seller=request.seller, public_id=public_id)
    if made.undone_at is not None:
        messages.info(request, "This was undone already.")
    else:
        done = bulk.undo(made, actor=request.membership.user, now=clock.now())
        if done.undone_at is None:
            messages.info(request, "Nothing went back: all of it was changed since.")
            return redirect("items", request.seller.slug)
        text = f"{_items(done.undone_count)} {_is(done.undone_count)} as before."
        left = f" {_items(done.left_count)} changed since and {_is(done.left_count)} left alone."
        messages.success(request, text + (left if done.left_count else ""))
    return redirect("items", request.seller.slug)


def _edits(seller: Seller) -> QuerySet[BulkEdit]:
    """Return what was done to many items lately."""
    lately = BulkEdit.objects.filter(seller=seller, made_at__gte=clock.now() - LATELY)
    return lately.select_related("made_by", "undone_by").order_by("-pk")[:5]


def _labels(seller: Seller) -> QuerySet[Label]:
    return Label.objects.filter(seller=seller)


def is_about_all(request: SellerRequest, dialog: str) -> bool:
    return request.POST.get(f"scope-{dialog}") == "all"


def chosen_in(request: SellerRequest, dialog: str) -> QuerySet[Item] | None:
    """Return the seller's items that the form names in this dialog: all that fit, or the ticked ones.

    None if the filter means nothing, as when its label was deleted meanwhile: all that fit must not become all there
    are.
    """
    if is_about_all(request, dialog):
        form = ItemFilterForm(request.seller, QueryDict(request.POST.get("filter", "")))
        return find_items(request.seller, _filter(form)) if form.is_valid() else None
    ids = [ticked for ticked in map(key_in, request.POST.getlist("item")) if ticked]
    return Item.objects.filter(seller=request.seller, public_id__in=ids)


def key_in(text: str) -> UUID | None:
    try:
        return UUID(text)
    except (ValueError, ValidationError):
        return None


def _filter(form: ItemFilterForm) -> ItemFilter:
    """Return what was asked for; what cannot be understood is left out rather than refused."""
    form.is_valid()
    values = form.cleaned_data
    return ItemFilter(text=values.get("q", ""), label=values.get("label"), show=values.get("show", ""))


def _labels_of_items() -> "Prefetch[str, QuerySet[LabelItem], str]":
    rows = LabelItem.objects.exclude(source=LabelItem.Source.EXCLUDED).select_related("label").order_by("label__name")
    return Prefetch("label_items", rows)


def _row(item: Item) -> dict[str, object]:
    stock = item.stock.all()
    return {
        "item": item,
        "on_hand": sum(place.on_hand for place in stock),
        "reserved": sum(place.reserved for place in stock),
        "available": sum(place.available for place in stock),
        "labels": [row.label for row in item.label_items.all()],
    }


def _without_page(query: QueryDict) -> str:
    kept = query.copy()
    for name in ("after", "before"):
        kept.pop(name, None)
    return kept.urlencode()


def _items(count: int) -> str:
    return f"{count:,} item{pluralize(count)}"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"
