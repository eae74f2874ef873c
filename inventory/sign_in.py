"""Signing in: by the name of an account or by its e-mail address, in capital or small letters."""

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User

from inventory.team import accounts_of


class SignInForm(AuthenticationForm):
    """Whatever way a name is written, failed tries count for one and the same account."""

    def clean_username(self) -> str:
        return account_name(self.cleaned_data["username"])


def account_name(given: str) -> str:
    """Return the name of the account that somebody means by this; what was given, in small letters, if none or many."""
    found = list(User.objects.filter(accounts_of(given)).values_list("username", flat=True)[:10])
    if given in found:
        return given
    meant = [name for name in found if name.lower() == given.lower()] or found
    return meant[0] if len(meant) == 1 else given.lower()
