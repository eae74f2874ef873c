"""The channel as support sees it: its state to read, and buttons for what can be done to it now."""

from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import pluralize
from django.urls import URLPattern, reverse
from django_fsm import TransitionNotAllowed

from channels_app.adapters.errors import ChannelError
from channels_app.admin.channel_page import build_page, marketplace_of
from channels_app.admin.deeds import DEEDS, Deed, ReasonForm, possible_deeds
from channels_app.admin.filters import ChannelWaitsFilter, MarketplaceFilter
from channels_app.flows.activate import NotReady, testing_end
from channels_app.flows.desk import UNANSWERED
from channels_app.flows.expiry import expiry_of
from channels_app.flows.jobs import STOPPED
from channels_app.flows.permissions import NotAllowed
from channels_app.models import ChangeRequest, Channel, ChannelJob
from inventory.admin.asking import ask
from inventory.admin.base import LookOnlyAdmin
from inventory.shelves import DESK
from marketplace_integration import clock


@admin.register(Channel)
class ChannelAdmin(LookOnlyAdmin):
    """Nothing here is a form field: every change is a button, goes through the flows, and keeps a reason."""

    shelf = DESK
    empty_words = "No channel yet. Sellers add them under Marketplaces."
    list_display = ("name", "seller", "marketplace", "phase", "waits")
    list_filter = ("state", ChannelWaitsFilter, "mode", MarketplaceFilter)
    search_fields = ("name", "seller__name", "seller__slug", "account_id", "public_id__exact")
    search_help_text = "The channel, the seller or the account at the marketplace."
    list_select_related = ("seller", "label")
    ordering = ("seller__name", "name")
    #: The page is a template of its own.
    fields = ("name",)
    change_form_template = "admin/channels_app/channel/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Channel]:
        """Each with how much of it waits. Counted apart: joined, requests and jobs would multiply."""
        rows = super().get_queryset(request)
        asked = _count_of(ChangeRequest.objects.filter(UNANSWERED))
        stopped = _count_of(ChannelJob.objects.filter(STOPPED))
        return cast("QuerySet[Channel]", rows.annotate(requests_count=asked, blocked_count=stopped))

    @admin.display(ordering="adapter_key")
    def marketplace(self, channel: Channel) -> str:
        return marketplace_of(channel)

    @admin.display(description="state", ordering="state")
    def phase(self, channel: Channel) -> str:
        left = channel.days_left(clock.now())
        words = str(channel.get_state_display())
        return words if left is None else f"{words}, {left} day{pluralize(left)} left"

    @admin.display(description="waits for somebody", ordering="-requests_count")
    def waits(self, channel: Channel) -> str:
        asked, stopped = channel.requests_count, channel.blocked_count  # type: ignore[attr-defined]
        words = [
            f"{asked} change request{pluralize(asked)}" if asked else "",
            f"{stopped} stopped job{pluralize(stopped)}" if stopped else "",
            _expiry_words(channel),
        ]
        return ", ".join(filter(None, words)) or "–"

    def get_urls(self) -> list[URLPattern]:
        return [self.path_of("<int:object_id>/do/<slug:name>/", self.do, "do"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        channel = cast(Channel | None, self.get_object(request, object_id))
        more = build_page(channel, now=clock.now()) if channel else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})

    def do(self, request: HttpRequest, object_id: int, name: str) -> HttpResponse:
        """Ask why, then do it. Shows the form again with 422 if it is not valid or the flow refuses."""
        channel = get_object_or_404(Channel, pk=object_id)
        deed = DEEDS.get(name)
        page = reverse("admin:channels_app_channel_change", args=[channel.pk])
        if deed is None or deed not in possible_deeds(channel):
            messages.error(request, "This is not possible as the channel stands now.")
            return redirect(page)
        form = deed.form(request.POST or None, channel=channel, initial={"ends_at": testing_end(clock.now())})
        if request.method == "POST" and form.is_valid() and self._done(request, channel, deed, form):
            return redirect(page)
        return ask(
            request,
            form,
            title=f"{deed.label}: {channel}",
            words=f"{channel} of {channel.seller}, now {channel.get_state_display()}. {deed.effect}",
            button=deed.label,
            trail=[("Channels", reverse("admin:channels_app_channel_changelist")), (str(channel), page)],
            is_danger=deed.is_danger,
        )

    def _done(self, request: HttpRequest, channel: Channel, deed: Deed, form: ReasonForm) -> bool:
        """Run the flow; what it refuses stands on the form."""
        try:
            deed.run(channel, **form.cleaned_data, actor=request.user, now=clock.now())
        except (NotAllowed, NotReady, TransitionNotAllowed, ChannelError) as error:
            form.add_error(None, str(error))
        except ValidationError as error:
            form.add_error(None, error.messages[0])
        else:
            messages.success(request, f"{deed.label}: done.")
            return True
        return False


def _count_of(rows: QuerySet[Any]) -> Coalesce:
    """Return how many of these rows are of the channel at hand."""
    of_channel = rows.filter(channel=OuterRef("pk")).order_by().values("channel").annotate(number=Count("pk"))
    return Coalesce(Subquery(of_channel.values("number")), 0)


def _expiry_words(channel: Channel) -> str:
    """Return that its credentials expire soon; "" if not."""
    expiry = expiry_of(channel, now=clock.now()) if channel.is_running else None
    return f"credentials: {expiry.words}" if expiry and expiry.threshold is not None else ""
