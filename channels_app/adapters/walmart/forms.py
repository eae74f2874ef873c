"""What the seller tells us about a Walmart account."""

import re
from decimal import Decimal
from urllib.parse import urlsplit

from django import forms

_SPEC_VERSION = re.compile(r"5\.0\.\d{8}-\d{2}_\d{2}_\d{2}-api")


class WalmartAccountForm(forms.Form):
    """Client credentials of the Marketplace API, and what items lack. The channel's mode chooses the environment."""

    client_id = forms.CharField(
        label="Client ID",
        max_length=200,
        help_text=(
            "In the Developer Portal (developer.walmart.com), signed in with your Seller Center account: My Account, "
            "API Key Management. The sandbox has keys of its own, on the Sandbox tab there."
        ),
    )
    client_secret = forms.CharField(
        label="Client secret",
        max_length=400,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
        help_text="Beside the client ID. Making a new one ends the old one.",
    )
    ship_node = forms.CharField(
        label="Fulfillment center ID",
        max_length=60,
        required=False,
        help_text=(
            "Only if you have several. In Seller Center: Settings, Shipping, Fulfillment centers. Quantities go there."
        ),
    )
    default_weight = forms.DecimalField(
        label="Shipping weight in pounds",
        min_value=Decimal("0.01"),
        max_value=Decimal(2000),
        decimal_places=2,
        initial=Decimal(1),
        help_text=(
            "For items without a weight of their own (attribute shipping_weight_lb or shipping_weight_kg). Walmart "
            "works out shipping fees with it."
        ),
    )
    item_spec_version = forms.CharField(
        label="Version of the item specification",
        max_length=60,
        required=False,
        help_text=(
            "Only for items with a product type (attribute walmart:product_type), which are set up in full. In the "
            "Developer Portal: Item Management, Item specs, for example 5.0.20260826-17_15_31-api. It changes every "
            "few weeks."
        ),
    )
    base_url = forms.URLField(
        label="Another address",
        assume_scheme="http",
        max_length=200,
        required=False,
        help_text="Only to try the channel without Walmart: where a simulator of it runs.",
    )

    def clean_item_spec_version(self) -> str:
        version: str = self.cleaned_data["item_spec_version"].strip()
        if version and not _SPEC_VERSION.fullmatch(version):
            raise forms.ValidationError("A version looks like 5.0.20260826-17_15_31-api.")
        return version

    def clean_base_url(self) -> str:
        """Return the address without a slash at its end."""
        address: str = self.cleaned_data["base_url"]
        parts = urlsplit(address)
        if address and (parts.scheme not in ("http", "https") or parts.username or parts.password):
            raise forms.ValidationError("Enter an address that begins with http:// or https://, without a password.")
        return address.rstrip("/")
