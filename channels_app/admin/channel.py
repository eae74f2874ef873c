"""The channel as support sees it: its state to read, and buttons for what can be done to it now."""

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django_fsm import TransitionNotAllowed

from channels_app.adapters.errors import ChannelError
from channels_app.admin.base import LookOnlyInline, name_or_nobody
from channels_app.admin.deeds import DEEDS, Deed, ReasonForm, possible_deeds
from channels_app.flows.activate import NotReady, testing_end
from channels_app.flows.expiry import expiry_of
from channels_app.flows.permissions import NotAllowed
from channels_app.models import ChangeRequest, Channel, ChannelHistory, ChannelJob, ExpiryWarning
from inventory.admin.base import LookOnlyAdmin
from inventory.support import is_support
from marketplace_integration import clock


class ChangeRequestInline(LookOnlyInline):
    model = ChangeRequest
    fields = readonly_fields = ("what", "reason", "state", "requested_by", "created_at", "answer")
    show_change_link = True
    verbose_name_plural = "Change requests"


class JobInline(LookOnlyInline):
    model = ChannelJob
    fields = readonly_fields = (
        *("kind", "enabled", "interval_seconds", "next_run_at", "last_run_at", "last_success_at"),
        *("failures", "blocked", "last_error"),
    )
    verbose_name_plural = "Jobs"


class ExpiryWarningInline(LookOnlyInline):
    model = ExpiryWarning
    fields = readonly_fields = ("expires_on", "days_ahead", "warned_at", "letters")
    verbose_name_plural = "Warnings before credentials expire"


class HistoryInline(LookOnlyInline):
    model = ChannelHistory
    fields = readonly_fields = ("at", "who", "what", "before", "after", "reason")
    verbose_name_plural = "History (newest 50)"

    @admin.display(description="who")
    def who(self, entry: ChannelHistory) -> str:
        return name_or_nobody(entry, "actor")


@admin.register(Channel)
class ChannelAdmin(LookOnlyAdmin):
    """Nothing here is a form field: every change is a button, goes through the flows, and keeps a reason."""

    list_display = (
        "name",
        "seller",
        "adapter_key",
        "mode",
        "state",
        "testing_ends_at",
        "open_requests",
        "blocked_jobs",
        "credentials_warning",
    )
    list_filter = ("state", "adapter_key", "mode")
    search_fields = ("name", "seller__name", "seller__slug", "account_id", "public_id__exact")
    list_select_related = ("seller",)
    ordering = ("seller__name", "name")
    inlines = (ChangeRequestInline, JobInline, ExpiryWarningInline, HistoryInline)
    change_form_template = "admin/channels_app/channel/change_form.html"
    fieldsets = (
        (None, {"fields": ("name", "seller", "adapter_key", "mode", "public_id")}),
        ("Status", {"fields": ("state", "testing_started_at", "testing_ends_at", "live_at", "on_deactivate")}),
        ("Switches", {"fields": ("listings_on", "reconciler_on", "orders_on", "fulfillments_on")}),
        ("Label and quantity", {"fields": ("label", "buffer", "floor", "quantity_mode", "quantity_limit")}),
        ("Price", {"fields": ("price_percent", "price_amount", "price_ending", "price_minimum", "currency_rate")}),
        ("Account", {"fields": ("account_id", "currency", "settings", "checked_at", "check_error", "credentials")}),
    )

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

    @admin.display(description="credentials")
    def credentials(self, channel: Channel) -> str:
        expiry = expiry_of(channel, now=clock.now())
        if expiry is None:
            return "nobody has said when they expire"
        return f"{expiry.words} ({'told by the marketplace' if expiry.is_told else 'entered by the seller'})"

    @admin.display(description="expiring credentials")
    def credentials_warning(self, channel: Channel) -> str:
        expiry = expiry_of(channel, now=clock.now()) if channel.is_running else None
        return expiry.words if expiry and expiry.threshold is not None else ""

    @admin.display(description="open requests", ordering="requests_count")
    def open_requests(self, channel: Channel) -> int:
        return int(channel.requests_count)  # type: ignore[attr-defined]

    @admin.display(description="jobs that need somebody", ordering="blocked_count")
    def blocked_jobs(self, channel: Channel) -> int:
        return int(channel.blocked_count)  # type: ignore[attr-defined]

    def get_urls(self) -> list[URLPattern]:
        deed = path(
            "<int:object_id>/do/<slug:name>/", self.admin_site.admin_view(self.do), name="channels_app_channel_do"
        )
        return [deed, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        channel = self.get_object(request, object_id)
        deeds = possible_deeds(channel) if channel else []
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "deeds": deeds})

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
        form = deed.form(request.POST or None, initial={"ends_at": testing_end(clock.now())})
        if request.method == "POST" and form.is_valid() and self._done(request, channel, deed, form):
            return redirect(page)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{deed.label}: {channel}",
            "trail": [("Channels", reverse("admin:channels_app_channel_changelist")), (str(channel), page)],
            "words": f"{channel} of {channel.seller} is in {channel.get_state_display()}. {deed.effect}",
            "form": form,
            "button": deed.label,
            "back": page,
            "media": self.media + form.media,
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
