"""One thing done to many items from the list: asked for, followed, stopped, undone."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import pluralize
from django.views.decorators.http import require_POST

from inventory.bulk import edits
from inventory.forms import ItemFilterForm, PriceChangeForm
from inventory.models import BulkEdit, Item, Label, Role
from inventory.search import find_items
from inventory.tasks import run_bulk_edit
from inventory.tenancy import SellerRequest, seller_page
from inventory.views.back import back_to_activity
from marketplace_integration import clock


@seller_page(Role.MANAGER)
@require_POST
def items_bulk(request: SellerRequest) -> HttpResponse:
    """Do one thing to the ticked items, or to all that fit the filter; then show the list again."""
    query = QueryDict(request.POST.get("filter", ""))
    action = request.POST.get("action", "")
    dialog = {"label": "label", "unlabel": "label", "price": "price"}.get(action, "more")
    chosen = chosen_in(request, dialog)
    if chosen is None:
        messages.info(request, "What you filtered by is not there any more, so nothing changed.")
        chosen, action = Item.objects.none(), ""
    elif not is_about_all(request, dialog) and not request.POST.getlist("item"):
        messages.info(request, "No item was ticked, so nothing changed.")
        action = ""
    if action in BulkEdit.Action.values:
        _edit(request, chosen, action)
    response = redirect("items", request.seller.slug)
    response["Location"] += f"?{query.urlencode()}" if query else ""
    return response


def is_about_all(request: SellerRequest, dialog: str) -> bool:
    return request.POST.get(f"scope-{dialog}") == "all"


def chosen_in(request: SellerRequest, dialog: str) -> QuerySet[Item] | None:
    """Return the seller's items that the form names in this dialog: all that fit, or the ticked ones.

    None if the filter means nothing, as when its label was deleted meanwhile: all that fit must not become all there
    are.
    """
    if is_about_all(request, dialog):
        form = ItemFilterForm(request.seller, QueryDict(request.POST.get("filter", "")))
        return find_items(request.seller, form.wanted()) if form.is_valid() else None
    ids = [ticked for ticked in map(key_in, request.POST.getlist("item")) if ticked]
    return Item.objects.filter(seller=request.seller, public_id__in=ids)


def _edit(request: SellerRequest, chosen: QuerySet[Item], action: str) -> None:
    """It is done or under way, on record, and can be undone from the list."""
    label, price, key, words = None, None, None, BulkEdit.Action(action).label
    if action in (BulkEdit.Action.LABEL, BulkEdit.Action.UNLABEL):
        own = Label.objects.filter(seller=request.seller)
        label = get_object_or_404(own, public_id=key_in(request.POST.get("label", "")))
        words = f"{words} “{label}”"
    elif action == BulkEdit.Action.PRICE:
        form = PriceChangeForm(request.POST)
        if not form.is_valid():
            messages.error(request, f"No price was changed. {form.problem()}")
            return
        price, words, key = form.change(), form.words(), form.cleaned_data["change_key"]

    def begin() -> BulkEdit:
        return edits.edit(
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

    made = set_going(request, begin)
    if made and made.is_working:
        messages.info(request, f"{_items(made.count)} {words}: this is under way. You may leave the page meanwhile.")
    elif made and made.changed_count:
        messages.success(request, f"{_items(made.changed_count)} {words}. You can undo it below.")
    elif made:
        messages.info(request, "Nothing changed: it was so already, or cannot be so.")


def set_going(request: SellerRequest, begin: Callable[[], BulkEdit]) -> BulkEdit | None:
    """Return what has begun; a worker is told of what is left to it. None if it has to wait, which is said."""
    try:
        with transaction.atomic():
            made = begin()
            if made.is_working:
                run_bulk_edit.delay_on_commit(made.pk)  # type: ignore[attr-defined]
    except edits.Busy as busy:
        other = busy.made
        text = f"Nothing changed: “{other.title}” is still under way, {other.done_count:,} of {other.count:,} are done."
        messages.error(request, f"{text} Wait until it is through, or stop it.")
        return None
    return made


@seller_page()
def items_edit(request: SellerRequest, public_id: UUID) -> HttpResponse:
    """Show how far it is; asked again by the page while a worker has it."""
    made = _find(request, public_id)
    is_part = bool(request.headers.get("HX-Request"))
    template = "inventory/bulk_edit.html" if is_part else "inventory/bulk_edit_page.html"
    return render(request, template, {"edit": made, "is_polled": is_part})


@require_POST
@seller_page(Role.MANAGER)
def items_edit_act(request: SellerRequest, public_id: UUID) -> HttpResponse:
    """Stop it, let it go on, or undo it as far as nobody changed the items since."""
    made = _find(request, public_id)
    match request.POST.get("action"):
        case "stop":
            if not edits.stop(made):
                messages.info(request, "That was through already.")
        case "go_on":
            set_going(request, lambda: edits.go_on(made, now=clock.now()))
        case "undo":
            _undo(request, made)
    return back_to_activity(request) or redirect("items", request.seller.slug)


def _undo(request: SellerRequest, made: BulkEdit) -> None:
    if made.undone_at is not None:
        messages.info(request, "This was undone already.")
        return
    done = set_going(request, lambda: edits.undo(made, actor=request.membership.user, now=clock.now()))
    if done is None:
        return
    if done.is_working:
        messages.info(request, f"{_items(done.count)}: the undo is under way. You may leave the page meanwhile.")
    elif done.undone_at is None:
        messages.info(request, "Nothing went back: all of it was changed since.")
    else:
        text = f"{_items(done.undone_count)} {_is(done.undone_count)} as before."
        left = f" {_items(done.left_count)} changed since and {_is(done.left_count)} left alone."
        messages.success(request, text + (left if done.left_count else ""))


def _find(request: SellerRequest, public_id: UUID) -> BulkEdit:
    rows = BulkEdit.objects.select_related("made_by", "undone_by")
    return get_object_or_404(rows, seller=request.seller, public_id=public_id)


def key_in(text: str) -> UUID | None:
    try:
        return UUID(text)
    except (ValueError, ValidationError):
        return None


def _items(count: int) -> str:
    return f"{count:,} item{pluralize(count)}"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"
