"""What members want to hear by e-mail."""

from collections.abc import Mapping
from typing import Any

from django import forms


class NotificationsForm(forms.Form):
    """At which hour the daily e-mail comes, and of what one is warned (see WarnedOf)."""

    hour = forms.TypedChoiceField(
        label="Daily e-mail",
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", "Off"), *((hour, f"After {hour:02}:00") for hour in range(24))],
    )

    of_stops = forms.BooleanField(
        label="Tell me at once when a channel stops",
        required=False,
        help_text="An e-mail once a channel has waited for you for 5 minutes: the marketplace refuses its credentials, "
        "say, or orders could not be read. At most one an hour for each channel. Owners get it unless they switch it "
        "off; managers and viewers if they switch it on.",
    )

    of_expiry = forms.BooleanField(
        label="Warn me before credentials expire",
        required=False,
        help_text="An e-mail for each channel 30, 7 and 1 days before its credentials at the marketplace expire, and "
        "once they have. Owners get it unless they switch it off; managers and viewers if they switch it on.",
    )

    def __init__(self, data: Any = None, *, initial: Mapping[str, Any] | None = None, time_zone: str) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.fields["hour"].help_text = f"Time in {time_zone}. It comes only on days on which something waits."
