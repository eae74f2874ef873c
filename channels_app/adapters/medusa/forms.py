"""What the seller tells us about a shop or a seller's account."""

from urllib.parse import urlsplit

from django import forms

from channels_app.adapters.medusa.values import FLAVOURS, MERCUR

_FOUND = "Empty: the only one there is. If there are several, the check names them, and you copy one from there."


class MedusaAccountForm(forms.Form):
    """Address and sign-in. The numbers of places are looked up; they are asked for only where there are several."""

    flavour = forms.ChoiceField(
        label="Kind of server",
        choices=[(flavour.key, flavour.name) for flavour in FLAVOURS.values()],
        help_text="Mercur: you are one of several sellers. Medusa: the shop is yours.",
    )
    base_url = forms.URLField(
        label="Address of the server",
        assume_scheme="https",
        max_length=200,
        help_text="Where its API answers, for example https://api.example-market.com. Mercur: the operator tells you. "
        "Medusa: the address of your admin, without “/app”.",
    )
    email = forms.EmailField(
        label="E-mail address",
        required=False,
        help_text="Mercur only: the one with which you sign in to the seller panel.",
    )
    secret = forms.CharField(
        label="Password or secret key",
        max_length=300,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
        help_text="Mercur: your password there. Medusa: a key from Settings, “Secret API Keys”, “Create”: "
        "it begins with sk_ and is shown once.",
    )
    seller_id = forms.CharField(
        label="Seller",
        required=False,
        max_length=60,
        help_text=f"Mercur only, begins with sel_. {_FOUND}",
    )
    location_id = forms.CharField(
        label="Stock location",
        required=False,
        max_length=60,
        help_text=f"Where the quantities of this channel are kept, begins with sloc_. {_FOUND}",
    )
    shipping_profile_id = forms.CharField(
        label="Shipping profile",
        required=False,
        max_length=60,
        help_text=f"How new products ship, begins with sp_. {_FOUND}",
    )
    sales_channel_id = forms.CharField(
        label="Sales channel",
        required=False,
        max_length=60,
        help_text="Where new products are sold, begins with sc_. Empty: the store's default sales channel.",
    )

    def clean_base_url(self) -> str:
        """Return the address without path and without a slash at its end."""
        parts = urlsplit(self.cleaned_data["base_url"])
        if parts.scheme not in ("http", "https") or parts.username or parts.password:
            raise forms.ValidationError("Enter an address that begins with https://, without a password.")
        return f"{parts.scheme}://{parts.netloc}"

    def clean_email(self) -> str:
        """Return the address; Mercur cannot be signed in to without one."""
        email: str = self.cleaned_data["email"]
        if self.cleaned_data.get("flavour") == MERCUR.key and not email:
            raise forms.ValidationError("A Mercur marketplace asks for the e-mail address of your account.")
        return email
