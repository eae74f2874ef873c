"""What the seller tells us about a shop at an operator."""

from urllib.parse import urlsplit

from django import forms


class MiraklAccountForm(forms.Form):
    """Address, key and terms of one shop. The operator's own back office shows all of it."""

    base_url = forms.URLField(
        label="Address of the marketplace's back office",
        assume_scheme="https",
        max_length=200,
        help_text="The start of the address that you see when you are signed in as a seller, for example "
        "https://operator-prod.mirakl.net. The test environment has an address and a key of its own.",
    )
    api_key = forms.CharField(
        label="API key",
        max_length=200,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
        help_text="In the back office: your name at the top right, then “API key”, “Generate a new key”. Marketplaces "
        "allow one check of a key a day: check the connection when the key, the carriers or the reasons have changed.",
    )
    shop_id = forms.IntegerField(
        label="Shop number",
        required=False,
        min_value=1,
        help_text="Only if your user sees several shops: Settings, “Shop”, the number beside the name. "
        "Empty means your user's default shop.",
    )
    offer_state = forms.CharField(
        label="Offer state",
        initial="11",
        max_length=20,
        help_text="The code of the condition your goods are in; 11 is “New” nearly everywhere. Another code is refused "
        "with the list of those that this marketplace knows.",
    )
    product_id_type = forms.CharField(
        label="Kind of product number",
        initial="EAN",
        max_length=40,
        help_text="How this marketplace names the GTIN of a product: EAN, UPC or GTIN. Its guide to the offer file "
        "says which, under “product-id-type”.",
    )
    product_sku_attribute = forms.CharField(
        label="Attribute with the marketplace's SKU",
        required=False,
        max_length=100,
        help_text="If your items have no GTIN: the name of the attribute in which you keep the marketplace's own SKU "
        "of the product. It goes before the GTIN.",
    )
    lead_time = forms.IntegerField(
        label="Lead time",
        required=False,
        min_value=0,
        max_value=365,
        help_text="Days from an order until you ship it. Empty means the marketplace's default.",
    )
    multi_shipment = forms.BooleanField(
        label="Orders may leave in several parcels",
        required=False,
        help_text="Tick it only if this marketplace has switched on multi-shipment: its orders then have a tab "
        "“Shipments” in the back office. Otherwise an order leaves in one parcel.",
    )

    def clean_base_url(self) -> str:
        """Return the address without path and without a slash at its end."""
        parts = urlsplit(self.cleaned_data["base_url"])
        if parts.scheme not in ("http", "https") or parts.username or parts.password:
            raise forms.ValidationError("Enter an address that begins with https://, without a password.")
        return f"{parts.scheme}://{parts.netloc}"
