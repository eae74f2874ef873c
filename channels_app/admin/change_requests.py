"""The queue of what sellers ask support for; each is applied or declined with one click and an answer."""

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.views.decorators.http import require_POST
from django_fsm import TransitionNotAllowed

from channels_app.admin.cards import build_cards
from channels_app.admin.filters import StateFilter
from channels_app.flows import change_requests
from channels_app.flows.permissions import NotAllowed
from channels_app.models import ChangeRequest
from inventory.admin.base import LookOnlyAdmin
from inventory.shelves import DESK
from marketplace_integration import clock


@admin.register(ChangeRequest)
class ChangeRequestAdmin(LookOnlyAdmin):
    """Oldest first: who waits longest is served first. One by one: each seller is owed an answer of their own."""

    shelf = DESK
    empty_words = "No seller waits for an answer. What sellers ask for on Live channels will stand here."
    list_display = ("what", "created_at")
    list_filter = (StateFilter, "what")
    search_fields = ("channel__name", "channel__seller__name", "reason")
    search_help_text = "The seller, the channel or the reason."
    ordering = ("created_at", "pk")
    list_per_page = 25
    #: The page is a template of its own.
    fields = ("what",)
    change_list_template = "admin/channels_app/changerequest/change_list.html"
    change_form_template = "admin/channels_app/changerequest/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[ChangeRequest]:
        rows = super().get_queryset(request)
        return cast("QuerySet[ChangeRequest]", rows.select_related("channel__seller", "requested_by", "decided_by"))

    def get_urls(self) -> list[URLPattern]:
        decide = self.path_of("<int:object_id>/decide/", require_POST(self.decide), "decide")
        return [decide, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        answer = super().changelist_view(request, extra_context)
        if isinstance(answer, TemplateResponse) and answer.context_data and "cl" in answer.context_data:
            rows = answer.context_data["cl"].result_list
            answer.context_data["cards"] = build_cards(rows, now=clock.now())
        return answer

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = cast(ChangeRequest | None, self.get_object(request, object_id))
        cards = build_cards([row], now=clock.now()) if row else []
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "cards": cards})

    def decide(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Apply or decline, by the button pressed; says what came of it on the queue."""
        row = get_object_or_404(ChangeRequest.objects.select_related("channel__seller"), pk=object_id)
        flow = change_requests.apply if "apply" in request.POST else change_requests.decline
        actor, answer = cast(AbstractBaseUser, request.user), request.POST.get("answer", "")
        try:
            flow(row, actor=actor, now=clock.now(), answer=answer)
        except (change_requests.AlreadyDecided, NotAllowed, TransitionNotAllowed) as error:
            messages.error(request, str(error))
        except ValidationError as error:
            messages.error(request, error.messages[0])
            return redirect(reverse("admin:channels_app_changerequest_change", args=[row.pk]))
        else:
            messages.success(request, f"{row.channel} of {row.channel.seller}: {row}. The seller sees it now.")
        return redirect(reverse("admin:channels_app_changerequest_changelist"))
