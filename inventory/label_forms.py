"""What sellers enter about labels and their rules."""

from typing import Any

from django import forms

from inventory.models import Label, Seller
from inventory.rules import ATTRIBUTE, FIELDS, MAX_CONDITIONS, OPERATORS, Match, Rule


class LabelForm(forms.Form):
    """A label's name, one of its seller's."""

    name = forms.CharField(max_length=100)

    def __init__(self, seller: Seller, data: Any = None, *, label: Label | None = None) -> None:
        super().__init__(data, initial={"name": label.name} if label else None)
        self._others = seller.labels.exclude(pk=label.pk) if label else seller.labels.all()

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        if self._others.filter(name=name).exists():
            raise forms.ValidationError("You have a label of this name.")
        return str(name)


class NewLabelForm(LabelForm):
    kind = forms.ChoiceField(
        label="Which items are on it",
        choices=[(Label.Kind.MANUAL, "Those I put on it by hand"), (Label.Kind.RULE, "Those that match a rule")],
        widget=forms.RadioSelect,
        initial=Label.Kind.MANUAL,
    )


class ConditionForm(forms.Form):
    """One condition of a rule; an empty one does not count."""

    ATTRIBUTE = "attribute"

    field = forms.ChoiceField(
        required=False,
        label="Look at",
        choices=[("", "–"), *((key, words) for key, (words, _) in FIELDS.items()), (ATTRIBUTE, "Attribute…")],
    )
    attribute = forms.CharField(required=False, max_length=100, label="Name of the attribute")
    op = forms.ChoiceField(
        required=False, label="Compare", choices=[(key, words) for key, (words, *_) in OPERATORS.items()]
    )
    value = forms.CharField(required=False, max_length=500, label="Value")

    def condition(self) -> dict[str, str] | None:
        """Return the condition as a rule stores it, None if nothing was chosen."""
        values = self.cleaned_data
        if not values["field"]:
            return None
        field = ATTRIBUTE + values["attribute"].strip() if values["field"] == self.ATTRIBUTE else values["field"]
        return {"field": field, "op": values["op"], "value": values["value"]}


class MatchForm(forms.Form):
    """How many of a rule's conditions must hold."""

    match = forms.ChoiceField(
        label="Items are on this label when",
        choices=Match.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether all conditions must hold, or any of them."},
    )

    def __init__(self, data: Any = None, *, match: str = Match.ALL) -> None:
        super().__init__(data, initial={"match": match})

    def wanted(self) -> Match:
        """Return the choice. For a valid form."""
        return Match(self.cleaned_data["match"])


_ConditionFormSet = forms.formset_factory(ConditionForm, extra=0, max_num=MAX_CONDITIONS, absolute_max=MAX_CONDITIONS)


def rule_formset(data: Any = None, *, rule: Rule | None = None) -> "forms.BaseFormSet[ConditionForm]":
    """Return the conditions of `rule` to be edited, with a few empty ones to fill in."""
    conditions = [_condition_as_entered(row) for row in rule or []]
    empty = min(max(MAX_CONDITIONS - len(conditions), 0), 3 if not conditions else 2)
    return _ConditionFormSet(data, initial=[*conditions, *({} for _ in range(empty))], prefix="rule")


def _condition_as_entered(row: dict[str, str]) -> dict[str, str]:
    if row["field"].startswith(ATTRIBUTE):
        return row | {"field": ConditionForm.ATTRIBUTE, "attribute": row["field"].removeprefix(ATTRIBUTE)}
    return dict(row)


def rule_of(formset: "forms.BaseFormSet[ConditionForm]") -> Rule:
    """Return the rule that a valid formset holds."""
    return [condition for form in formset for condition in [form.condition()] if condition]
