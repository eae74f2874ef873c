"""Labels: the list, and one label with its items, those kept off it, and its rule."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import F, ProtectedError, QuerySet
from django.forms import BaseFormSet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from inventory import labels as flows
from inventory.foresee import by_hand, by_rule
from inventory.label_forms import ConditionForm, LabelForm, MatchForm, NewLabelForm, rule_formset
from inventory.models import Item, Label, LabelItem, Role
from inventory.paging import Page, count_up_to, page_by_key
from inventory.rules import RuleError, describe_rule
from inventory.tasks import recalculate_label
from inventory.tenancy import SellerRequest, seller_page
from inventory.views.find import find_label
from inventory.views.label_change import (
    TAKING_OFF,
    Question,
    first_look,
    items_question,
    read_rule,
    rule_question,
    ticked,
)
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
    match_form: MatchForm | None = None,
    rule_error: str = "",
    question: Question | None = None,
) -> HttpResponse:
    tab = tab if tab in TABS else "items"
    channels = _channels(found)
    context = {
        "label": found,
        "channels": channels,
        "tab": tab,
        "tabs": _tabs(request, found, tab),
        "count": flows.member_count(found),
        "page": _page(request, found, tab),
        "form": LabelForm(request.seller, label=found),
        "rule_forms": (rule_forms or rule_formset(rule=found.rule)) if tab == "rule" else None,
        "match_form": match_form or MatchForm(match=found.match),
        "rule_error": rule_error,
        "question": question,
        "ticked": ticked(request.POST),
        "conditions": describe_rule(found.rule),
        "can_manage": request.membership.can_manage,
    }
    is_answered = not rule_error and not (question and question.is_dialog)
    return render(request, "inventory/label.html", context, status=200 if is_answered else 422)


def _channels(found: Label) -> list[Any]:
    """Return the channels that name the label."""
    return list(getattr(found, "channels").order_by("name"))  # noqa: B009 - made by the app above


def _address(request: SellerRequest, found: Label) -> str:
    return reverse("label", args=[request.seller.slug, found.public_id])


def _page(request: SellerRequest, found: Label, tab: str) -> Page[Item] | None:
    if tab == "rule":
        return None
    # Those kept off stand in the order of their index, however many or few they are.
    key = "sku" if tab == "items" else "pk"
    rows = _rows(found, tab)
    page = page_by_key(rows, request.GET, key=key)
    if not page.rows and {"after", "before"} & set(request.GET):  # the last ones there were taken off
        page = page_by_key(rows, QueryDict(f"show={tab}"), key=key)
    address = _address(request, found)  # the list is shown by forms' addresses too, which nobody can go on from
    previous_url, next_url = (url and f"{address}{url}" for url in (page.previous_url, page.next_url))
    return replace(page, previous_url=previous_url, next_url=next_url)


def _rows(found: Label, tab: str) -> QuerySet[Item]:
    """Return the items of the label, each with its `source`, or those kept off."""
    if tab == "items":
        # The seller is named for the index on (seller, SKU), in whose order the page is read.
        return flows.members(found).filter(seller=found.seller_id).annotate(source=F("label_items__source"))
    return Item.objects.filter(label_items__label=found, label_items__source=LabelItem.Source.EXCLUDED)


def _tabs(request: SellerRequest, found: Label, current: str) -> list[dict[str, object]]:
    counts = {"excluded": count_up_to(found.label_items.filter(source=LabelItem.Source.EXCLUDED))}
    address = _address(request, found)
    return [
        {"text": text, "url": f"{address}?show={key}", "is_current": key == current, "count": counts.get(key)}
        for key, text in TABS.items()
        # Nothing is kept off a label that has no rule to put it back.
        if key != "excluded" or found.kind == Label.Kind.RULE or counts[key] or current == key
    ]


@seller_page(Role.MANAGER)
@require_POST
def label_rule(request: SellerRequest, public_id: UUID) -> HttpResponse:
    """Save the rule, or say what it would change: that comes first if items would leave channels.

    Shows the rule again with 422 if it cannot be understood, or if the person must first agree.
    """
    found = find_label(request, public_id)
    show = partial(
        _show, request, found, tab="rule", rule_forms=rule_formset(request.POST), match_form=MatchForm(request.POST)
    )
    try:
        rule, match = read_rule(request.POST)
    except RuleError as error:
        return show(rule_error=str(error))
    is_asked = "preview" in request.POST
    if is_asked or _must_agree(request, found):
        count = first_look(by_rule(found, rule, match))
        if is_asked or count.leaving or count.after is not None:
            return show(question=rule_question(found, request.POST, count, is_dialog=not is_asked))
    with transaction.atomic():
        flows.save_rule(found, rule, match, now=clock.now())
        recalculate_label.delay_on_commit(found.pk)  # type: ignore[attr-defined]
    messages.success(request, "The rule is saved. Its items are being found.")
    return redirect("label", request.seller.slug, found.public_id)


def _must_agree(request: SellerRequest, found: Label) -> bool:
    """Say whether what leaves the label would leave a channel that lists it, and nobody has agreed to that yet."""
    is_listed = any(channel.is_running and channel.listings_on for channel in _channels(found))
    return is_listed and request.POST.get("confirmed") != "yes"


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
    """Take the ticked items off, keep them off, or let the rule decide again; asks first if channels list them."""
    found = find_label(request, public_id)
    ids, action = ticked(request.POST), request.POST.get("action", "")
    if action in TAKING_OFF and _must_agree(request, found):
        count = first_look(by_hand(found, ids))
        if count.leaving:
            question = items_question(found, request.POST, count, place=request.GET.urlencode())
            return _show(request, found, tab=request.GET.get("show", "items"), question=question)
    actor, now = request.membership.user, clock.now()
    moves: dict[str, Callable[[], object]] = {
        "remove": lambda: flows.remove_items(found, ids, actor=actor, now=now),
        "exclude": lambda: flows.exclude_items(found, ids, actor=actor, now=now),
        "add": lambda: flows.add_items(found, ids, actor=actor, now=now),
        "return": lambda: flows.return_to_rule(found, ids, now=now),
    }
    if action in moves and ids:
        moves[action]()
        messages.success(request, f"Done for {len(ids):,} item{'' if len(ids) == 1 else 's'}.")
    elif action in moves:
        messages.info(request, "No item was ticked, so nothing changed.")
    response = redirect("label", request.seller.slug, found.public_id)
    response["Location"] += f"?{request.GET.urlencode()}" if request.GET else ""
    return response


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
            # Before its rows: who writes members, or does an edit of many items, holds it first and waits for them.
            flows.lock(found.pk)
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
