"""Labels: the list, and one label with its items, those kept off it, and its rule."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import ProtectedError
from django.forms import BaseFormSet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from inventory import labels as flows
from inventory.forms import ConditionForm, LabelForm, NewLabelForm, rule_formset, rule_of
from inventory.models import Item, Label, LabelItem, Role
from inventory.paging import Page, count_up_to, number_in, page_by_key
from inventory.rules import Rule, RuleError, check_rule, items_matching
from inventory.tasks import recalculate_label
from inventory.tenancy import SellerRequest, seller_page
from inventory.views.find import find_label
from marketplace_integration import clock

#: Items that the list of labels counts, at most, for all its labels.
_COUNTED_TOGETHER = 50_000

#: Tab -> what it shows.
TABS = {"items": "Items", "excluded": "Kept off", "rule": "Rule"}


@seller_page()
def labels(request: SellerRequest) -> HttpResponse:
    """Show the seller's labels; a manager makes one here. Shows the form again with 422 if it is not valid."""
    form = NewLabelForm(request.seller)
    if request.method == "POST":
        if not request.membership.can_manage:
            return HttpResponse(status=403)
        form = NewLabelForm(request.seller, request.POST)
        if form.is_valid():
            return _make(request, form)
    rows = list(request.seller.labels.prefetch_related("channels").order_by("name"))
    most = _counted_each(len(rows))
    context = {
        "labels": list(zip(rows, flows.member_counts(rows, most + 1), strict=True)),
        "most": most,
        "form": form,
        "can_manage": request.membership.can_manage,
    }
    return render(request, "inventory/labels.html", context, status=422 if form.errors else 200)


def _counted_each(labels: int) -> int:
    """Return how far the items of each of so many labels are counted: all of them take about as long, many or few."""
    return next((most for most in (10_000, 1_000) if most * labels <= _COUNTED_TOGETHER), 100)


def _make(request: SellerRequest, form: NewLabelForm) -> HttpResponse:
    label = flows.create_label(request.seller, form.cleaned_data["name"], now=clock.now())
    label.refresh_from_db()
    response = redirect("label", request.seller.slug, label.public_id)
    if form.cleaned_data["kind"] == Label.Kind.RULE:
        response["Location"] += "?show=rule"
    messages.success(request, f"The label “{label}” is made; nothing is on it yet.")
    return response


@seller_page()
def label(request: SellerRequest, public_id: UUID) -> HttpResponse:
    """Show one label: its items, those kept off, or its rule."""
    return _show(request, find_label(request, public_id), tab=request.GET.get("show", "items"))


def _show(
    request: SellerRequest,
    found: Label,
    *,
    tab: str,
    rule_forms: "BaseFormSet[ConditionForm] | None" = None,
    rule_error: str = "",
    would_hold: int | None = None,
) -> HttpResponse:
    tab = tab if tab in TABS else "items"
    context = {
        "label": found,
        "channels": list(getattr(found, "channels").order_by("name")),  # noqa: B009 - made by the app above
        "tab": tab,
        "tabs": _tabs(request, found, tab),
        "count": flows.member_count(found),
        "page": _page(found, tab, request.GET),
        "form": LabelForm(request.seller, label=found),
        "rule_forms": (rule_forms or rule_formset(rule=found.rule)) if tab == "rule" else None,
        "rule_error": rule_error,
        "would_hold": would_hold,
        "conditions": _conditions(found.rule),
        "can_manage": request.membership.can_manage,
    }
    return render(request, "inventory/label.html", context, status=422 if rule_error else 200)


def _page(found: Label, tab: str, query: QueryDict) -> Page[Item] | None:
    if tab == "rule":
        return None
    if tab == "items":
        # The seller is named for the index on (seller, SKU), in whose order the page is read.
        return page_by_key(flows.members(found).filter(seller=found.seller_id), query, key="sku")
    # In the order of the index of those kept off, however many or few they are.
    kept_off = Item.objects.filter(label_items__label=found, label_items__source=LabelItem.Source.EXCLUDED)
    return page_by_key(kept_off, query, key="pk")


def _conditions(rule: Rule) -> list[str]:
    try:
        return [str(condition) for condition in check_rule(rule)]
    except RuleError:
        return []


def _tabs(request: SellerRequest, found: Label, current: str) -> list[dict[str, object]]:
    counts = {"excluded": count_up_to(found.label_items.filter(source=LabelItem.Source.EXCLUDED))}
    return [
        {"text": text, "url": f"{request.path}?show={key}", "is_current": key == current, "count": counts.get(key)}
        for key, text in TABS.items()
        # Nothing is kept off a label that has no rule to put it back.
        if key != "excluded" or found.kind == Label.Kind.RULE or counts[key] or current == key
    ]


@seller_page(Role.MANAGER)
@require_POST
def label_rule(request: SellerRequest, public_id: UUID) -> HttpResponse:
    """Save the rule, or say how many items it would hold; shows it again with 422 if it cannot be understood."""
    found = find_label(request, public_id)
    forms = rule_formset(request.POST)
    if not forms.is_valid():
        return _show(request, found, tab="rule", rule_forms=forms, rule_error="Correct the conditions below.")
    rule = rule_of(forms)
    try:
        if "preview" in request.POST:
            matching = items_matching(rule, Item.objects.filter(seller=request.seller, archived_at=None, blocked=False))
            count = count_up_to(matching.filter(is_parent=False))
            return _show(request, found, tab="rule", rule_forms=forms, would_hold=count)
        with transaction.atomic():
            flows.save_rule(found, rule, now=clock.now())
            recalculate_label.delay_on_commit(found.pk)  # type: ignore[attr-defined]
    except RuleError as error:
        return _show(request, found, tab="rule", rule_forms=forms, rule_error=str(error))
    messages.success(request, "The rule is saved. Its items are being found.")
    return redirect("label", request.seller.slug, found.public_id)


@seller_page()
def label_state(request: SellerRequest, public_id: UUID) -> HttpResponse:
    """Say whether the label's rule has been held against all items; asked again by the page until it has."""
    found = find_label(request, public_id)
    response = render(request, "inventory/label_state.html", {"label": found, "count": flows.member_count(found)})
    if found.kind == Label.Kind.MANUAL or found.recalculated_at:
        response["HX-Refresh"] = "true"
    return response


@seller_page(Role.MANAGER)
@require_POST
def label_items(request: SellerRequest, public_id: UUID) -> HttpResponse:
    """Take the ticked items off, keep them off, or let the rule decide again."""
    found = find_label(request, public_id)
    ids = [pk for pk in map(number_in, request.POST.getlist("item")) if pk is not None]
    actor, now = request.membership.user, clock.now()
    moves: dict[str, Callable[[], object]] = {
        "remove": lambda: flows.remove_items(found, ids, actor=actor, now=now),
        "exclude": lambda: flows.exclude_items(found, ids, actor=actor, now=now),
        "add": lambda: flows.add_items(found, ids, actor=actor, now=now),
        "return": lambda: flows.return_to_rule(found, ids, now=now),
    }
    action = request.POST.get("action", "")
    if action in moves:
        moves[action]()
        messages.success(request, f"Done for {len(ids):,} item{'' if len(ids) == 1 else 's'}.")
    return redirect("label", request.seller.slug, found.public_id)


@seller_page(Role.MANAGER)
@require_POST
def label_rename(request: SellerRequest, public_id: UUID) -> HttpResponse:
    """Give the label another name."""
    found = find_label(request, public_id)
    form = LabelForm(request.seller, request.POST, label=found)
    if form.is_valid():
        found.name = form.cleaned_data["name"]
        found.save(update_fields=["name"])
        messages.success(request, "Renamed.")
    else:
        messages.error(request, " ".join(map(str, form.errors["name"])))
    return redirect("label", request.seller.slug, found.public_id)


@seller_page(Role.MANAGER)
@require_POST
def label_delete(request: SellerRequest, public_id: UUID) -> HttpResponse:
    """Delete the label, unless a channel names it: then the page says which."""
    found = find_label(request, public_id)
    try:
        with transaction.atomic():
            found.delete()
    except ProtectedError as error:
        channels = ", ".join(sorted(str(channel) for channel in error.protected_objects))
        messages.error(
            request,
            f"The label “{found}” cannot be deleted: {channels} lists its items. Choose another label there first.",
        )
        return redirect("label", request.seller.slug, found.public_id)
    messages.success(request, f"The label “{found}” is deleted. Its items are untouched.")
    return redirect("labels", request.seller.slug)
