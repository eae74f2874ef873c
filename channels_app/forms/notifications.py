"""What members want to hear by e-mail."""

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

    def __init__(self, *args: object, time_zone: str = "UTC", **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["hour"].help_text = f"Time in {time_zone}. It comes only on days on which something waits."
