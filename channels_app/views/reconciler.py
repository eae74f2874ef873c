"""The reconciler's page: what each run found, what waits for a person, and what can be taken back."""

from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.views.decorators.http import require_POST

from channels_app.adapters.types import Capability
from channels_app.flows import brake
from channels_app.flows.label_effect import channels_of, lists_now
from channels_app.flows.permissions import Action, actor_of_role, allowed
from channels_app.flows.reconcile import plan_is_fresh
from channels_app.flows.reconcile_plan import PlanError, apply_plan, discard
from channels_app.flows.reconcile_undo import NothingLeft, put_on_label, undo, what_is_left
from channels_app.models import Channel, Difference, ReconcileRun
from channels_app.views.find import find_channel
from channels_app.views.words import describe_counts
from inventory.models import Item, Role
from inventory.paging import count_up_to, page_by_key, text_in
from inventory.tenancy import SellerRequest, seller_page
from inventory.views.bulk import set_going
from marketplace_integration import clock

#: Runs that the page offers to look at.
RUNS_SHOWN = 20
#: Beyond it, the page says "1,000+": it would count a million listings to say more.
LIMIT_TOLD = 1_000


@seller_page()
def channel_reconciler(request: SellerRequest, channel: UUID) -> HttpResponse:
    """Show the runs of the reconciler, and the differences of one of them."""
    found, now = find_channel(request, channel), clock.now()
    runs = list(found.reconcile_runs.select_related("decided_by").order_by("-pk")[:RUNS_SHOWN])
    run = _chosen(request, runs)
    differences = run.differences.all() if run else Difference.objects.none()
    kind = request.GET.get("kind", "")
    if kind in Difference.Kind.values:
        differences = differences.filter(kind=kind)
    may_decide = allowed(found.state, actor_of_role(request.membership.role), Action.DECIDE_WITHDRAWALS)
    page = page_by_key(differences, request.GET, key="sku")
    has_ended = run is not None and run.counts.get(Difference.Kind.TO_END, 0) > 0
    left = what_is_left(run) if run and has_ended and found.label else {}
    context = {
        "channel": found,
        "runs": [(one, describe_counts(one.counts)) for one in runs],
        "run": run,
        "page": page,
        "rows": _with_items(request, page.rows),
        "left": left,
        "others": _others(found) if "off_label" in left else [],
        "kind": kind,
        "kinds": Difference.Kind.choices,
        "held": brake.held(found, now=now),
        "may_manage": may_decide,
        "waits": bool(run and plan_is_fresh(run, now=now)),
        "ended_count": count_up_to(_ended_by(run)) if run and has_ended else 0,
        "limit": brake.limit_of(found, at_most=LIMIT_TOLD + 1),
        "limit_told": LIMIT_TOLD,
        "can_reconcile": found.can(Capability.RECONCILE) or not found.facts,
    }
    return render(request, "channels_app/channel_reconciler.html", context)


def _with_items(request: SellerRequest, rows: list[Difference]) -> list[tuple[Difference, UUID | None]]:
    """Return each difference with the public id of the seller's item of that SKU, if there is one."""
    own = Item.objects.filter(seller=request.seller, sku__in=[row.sku for row in rows])
    items = dict(own.values_list("sku", "public_id"))
    return [(row, items.get(row.sku)) for row in rows]


def _others(channel: Channel) -> list[Channel]:
    """Return the seller's other channels that list what comes on the label of this one."""
    return [one for one in channels_of(channel.label) if one != channel and lists_now(one)] if channel.label else []


def _ended_by(run: ReconcileRun) -> QuerySet[Difference]:
    """Return what the run ended and is not put back."""
    return run.differences.filter(kind=Difference.Kind.TO_END, state=Difference.State.APPLIED)


def _chosen(request: SellerRequest, runs: list[ReconcileRun]) -> ReconcileRun | None:
    """Return the run of the page that was asked for, else the newest that found something, else the newest."""
    asked = request.GET.get("run", "")
    for run in runs:
        if str(run.pk) == asked:
            return run
    return next((run for run in runs if run.counts), runs[0] if runs else None)


@require_POST
@seller_page(Role.MANAGER)
def reconcile_decide(request: SellerRequest, channel: UUID, pk: int) -> HttpResponse:
    """Approve or discard a plan that waits, undo what one has ended, or put on the label what an undo left off it."""
    found, now, actor = find_channel(request, channel), clock.now(), request.membership.user
    run = get_object_or_404(found.reconcile_runs, pk=pk)
    decision = request.POST.get("decision")
    if not allowed(found.state, actor_of_role(request.membership.role), Action.DECIDE_WITHDRAWALS):
        messages.error(request, "This channel is not active.")
        return _back(request, found, run)
    try:
        if decision == "approve":
            applied = apply_plan(run, actor=actor, now=now)
            messages.success(request, f"{sum(applied.values()):,} differences are being mended.")
        elif decision == "discard":
            discard(run, actor=actor, now=now)
            messages.success(request, "Discarded. The next run looks again.")
        elif decision == "undo":
            skus = [text_in(sku) for sku in request.POST.getlist("sku")]
            messages.info(request, str(undo(run, skus or None, actor=actor, now=now)))
        elif decision == "label":
            return _put_on_label(request, found, run)
    except PlanError as error:
        messages.error(request, str(error))
    return _back(request, found, run)


def _put_on_label(request: SellerRequest, channel: Channel, run: ReconcileRun) -> HttpResponse:
    """It is an edit of many items like others: what is more than a moment's work is followed on its own page."""
    try:
        made = set_going(request, lambda: put_on_label(run, actor=request.membership.user, now=clock.now()))
    except NothingLeft:
        messages.info(request, "Nothing changed: what this run ended and can be listed is on the label already.")
        return _back(request, channel, run)
    if made is not None and made.is_working:
        return redirect("items_edit", request.seller.slug, made.public_id)
    if made is not None:
        count = made.changed_count
        text = f"{count:,} item{pluralize(count)} {made.words}, to be listed again on {channel.name}."
        messages.success(request, f"{text} You can undo it on the page Items.")
    return _back(request, channel, run)


def _back(request: SellerRequest, channel: Channel, run: ReconcileRun) -> HttpResponse:
    url = reverse("channel_reconciler", args=[request.seller.slug, channel.public_id])
    return redirect(f"{url}?run={run.pk}")
