"""The reconciler's page: what each run found, what waits for a person, and what can be taken back."""

from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from channels_app.adapters.types import Capability
from channels_app.flows import brake
from channels_app.flows.permissions import Action, actor_of_role, allowed
from channels_app.flows.reconcile import plan_is_fresh
from channels_app.flows.reconcile_plan import PlanError, apply_plan, discard, undo
from channels_app.models import Difference, ReconcileRun
from channels_app.views.find import find_channel
from channels_app.views.words import describe_counts
from inventory.models import Role
from inventory.paging import count_up_to, page_by_key, text_in
from inventory.tenancy import SellerRequest, seller_page
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
    context = {
        "channel": found,
        "runs": [(one, describe_counts(one.counts)) for one in runs],
        "run": run,
        "page": page_by_key(differences, request.GET, key="sku"),
        "kind": kind,
        "kinds": Difference.Kind.choices,
        "held": brake.held(found, now=now),
        "may_manage": may_decide,
        "waits": bool(run and plan_is_fresh(run, now=now)),
        "ended_count": count_up_to(_ended_by(run)) if run else 0,
        "limit": brake.limit_of(found, at_most=LIMIT_TOLD + 1),
        "limit_told": LIMIT_TOLD,
        "can_reconcile": found.can(Capability.RECONCILE) or not found.facts,
    }
    return render(request, "channels_app/channel_reconciler.html", context)


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
    """Approve or discard a plan that waits, or undo what one has ended."""
    found, now, actor = find_channel(request, channel), clock.now(), request.membership.user
    run = get_object_or_404(found.reconcile_runs, pk=pk)
    decision = request.POST.get("decision")
    if not allowed(found.state, actor_of_role(request.membership.role), Action.DECIDE_WITHDRAWALS):
        messages.error(request, "This channel is not active.")
        return _back(request, channel)
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
    except PlanError as error:
        messages.error(request, str(error))
    return _back(request, channel)


def _back(request: SellerRequest, channel: UUID) -> HttpResponse:
    return redirect("channel_reconciler", request.seller.slug, channel)
