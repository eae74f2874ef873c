"""A change of a label as a form asks for it: read alike by the page that makes it and by what foresees it."""

from dataclasses import dataclass

from django.http import QueryDict
from django.template.defaultfilters import pluralize
from django.urls import reverse

from inventory import foresee
from inventory.label_forms import MatchForm, rule_formset, rule_of
from inventory.models import Label
from inventory.paging import number_in
from inventory.rules import Match, Rule, RuleError, check_rule

#: Fields of these forms that are no part of the change.
_ASIDE = ("csrfmiddlewaretoken", "confirmed", "preview", "so_far")
TAKING_OFF = ("remove", "exclude")
#: How long the page itself counts, before it asks for the rest.
FIRST_LOOK_SECONDS = 0.3


@dataclass(frozen=True, kw_only=True)
class Question:
    """A change that is foreseen on the page, with the form that makes it."""

    title: str
    words: str
    button: str
    url: str
    #: Names and values of the form that asks for the change.
    fields: list[tuple[str, str]]
    count: foresee.Count
    #: How many items are on the label afterwards, if that is known.
    then: int | None
    #: It has to be answered; else it is only told.
    is_dialog: bool
    #: Items may come onto the label too.
    is_rule: bool


def read_change(label: Label, form: QueryDict) -> foresee.Change:
    """Return what a form would do to `label`: ticked items taken off, or a rule. Raises RuleError if it makes none."""
    if form.get("action") in TAKING_OFF:
        return foresee.by_hand(label, ticked(form))
    return foresee.by_rule(label, *read_rule(form))


def read_rule(form: QueryDict) -> tuple[Rule, Match]:
    """Return the conditions that a form makes, and how many must hold. Raises RuleError if it makes no rule."""
    forms, match = rule_formset(form), MatchForm(form)
    if not forms.is_valid() or not match.is_valid():
        raise RuleError("Correct the conditions below.")
    rule = rule_of(forms)
    check_rule(rule)
    return rule, match.wanted()


def ticked(form: QueryDict) -> list[int]:
    """Return the items that were ticked, by id."""
    return [pk for pk in map(number_in, form.getlist("item")) if pk is not None]


def first_look(change: foresee.Change) -> foresee.Count:
    return foresee.count(change, seconds=FIRST_LOOK_SECONDS)


def rule_question(label: Label, form: QueryDict, count: foresee.Count, *, is_dialog: bool) -> Question:
    """Return what saving the rule in `form` comes to."""
    asked = "Channels that list this label end the listings of what leaves it."
    return Question(
        title="Save this rule?" if is_dialog else "What this rule would change",
        words=f"Nothing is saved yet. {asked} What you put on or kept off by hand stays as it is.",
        button="Save the rule",
        url=_url("label_rule", label),
        fields=_fields_of(form),
        count=count,
        then=foresee.then_on(label, count),
        is_dialog=is_dialog,
        is_rule=True,
    )


def items_question(label: Label, form: QueryDict, count: foresee.Count, *, place: str) -> Question:
    """Return what taking off the items that `form` names comes to; `place` is the query of the page they stand on."""
    stays = ", and the rule does not put them back" if label.kind == Label.Kind.RULE else ""
    return Question(
        title=f"Take {count.leaving:,} item{pluralize(count.leaving)} off {label}?",
        words=f"Channels that list this label end their listings. The items stay in your inventory{stays}.",
        button="Keep off" if stays else "Take off",
        url=_url("label_items", label) + (f"?{place}" if place else ""),
        fields=_fields_of(form),
        count=count,
        then=foresee.then_on(label, count),
        is_dialog=True,
        is_rule=False,
    )


def _url(name: str, label: Label) -> str:
    return reverse(name, args=[label.seller.slug, label.public_id])


def _fields_of(form: QueryDict) -> list[tuple[str, str]]:
    """Return what makes the change, to be sent again."""
    return [(name, value) for name in form if name not in _ASIDE for value in form.getlist(name)]
