"""The forms beside the settings: adding a channel, deactivating it, asking support."""

from collections.abc import Mapping
from typing import Any

from django import forms

from channels_app.adapters.types import Mode
from channels_app.models import Channel


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
    """What becomes of the listings; told how many there are (the number as it is written), its choices name it."""

    choice = forms.ChoiceField(
        choices=Channel.OnDeactivate.choices,
        widget=forms.RadioSelect,
        initial=Channel.OnDeactivate.LEAVE,
        label="What should happen to the listings on the marketplace?",
    )

    def __init__(self, *args: Any, listings: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["choice"]
        assert isinstance(choice, forms.ChoiceField)
        if listings == "1":
            choice.choices = _choices("Set the quantity of the one listing to 0", "End the one listing")
        elif listings not in ("", "0"):
            choice.choices = _choices(
                f"Set the quantities of all {listings} listings to 0", f"End all {listings} listings"
            )


def _choices(to_zero: str, end: str) -> list[tuple[str, str]]:
    own = Channel.OnDeactivate
    return [(own.LEAVE.value, str(own.LEAVE.label)), (own.ZERO.value, to_zero), (own.END.value, end)]


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
