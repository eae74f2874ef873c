"""What people enter about a team."""

from typing import Any

from django import forms

from inventory.mail import can_be_written_to
from inventory.models import Membership, Role

#: Role -> what it may do, beside its name.
MAY = {
    Role.OWNER: "everything, with team, account information and deactivation",
    Role.MANAGER: "everything but team, account information and deactivation",
    Role.VIEWER: "looks at everything and changes nothing",
}
_ROLES = [(role.value, f"{role.label}: {may}") for role, may in MAY.items()]


class InviteForm(forms.Form):
    """Whom to ask to join, and as what."""

    email = forms.EmailField(
        label="E-mail address", max_length=150, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(choices=_ROLES, widget=forms.RadioSelect, initial=Role.VIEWER)

    def clean_email(self) -> str:
        """Refuse what looks like an address and is none: letters that only resemble a-z, and impossible domains."""
        email: str = self.cleaned_data["email"]
        name, _, domain = email.rpartition("@")
        if not (name.isascii() and can_be_written_to(domain)):
            raise forms.ValidationError("No e-mail can go to this address. Check how it is written.")
        return email


class RoleForm(forms.Form):
    """What a member may do from now on."""

    role = forms.ChoiceField(choices=_ROLES, widget=forms.RadioSelect)

    def __init__(self, data: Any = None, *, member: Membership) -> None:
        # Several of these stand on one page.
        super().__init__(data, initial={"role": member.role}, auto_id=f"id_member_{member.pk}_%s")
