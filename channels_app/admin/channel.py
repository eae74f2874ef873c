"""The channel as support sees it: its state to read, and buttons for what can be done to it now."""

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import pluralize
from django.urls import URLPattern, path, reverse
from django_fsm import TransitionNotAllowed

from channels_app.adapters import registry
from channels_app.adapters.errors import ChannelError
from channels_app.admin.channel_page import build_page, marketplace_of
from channels_app.admin.deeds import DEEDS, Deed, ReasonForm, possible_deeds
from channels_app.flows.activate import NotReady, testing_end
from channels_app.flows.expiry import expiry_of
from channels_app.flows.permissions import NotAllowed
from channels_app.models import ChangeRequest, Channel
from inventory.admin.base import LookOnlyAdmin
from inventory.shelves import DESK
from inventory.support import is_support
from marketplace_integration import clock


class WaitsFilter(admin.SimpleListFilter):
    """What needs somebody now."""

    title = "what waits"
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("requests", "Change requests"), ("jobs", "Stopped jobs")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Channel]) -> QuerySet[Channel]:
        named = {"requests": "requests_count__gt", "jobs": "blocked_count__gt"}.get(self.value() or "")
        return queryset.filter(**{named: 0}) if named else queryset


class MarketplaceFilter(admin.SimpleListFilter):
    """By the name that people know."""

    title = "marketplace"
    parameter_name = "adapter_key"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(key, adapter.label) for key, adapter in registry.adapters().items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Channel]) -> QuerySet[Channel]:
        return queryset.filter(adapter_key=self.value()) if self.value() else queryset


@admin.register(Channel)
class ChannelAdmin(LookOnlyAdmin):
    """Nothing here is a form field: every change is a button, goes through the flows, and keeps a reason."""

    shelf = DESK
    empty_words = "No channel yet. Sellers add them under Marketplaces."
    list_display = ("name", "seller", "marketplace", "phase", "waits")
    list_filter = ("state", WaitsFilter, "mode", MarketplaceFilter)
    search_fields = ("name", "seller__name", "seller__slug", "account_id", "public_id__exact")
    search_help_text = "The channel, the seller or the account at the marketplace."
    list_select_related = ("seller", "label")
    ordering = ("seller__name", "name")
    #: The page is a template of its own.
    fields = ("name",)
    change_form_template = "admin/channels_app/channel/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Channel]:
        return cast(
            "QuerySet[Channel]",
            super()
            .get_queryset(request)
            .annotate(
                requests_count=Count(
                    "change_requests", filter=Q(change_requests__state=ChangeRequest.State.OPEN), distinct=True
                ),
                blocked_count=Count("jobs", filter=Q(jobs__blocked=True, jobs__enabled=True), distinct=True),
            ),
        )

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
        deed = path(
            "<int:object_id>/do/<slug:name>/", self.admin_site.admin_view(self.do), name="channels_app_channel_do"
        )
        return [deed, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        channel = cast(Channel | None, self.get_object(request, object_id))
        more = build_page(channel, now=clock.now()) if channel else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})

    def do(self, request: HttpRequest, object_id: int, name: str) -> HttpResponse:
        """Ask why, then do it. Shows the form again with 422 if it is not valid or the flow refuses."""
        if not is_support(request.user):
            raise PermissionDenied
        channel = get_object_or_404(Channel, pk=object_id)
        deed = DEEDS.get(name)
        page = reverse("admin:channels_app_channel_change", args=[channel.pk])
        if deed is None or deed not in possible_deeds(channel):
            messages.error(request, "This is not possible as the channel stands now.")
            return redirect(page)
        form = deed.form(request.POST or None, channel=channel, initial={"ends_at": testing_end(clock.now())})
        if request.method == "POST" and form.is_valid() and self._done(request, channel, deed, form):
            return redirect(page)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{deed.label}: {channel}",
            "trail": [("Channels", reverse("admin:channels_app_channel_changelist")), (str(channel), page)],
            "words": f"{channel} of {channel.seller}, now {channel.get_state_display()}. {deed.effect}",
            "form": form,
            "button": deed.label,
            "is_danger": deed.is_danger,
            "back": page,
        }
        return render(request, "admin/ask.html", context, status=422 if form.errors else 200)

    def _done(self, request: HttpRequest, channel: Channel, deed: Deed, form: ReasonForm) -> bool:
        """Run the flow; what it refuses stands on the form."""
        try:
            deed.run(channel, form.cleaned_data, cast(AbstractBaseUser, request.user), clock.now())
        except (NotAllowed, NotReady, TransitionNotAllowed, ChannelError) as error:
            form.add_error(None, str(error))
        except ValidationError as error:
            form.add_error(None, error.messages[0])
        else:
            messages.success(request, f"{deed.label}: done.")
            return True
        return False


def _expiry_words(channel: Channel) -> str:
    """Return that its credentials expire soon; "" if not."""
    expiry = expiry_of(channel, now=clock.now()) if channel.is_running else None
    return f"credentials: {expiry.words}" if expiry and expiry.threshold is not None else ""
