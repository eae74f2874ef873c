"""What the seller tells us about an account at bol.com."""

from typing import Any
from urllib.parse import urlsplit

from django import forms

#: Where to find it in bol.com's partner platform.
_API_SETTINGS = "In the partner platform (partnerplatform.bol.com): Settings, Services, API settings"


class BolAccountForm(forms.Form):
    """Client credentials, and what bol.com wants to know of every offer. The channel's mode chooses the environment."""

    client_id = forms.CharField(
        label="Client ID",
        max_length=100,
        help_text=f"{_API_SETTINGS}, “Client credentials for the Retailer API”. Make one for this program alone.",
    )
    client_secret = forms.CharField(
        label="Client secret",
        max_length=400,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
        help_text="Beside the client ID, behind “Show secret”.",
    )
    schedule = forms.ChoiceField(
        label="Delivery promise",
        choices=[("MY_DELIVERY_PROMISE", "My own, as below"), ("BOL_DELIVERY_PROMISE", "bol.com works it out")],
        initial="MY_DELIVERY_PROMISE",
        help_text="In the partner platform: Settings, Delivery. It is set on every offer that is sent from here.",
    )
    minimum_days = forms.IntegerField(
        label="Shortest delivery, in days",
        required=False,
        min_value=0,
        max_value=30,
        initial=1,
        help_text="Days from the order to the buyer's door, for a promise of your own.",
    )
    maximum_days = forms.IntegerField(
        label="Longest delivery, in days",
        required=False,
        min_value=0,
        max_value=30,
        initial=2,
        help_text="Orders that have not left by the promised day count against your score at bol.com.",
    )
    ultimate_order_time = forms.RegexField(
        r"^([01]\d|2[0-3]):[0-5]\d$",
        label="Ordered before",
        required=False,
        strip=True,
        help_text="The time of day until which the promise counts from the same day, for example 15:00. Leave it "
        "empty if there is none.",
        error_messages={"invalid": "Enter a time such as 15:00."},
    )
    countries = forms.ChoiceField(
        label="Sold in",
        choices=[("NL,BE", "Netherlands and Belgium"), ("NL", "Netherlands only"), ("BE", "Belgium only")],
        initial="NL,BE",
        help_text="In the partner platform: Settings, Countries. Belgium has to be switched on there first.",
    )
    economic_operator_id = forms.CharField(
        label="Economic operator",
        required=False,
        max_length=60,
        help_text="In the partner platform: Settings, Economic operators, the ID of the company that answers for the "
        "safety of your goods in the EU. Items can name another in the attribute economic_operator_id. Without any, "
        "bol.com may take offers off sale.",
    )
    base_url = forms.URLField(
        label="Another address",
        required=False,
        assume_scheme="http",
        max_length=200,
        help_text="Only to try the channel without bol.com: where a simulator of it runs.",
    )
    login_url = forms.URLField(
        label="Another address to sign in",
        required=False,
        assume_scheme="http",
        max_length=200,
        help_text="Only if the simulator signs in at an address of its own.",
    )

    def clean_base_url(self) -> str:
        return _plain_address(self.cleaned_data["base_url"])

    def clean_login_url(self) -> str:
        return _plain_address(self.cleaned_data["login_url"])

    def clean(self) -> dict[str, Any]:
        """A promise of one's own has both ends, in the right order."""
        told: dict[str, Any] = super().clean() or {}
        shortest, longest = told.get("minimum_days"), told.get("maximum_days")
        if told.get("schedule") == "MY_DELIVERY_PROMISE":
            for name, days in (("minimum_days", shortest), ("maximum_days", longest)):
                if days is None and name not in self.errors:
                    self.add_error(name, "A promise of your own needs this.")
        if shortest is not None and longest is not None and shortest > longest:
            self.add_error("maximum_days", "The longest delivery takes at least as long as the shortest.")
        return told


def _plain_address(address: str) -> str:
    """Return the address without path and without a slash at its end."""
    parts = urlsplit(address)
    if address and (parts.scheme not in ("http", "https") or parts.username or parts.password):
        raise forms.ValidationError("Enter an address that begins with http:// or https://, without a password.")
    return f"{parts.scheme}://{parts.netloc}" if address else ""
