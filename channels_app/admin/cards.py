"""A change request as support decides it: who asks, how long it waits, and what exactly applying it would do."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django import forms

from channels_app.admin.deeds import DEEDS, why_not_switch
from channels_app.flows.activate import testing_end
from channels_app.flows.change_requests import SWITCHES, is_so_already
from channels_app.models import ChangeRequest


class AnswerForm(forms.Form):
    """What the seller reads."""

    answer = forms.CharField(
        label="Answer to the seller",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Needed to decline; the seller reads it.",
    )

    def __init__(self, request: ChangeRequest) -> None:
        # Several of these stand on one page.
        super().__init__(auto_id=f"id_request_{request.pk}_%s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One change request."""

    row: ChangeRequest
    waited: timedelta
    #: What is true once it is applied.
    effect: str
    #: Why it cannot be applied as the channel stands; "" if it can.
    obstacle: str
    form: AnswerForm

    @property
    def is_open(self) -> bool:
        return self.row.state == ChangeRequest.State.OPEN


def build_cards(rows: Iterable[ChangeRequest], *, now: datetime) -> list[Card]:
    """Return a card for each row; the rows bring their channels along."""
    return [
        Card(
            row=row,
            waited=(row.decided_at or now) - row.created_at,
            effect=_effect(row, now),
            obstacle=_obstacle(row),
            form=AnswerForm(row),
        )
        for row in rows
    ]


def _effect(row: ChangeRequest, now: datetime) -> str:
    if row.what in SWITCHES:
        name, on = SWITCHES[row.what]
        return DEEDS[f"{name}-{'on' if on else 'off'}"].effect
    if row.what == ChangeRequest.What.BACK_TO_TESTING:
        return f"Testing begins again, until {testing_end(now):%-d %b %Y}. {DEEDS['back-to-testing'].effect}"
    return f"The channel is back in Setup. {DEEDS['deactivate'].effect} The listings stay as they are."


def _obstacle(row: ChangeRequest) -> str:
    if is_so_already(row.channel, row.what):
        return "The channel stands like this already: there is nothing to apply."
    if row.what in SWITCHES:
        return why_not_switch(row.channel, *SWITCHES[row.what])
    return ""
