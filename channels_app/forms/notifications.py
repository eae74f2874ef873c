"""What members want to hear by e-mail."""

from typing import Any

from django import forms


class DigestForm(forms.Form):
    """At which hour the daily e-mail comes."""

    hour = forms.TypedChoiceField(
        label="Daily e-mail",
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", "Off"), *((hour, f"After {hour:02}:00") for hour in range(24))],
    )

    def __init__(self, data: Any = None, *, hour: int | None = None, time_zone: str) -> None:
        super().__init__(data, initial={"hour": hour})
        self.fields["hour"].help_text = f"Time in {time_zone}. It comes only on days on which something waits."
