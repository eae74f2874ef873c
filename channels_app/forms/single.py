"""The forms beside the settings: adding a channel, deactivating it, asking support."""

from collections.abc import Mapping
from typing import Any

from django import forms

from channels_app.adapters.types import Mode
from channels_app.models import Channel
from inventory.templatetags.ui import count


class AddChannelForm(forms.Form):
    """The few things that are fixed when a channel is made."""

    name = forms.CharField(max_length=100, help_text="How you call it, for example: Sandbox Germany.")
    mode = forms.ChoiceField(
        choices=[(Mode.TEST.value, "Test account"), (Mode.PRODUCTION.value, "Real account: buyers see what is sent")],
        widget=forms.RadioSelect,
        label="Which kind of account",
        help_text="This cannot be changed later.",
    )

    def clean_mode(self) -> Mode:
        return Mode(self.cleaned_data["mode"])


class DeactivateForm(forms.Form):
    """What becomes of the listings; told how many there are, its choices name it."""

    choice = forms.ChoiceField(
        choices=Channel.OnDeactivate.choices,
        widget=forms.RadioSelect,
        initial=Channel.OnDeactivate.LEAVE,
        label="What should happen to the listings on the marketplace?",
    )

    def __init__(self, *args: Any, listings: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["choice"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = deactivation_choices(listings)


def deactivation_choices(listings: int) -> list[tuple[str, str]]:
    """Return what can become of so many listings, in words that name them; counted by `count_up_to`."""
    own = Channel.OnDeactivate
    if listings == 0:
        return list(own.choices)
    one = listings == 1
    to_zero = "quantity of the one listing" if one else f"quantities of all {count(listings)} listings"
    ended = "the one listing" if one else f"all {count(listings)} listings"
    return [(own.LEAVE, str(own.LEAVE.label)), (own.ZERO, f"Set the {to_zero} to 0"), (own.END, f"End {ended}")]


class AskSupportForm(forms.Form):
    """What a Live channel's seller asks support to change."""

    what = forms.ChoiceField(label="What should change?")
    reason = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        label="Why",
        help_text="Support reads this and answers.",
    )

    def __init__(self, choices: list[tuple[str, str]], data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, prefix="ask")
        what = self.fields["what"]
        assert isinstance(what, forms.ChoiceField)
        what.choices = choices
