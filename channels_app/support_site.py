"""The support desk: Django's admin, its lists by what support does with them, and one search over everything."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.contrib.auth.models import User
from django.db.models import Min, Q, QuerySet
from django.http import HttpRequest
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from channels_app.flows.desk import HAS_STOPPED, OVERDUE, UNANSWERED
from channels_app.models import ChangeRequest, Channel, Listing, Order, Submission
from inventory.letters import given_up_lately
from inventory.models import CsvImport, Item, Mail, Seller, SupportVisit
from inventory.paging import count_up_to, text_in
from inventory.second_step import device_of, is_asked
from inventory.shelves import SHELVES
from inventory.sign_in import StaffSignInForm
from inventory.support import is_support
from inventory.views.back import asked_for
from inventory.views.sign_in import SignIn
from inventory.work import TOLD_FOR
from inventory.working import failed_lately
from marketplace_integration import clock

#: Of each kind of thing; whoever needs more searches its own list.
MOST_FOUND = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One thing that a search found, with its page at the desk and its page at the seller's."""

    kind: str
    name: str
    #: What tells it from others of that name.
    note: str
    url: str
    sellers_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits for somebody at the desk."""

    requests: int
    #: Since when the oldest of them waits.
    since: datetime | None
    #: Channels with a job that stopped: how many, and the first of them.
    stopped_count: int
    stopped: list[Channel]
    #: Files of items that failed in so many days.
    failed_imports: int
    #: Letters that never left, in as many days.
    given_up: int
    told_days: int
    #: What marketplaces have not answered in time.
    overdue: int
    visits: list[SupportVisit]


class SupportSite(AdminSite):
    """The desk of the people who help sellers."""

    site_header = site_title = "Support"
    index_title = "Support desk"
    index_template = "admin/desk.html"
    empty_value_display = "–"

    def has_permission(self, request: HttpRequest) -> bool:
        """Say whether this is staff, with two-step sign-in where that is asked of support."""
        return super().has_permission(request) and not _owes_second_step(request)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Ask for name and password, then for what `SignIn` asks beyond them, as everywhere on the site."""
        index = reverse("admin:index", current_app=self.name)
        if request.method == "GET" and super().has_permission(request):
            then = asked_for(request) or index
            return redirect(
                f"{reverse('security')}?{urlencode({'next': then})}" if _owes_second_step(request) else then
            )
        context = {
            **self.each_context(request),
            "title": "Sign in",
            "subtitle": None,
            "app_path": request.get_full_path(),
            "username": request.user.get_username(),
            "next": asked_for(request) or index,
            **(extra_context or {}),
        }
        request.current_app = self.name
        return SignIn.as_view(
            template_name="admin/login.html",
            authentication_form=StaffSignInForm,
            redirect_authenticated_user=False,
            next_page=index,
            extra_context=context,
        )(request)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the lists by shelf; what is on none, such as accounts, comes last."""
        names = [*SHELVES, "More"]
        shelves: dict[str, list[Any]] = {name: [] for name in names}
        for app in super().get_app_list(request, app_label):
            for entry in app["models"]:
                listed: Any = self._registry[entry["model"]]
                shelf = getattr(listed, "shelf", "More")
                shelves[shelf].append({**entry, "name": getattr(listed, "title", lambda name=entry["name"]: name)()})
        home = reverse("admin:index", current_app=self.name)
        return [
            {"name": name, "app_label": name.lower().replace(" ", "-"), "app_url": home, "models": entries}
            for name, entries in shelves.items()
            if entries
        ]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        q = text_in(request.GET.get("q", "")).strip()[:100]
        more: dict[str, Any] = {"q": q}
        if is_support(request.user):
            more |= {"found": find(q) if q else [], "waiting": _waiting(cast(User, request.user), now=clock.now())}
        return super().index(request, {**(extra_context or {}), **more})


def _owes_second_step(request: HttpRequest) -> bool:
    return is_asked() and device_of(cast(User, request.user)) is None


def find(q: str) -> list[Found]:
    """Return sellers and channels that are called so, and items, listings and orders of just this SKU or number."""
    return [_found(row) for rows in _matching(q) for row in rows[:MOST_FOUND]]


def _matching(q: str) -> Iterator[QuerySet[Any]]:
    sellers = Seller.objects.filter(Q(name__icontains=q) | Q(slug__icontains=q))
    yield sellers.order_by("name")
    channels = Channel.objects.filter(Q(name__icontains=q) | Q(seller__name__icontains=q) | Q(account_id=q))
    yield channels.select_related("seller").order_by("seller__name", "name")
    yield Item.objects.filter(sku__iexact=q).select_related("seller")
    # Their indexes begin with the channel: PostgreSQL skips from one channel's part to the next.
    yield Listing.objects.filter(sku=q).select_related("channel__seller")
    yield Order.objects.filter(remote_id=q).select_related("channel__seller")


def _found(row: Seller | Channel | Item | Listing | Order) -> Found:
    """Return the row in the words of the list, with its pages."""
    match row:
        case Seller():
            name, note = row.name, row.slug
            sellers_url = reverse("home", args=[row.slug])
        case Channel():
            name, note = row.name, f"{row.seller}, {row.get_state_display()}"
            sellers_url = reverse("channel_settings", args=[row.seller.slug, row.public_id])
        case Item():
            name, note = row.sku, f"{row.seller}: {row.title}"
            sellers_url = reverse("item", args=[row.seller.slug, row.public_id])
        case Listing():
            name, note = row.sku, f"{row.channel} of {row.channel.seller}, {row.get_state_display()}"
            listings = reverse("channel_listings", args=[row.channel.seller.slug, row.channel.public_id])
            sellers_url = f"{listings}?{urlencode({'sku': row.sku})}"
        case Order():
            name, note = row.remote_id, f"{row.channel} of {row.channel.seller}, {row.get_shipping_status_display()}"
            sellers_url = reverse("order", args=[row.channel.seller.slug, row.public_id])
    return Found(
        kind=type(row).__name__,
        name=name,
        note=note,
        url=reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_change", args=[row.pk]),
        sellers_url=sellers_url,
    )


def _waiting(user: User, *, now: datetime) -> Waiting:
    asked = ChangeRequest.objects.filter(UNANSWERED)
    visits = SupportVisit.objects.filter(staff=user, ended_at=None, ends_at__gt=now).select_related("seller")
    stopped = Channel.objects.filter(HAS_STOPPED)
    return Waiting(
        requests=asked.count(),
        since=asked.aggregate(since=Min("created_at"))["since"],
        stopped_count=count_up_to(stopped),
        stopped=list(stopped.select_related("seller").order_by("seller__name", "name")[:MOST_FOUND]),
        failed_imports=count_up_to(CsvImport.objects.filter(failed_lately(now))),
        given_up=count_up_to(Mail.objects.filter(given_up_lately(now))),
        told_days=TOLD_FOR.days,
        overdue=count_up_to(Submission.objects.filter(OVERDUE)),
        visits=list(visits),
    )
