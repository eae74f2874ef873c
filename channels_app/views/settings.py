"""Marketplaces > [Channel] > Settings: the page, Save, Save and Activate, Check connection."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django_fsm import TransitionNotAllowed

from channels_app.adapters.errors import SettingsError, TemporaryError
from channels_app.flows import activate
from channels_app.flows.connection import check_connection
from channels_app.flows.permissions import Actor, NotAllowed, actor_of_role
from channels_app.forms import AccountPart
from channels_app.models import Channel
from channels_app.views.find import find_channel
from channels_app.views.settings_page import build_context, label_effect
from channels_app.views.settings_save import Saved, build_parts, save_parts
from inventory.tenancy import SellerRequest, seller_page
from marketplace_integration import clock


@seller_page()
def channel_settings(request: SellerRequest, channel: UUID) -> HttpResponse:
    """Show the page; on POST store what was touched, then activate or check if that button was pressed."""
    found = find_channel(request, channel)
    if request.method != "POST":
        return _show(request, found)
    if not request.membership.can_manage:
        raise PermissionDenied("This needs the role manager or higher.")
    now = clock.now()
    parts = build_parts(found, _actor(request), request.POST)
    saved = save_parts(parts, found, actor=request.membership.user, now=now)
    if saved.failed or saved.question:
        _tell_what_failed(request, saved)
        return _show(request, found, saved)
    match request.POST.get("action"):
        case "activate":
            return _activate(request, found)
        case "check":
            return _check(request, found)
    messages.success(request, f"Saved: {', '.join(saved.done)}." if saved.done else "Nothing was changed.")
    return _back(request, found)


def _activate(request: SellerRequest, channel: Channel) -> HttpResponse:
    try:
        activate.activate(channel, actor=request.membership.user, now=clock.now())
    except activate.NotReady:
        messages.error(request, "Your settings are saved. The channel is not active yet: see below what is missing.")
        return _show(request, channel, Saved())
    except (SettingsError, TemporaryError) as error:
        messages.error(request, "Your settings are saved. The channel is not active yet: see Account information.")
        return _show(request, channel, _account_error(request, channel, error))
    except TransitionNotAllowed:  # a second click, or another tab
        messages.info(request, "This channel is already active.")
    except NotAllowed as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The channel is active. The Testing phase has begun; see below when it ends.")
    return _back(request, channel)


def _check(request: SellerRequest, channel: Channel) -> HttpResponse:
    try:
        check_connection(channel, now=clock.now(), force=True, actor=request.membership.user)
    except (SettingsError, TemporaryError) as error:
        messages.error(request, "The connection does not work yet: see Account information.")
        return _show(request, channel, _account_error(request, channel, error))
    messages.success(
        request, f"The connection works. Account: {channel.facts.get('account_name', channel.account_id)}."
    )
    return _back(request, channel)


def _account_error(request: SellerRequest, channel: Channel, error: SettingsError | TemporaryError) -> Saved:
    """Return the account part with the marketplace's answer beside its fields; the person's input is stored already."""
    part = build_parts(channel, _actor(request), request.POST)["account"]
    assert isinstance(part, AccountPart)
    part.is_valid()
    part.renew_seen()
    part.show(getattr(error, "field_errors", {}), str(error))
    return Saved(failed={"account": part})


def _tell_what_failed(request: SellerRequest, saved: Saved) -> None:
    if saved.done:
        messages.success(request, f"Saved: {', '.join(saved.done)}.")
    if saved.failed:
        titles = ", ".join(part.title for part in saved.failed.values())
        messages.error(request, f"Not saved: {titles}. See what is wrong there; your input is kept.")


def _show(request: SellerRequest, channel: Channel, saved: Saved | None = None) -> HttpResponse:
    """Render the page: fresh parts, but those that failed as the person left them. 422 after a failure."""
    parts = build_parts(channel, _actor(request))
    context = {}
    if saved is not None:
        parts |= saved.failed
        if saved.question is not None:
            parts["label"] = saved.question
            context["question"] = label_effect(channel, saved.question.cleaned_data["label"])
    context |= build_context(channel, parts, _actor(request), now=clock.now())
    return render(request, "channels_app/settings.html", context, status=200 if saved is None else 422)


def _actor(request: SellerRequest) -> Actor:
    return actor_of_role(request.membership.role)


def _back(request: SellerRequest, channel: Channel) -> HttpResponse:
    return redirect("channel_settings", request.seller.slug, channel.public_id)
