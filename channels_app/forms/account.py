"""Account information: the adapter declares the fields, this part guards the secrets among them."""

from collections.abc import Mapping
from typing import Any

from django import forms

from channels_app.flows.expiry import EXPIRES_ON
from channels_app.flows.settings import secret_fields
from channels_app.forms.part import Part
from channels_app.models import Channel


class AccountPart(Part):
    """The adapter's own form, field by field. Secrets are never rendered back; a blank one keeps what is stored."""

    part, title = "account", "Account information"

    def __init__(
        self,
        channel: Channel,
        data: Mapping[str, Any] | None = None,
        *,
        account_form: type[forms.Form],
        stored_secrets: frozenset[str],
        expiry_help: str = "",
        why_locked: str = "",
    ) -> None:
        self.account_form = account_form
        self.secret_names = secret_fields(account_form)
        self.stored_secrets = stored_secrets
        self.expiry_help = expiry_help
        self.not_stored = self.not_stored | self.secret_names  # type: ignore[misc]
        super().__init__(channel, data, why_locked=why_locked)
        for name in account_form.base_fields.keys() - self.secret_names - channel.settings.keys():
            del self.initial[name]  # never stored: the adapter's own suggestion is shown

    def stored_values(self, channel: Channel) -> dict[str, Any]:
        names = [name for name in self.account_form.base_fields if name not in self.secret_names]
        stored = {name: channel.settings.get(name) for name in names}
        return stored if _is_told(channel) else stored | {EXPIRES_ON: channel.credentials_expire_on}

    def prepare(self) -> None:
        inner = self.account_form()
        for name, field in inner.fields.items():
            # What is missing is listed beside Save and Activate.
            field.is_needed = field.required  # type: ignore[attr-defined]
            field.required = field.required and self._must_have(name)
            if name in self.stored_secrets:
                field.help_text = "Stored. Leave it empty to keep it; it is never shown again."
            self.fields[name] = field
        if EXPIRES_ON in self.stored:
            self.fields[EXPIRES_ON] = self._expires_on()

    def _expires_on(self) -> forms.DateField:
        """Return the field for the day that the seller reads at the marketplace."""
        return forms.DateField(
            label="These credentials expire on",
            required=False,
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            help_text=f"The last day that they work. {self.expiry_help} You are warned 30, 7 and 1 days ahead. "
            "New credentials clear it.",
        )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if self.why_locked:
            return values
        names = self.account_form.base_fields
        inner = self.account_form({name: self.data.get(self.add_prefix(name)) for name in names})
        inner.is_valid()
        values |= {name: value for name, value in inner.cleaned_data.items() if name in self.fields}
        found = inner.errors.as_data()
        is_unfinished = any(problem.code == "required" for problems in found.values() for problem in problems)
        for name, problems in found.items():
            if name in self.errors or (name not in self.fields and is_unfinished):
                continue  # said already; or about all fields together, which are not all there yet
            told = [problem for problem in problems if problem.code != "required" or self._must_have(name)]
            if told:
                self.add_error(name if name in self.fields else None, forms.ValidationError(told))
        return values

    def _must_have(self, name: str) -> bool:
        """Say whether this field may not be empty now: in Setup a part may be saved unfinished."""
        return self.channel.is_running and name not in self.stored_secrets

    def is_touched(self) -> bool:
        return super().is_touched() or (not self.why_locked and any(self.cleaned_data[n] for n in self.secret_names))

    def is_forced(self) -> bool:
        """Say whether somebody who may not sent other account information all the same."""
        sent = {name: self.data.get(self.add_prefix(name)) for name in (*self.account_form.base_fields, EXPIRES_ON)}
        return bool(self.why_locked) and any(
            value and str(value) != str(self.stored.get(name) or "") for name, value in sent.items()
        )

    def settings(self) -> dict[str, Any]:
        """Return all values by field name, secrets among them. For a valid form."""
        names = [*self.account_form.base_fields, *({EXPIRES_ON} & self.fields.keys())]
        return {name: self.cleaned_data[name] for name in names}

    def show(self, field_errors: Mapping[str, str], message: str) -> None:
        """Put the marketplace's answer beside the fields it is about."""
        for name, text in field_errors.items():
            self.add_error(name if name in self.fields else None, text)
        if not field_errors:
            self.add_error(None, message)


def _is_told(channel: Channel) -> bool:
    """Say whether the marketplace itself told when the credentials expire: then nobody is asked."""
    return channel.credentials_expire_at is not None
