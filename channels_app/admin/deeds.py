"""What support can do to a channel: each with its form, who may when, and the flow that does it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from django import forms

from channels_app.flows import activate, switches
from channels_app.flows.deactivation import listings_left
from channels_app.flows.permissions import Action, Actor, allowed, why_not
from channels_app.forms.single import deactivation_choices
from channels_app.models import Channel
from channels_app.views.settings_page import SWITCH_WORDS
from inventory.paging import count_up_to


class ReasonForm(forms.Form):
    """Why. The seller sees it in the channel's history."""

    def __init__(self, *args: Any, channel: Channel, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.channel = channel

    reason = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}), help_text="Kept in the history; the seller sees it."
    )


class EndForm(ReasonForm):
    """Until when Testing goes on."""

    ends_at = forms.DateTimeField(
        label="Testing ends (UTC)",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    field_order = ("ends_at", "reason")


class DeactivationForm(ReasonForm):
    """What is to happen to the listings."""

    choice = forms.ChoiceField(label="The listings", widget=forms.RadioSelect, initial=Channel.OnDeactivate.LEAVE)
    field_order = ("choice", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        number = count_up_to(listings_left(self.channel))
        cast(forms.ChoiceField, self.fields["choice"]).choices = deactivation_choices(number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One thing support can do. `is_open` says whether the channel, as it stands, lets it."""

    name: str
    label: str
    #: What is true afterwards, for the confirmation page.
    effect: str
    action: Action
    form: type[ReasonForm]
    #: Takes the channel, the form's values by name, `actor` and `now`.
    run: Callable[..., None]
    is_open: Callable[[Channel], bool] = lambda channel: True
    #: What it ends does not come back by doing the opposite.
    is_danger: bool = False


def possible_deeds(channel: Channel) -> list[Deed]:
    """Return what support can do to this channel now, in the order of the buttons."""
    if channel.archived_at is not None:
        return []
    return [
        deed for deed in DEEDS.values() if allowed(channel.state, Actor.SUPPORT, deed.action) and deed.is_open(channel)
    ]


def why_not_switch(channel: Channel, field: str, on: bool) -> str:
    """Return why support cannot switch this now; "" if it can."""
    action = switches.action_of(field, on)
    return why_not(channel.state, Actor.SUPPORT, action) or switches.why_not_switch(channel, field, on, as_support=True)


def _switch(field: str, on: bool) -> Deed:
    def is_open(channel: Channel) -> bool:
        return getattr(channel, field) != on and not why_not_switch(channel, field, on)

    name = switches.NAMES[field]
    word = "on" if on else "off"
    effect = f"{name} is switched {word} at once. {SWITCH_WORDS[field][0 if on else 1]}".strip()
    return Deed(
        name=f"{field}-{word}",
        label=f"{name} {word}",
        effect=effect,
        action=switches.action_of(field, on),
        form=ReasonForm,
        run=partial(switches.set_switch, name=field, on=on, as_support=True),
        is_open=is_open,
    )


TRANSITIONS = [
    Deed(
        name="activate",
        label="Activate",
        effect="Testing begins, after a connection check. The switches start their jobs.",
        action=Action.ACTIVATE,
        form=ReasonForm,
        run=partial(activate.activate, as_support=True),
    ),
    Deed(
        name="live",
        label="Live now",
        effect="Testing ends now. Most settings are locked for the seller from then on.",
        action=Action.GO_LIVE,
        form=ReasonForm,
        run=activate.go_live,
    ),
    Deed(
        name="end-of-testing",
        label="Move the end of Testing",
        effect="The channel goes Live by itself at the new time.",
        action=Action.MOVE_TESTING_END,
        form=EndForm,
        run=activate.move_testing_end,
    ),
    Deed(
        name="back-to-testing",
        label="Back to Testing",
        effect="The seller can change everything again until the new end of Testing.",
        action=Action.BACK_TO_TESTING,
        form=EndForm,
        run=activate.back_to_testing,
    ),
    Deed(
        name="deactivate",
        label="Deactivate",
        effect="All jobs end. What was not sent is dropped; what is at the channel is followed to its end.",
        action=Action.DEACTIVATE,
        form=DeactivationForm,
        run=partial(activate.deactivate, as_support=True),
        is_danger=True,
    ),
]

_SWITCHES = [_switch(field, on) for field in switches.SWITCHES for on in (True, False)]

#: Name in the address -> deed.
DEEDS: dict[str, Deed] = {deed.name: deed for deed in (*TRANSITIONS, *_SWITCHES)}
