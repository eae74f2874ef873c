"""The reconciler's page: what each run found, what waits for a person, and what can be taken back."""

from dataclasses import dataclass
from urllib.parse import urlencode
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
from channels_app.flows.reconcile_plan import PlanError, apply_plan, leave_out
from channels_app.flows.reconcile_undo import NothingLeft, put_on_label, undo, what_is_left
from channels_app.models import Channel, Difference, ReconcileRun
from channels_app.views.find import find_channel
from channels_app.views.words import describe_counts
from inventory.labels import members
from inventory.models import Item, Role
from inventory.paging import count_up_to, page_by_key, text_in
from inventory.tenancy import SellerRequest, seller_page
from inventory.views.bulk import set_going
from marketplace_integration import clock

#: Runs that the page offers to look at.
RUNS_SHOWN = 20
#: Beyond it, the page says "1,000+": it would count a million listings to say more.
LIMIT_TOLD = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A difference as the page shows it."""

    difference: Difference
    #: The public id of the seller's item of that SKU, if there is one.
    item: UUID | None
    #: Not put back by the undo, but on the label since.
    is_on_label: bool
    can_tick: bool


@seller_page()
def channel_reconciler(request: SellerRequest, channel: UUID) -> HttpResponse:
    """Show the runs of the reconciler, and the differences of one of them."""
    found, now = find_channel(request, channel), clock.now()
    runs = list(found.reconcile_runs.select_related("decided_by", "label_edit").order_by("-pk")[:RUNS_SHOWN])
    run = _chosen(request, runs)
    kind = request.GET.get("kind", "")
    differences = differences_of(run, kind) if run else Difference.objects.none()
    waits = bool(run and plan_is_fresh(run, now=now))
    may_decide = allowed(found.state, actor_of_role(request.membership.role), Action.DECIDE_WITHDRAWALS)
    page = page_by_key(differences, request.GET, key="sku")
    rows = _rows(found, page.rows, waits=waits)
    has_ended = run is not None and run.counts.get(Difference.Kind.TO_END, 0) > 0
    left = what_is_left(run) if run and has_ended and found.label else {}
    context = {
        "channel": found,
        "runs": [(one, describe_counts(one.counts)) for one in runs],
        "run": run,
        "page": page,
        "rows": rows,
        "can_tick": may_decide and any(row.can_tick for row in rows),
        "left": left,
        "others": _others(found) if "off_label" in left else [],
        "kind": kind,
        "kinds": Difference.Kind.choices,
        "csv_query": f"?{urlencode({'kind': kind})}" if kind else "",
        "held": brake.held(found, now=now),
        "may_manage": may_decide,
        "waits": waits,
        "planned_count": count_up_to(run.differences.filter(state=Difference.State.PLANNED)) if run and waits else 0,
        "ended_count": count_up_to(_ended_by(run)) if run and has_ended else 0,
        "limit": brake.limit_of(found, at_most=LIMIT_TOLD + 1),
        "limit_told": LIMIT_TOLD,
        "can_reconcile": found.can(Capability.RECONCILE) or not found.facts,
    }
    return render(request, "channels_app/channel_reconciler.html", context)


def differences_of(run: ReconcileRun, kind: str) -> QuerySet[Difference]:
    """Return the run's differences of this kind; all, where it is none."""
    return run.differences.filter(kind=kind) if kind in Difference.Kind.values else run.differences.all()


def _rows(channel: Channel, differences: list[Difference], *, waits: bool) -> list[Row]:
    own = Item.objects.filter(seller=channel.seller, sku__in=[row.sku for row in differences])
    items = dict(own.values_list("sku", "public_id"))
    left = [row.sku for row in differences if row.state == Difference.State.LEFT]
    on_label = (
        set(members(channel.label).filter(sku__in=left).values_list("sku", flat=True))
        if left and channel.label
        else set()
    )
    return [
        Row(
            difference=row,
            item=items.get(row.sku),
            is_on_label=row.sku in on_label,
            can_tick=_can_tick(row, waits=waits),
        )
        for row in differences
    ]


def _can_tick(row: Difference, *, waits: bool) -> bool:
    """Say whether the row can be decided about by itself: what is planned, then what was ended."""
    if waits:
        return row.state == Difference.State.PLANNED
    return row.kind == Difference.Kind.TO_END and row.state == Difference.State.APPLIED


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
    """Approve or discard a plan that waits, undo what one has ended, or put on the label what an undo left off it.

    The first three are about all of it, or with "-ticked" about the SKUs that were ticked.
    """
    found = find_channel(request, channel)
    run = get_object_or_404(found.reconcile_runs, pk=pk)
    decision, ticked, _ = request.POST.get("decision", "").partition("-ticked")
    skus = [text_in(sku) for sku in request.POST.getlist("sku")] if ticked else None
    if not allowed(found.state, actor_of_role(request.membership.role), Action.DECIDE_WITHDRAWALS):
        messages.error(request, "This channel is not active.")
    elif skus == []:
        messages.info(request, "Nothing was ticked, so nothing changed.")
    elif decision == "label":
        return _put_on_label(request, found, run)
    else:
        _decide(request, run, decision, skus)
    return _back(request, found, run)


def _decide(request: SellerRequest, run: ReconcileRun, decision: str, skus: list[str] | None) -> None:
    now, actor = clock.now(), request.membership.user
    try:
        if decision == "approve":
            mended = sum(apply_plan(run, actor=actor, now=now, skus=skus).values())
            messages.success(
                request, f"{mended:,} difference{pluralize(mended)} {pluralize(mended, 'is,are')} being mended."
            )
        elif decision == "discard":
            left = leave_out(run, actor=actor, now=now, skus=skus)
            words = "Discarded." if skus is None else f"{left:,} left out of this plan."
            messages.success(request, f"{words} The next run looks again.")
        elif decision == "undo":
            messages.info(request, str(undo(run, skus, actor=actor, now=now)))
    except PlanError as error:
        messages.error(request, str(error))


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
    """Lead to the page of the run that the form stood on."""
    url = reverse("channel_reconciler", args=[request.seller.slug, channel.public_id])
    place = request.GET.copy()
    place["run"] = str(run.pk)
    return redirect(f"{url}?{place.urlencode()}")
