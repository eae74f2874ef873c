"""What the seller tells us about a sandbox account."""

from urllib.parse import urlsplit

from django import forms
from django.conf import settings


def _offered_address() -> str:
    return settings.SANDBOX_URL


class SandboxAccountForm(forms.Form):
    """Address and client credentials. The secret ``bad`` is refused by the sandbox, to see how that looks."""

    base_url = forms.URLField(
        label="Address of the sandbox",
        initial=_offered_address,
        assume_scheme="http",
        max_length=200,
        help_text="Where the sandbox marketplace runs, for example http://127.0.0.1:9000",
    )
    client_id = forms.CharField(
        label="Client ID",
        max_length=80,
        help_text="Any name. It opens the sandbox account of that name, made at first use.",
    )
    client_secret = forms.CharField(
        label="Client secret",
        max_length=200,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
        help_text="Any text will do, except “bad”.",
    )

    def clean_base_url(self) -> str:
        """Return the address without path and without a slash at its end."""
        parts = urlsplit(self.cleaned_data["base_url"])
        if parts.scheme not in ("http", "https") or parts.username or parts.password:
            raise forms.ValidationError("Enter an address that begins with http:// or https://, without a password.")
        return f"{parts.scheme}://{parts.netloc}"
