"""What is foreseen of a label's change is what becomes of it: on the label, and on the channels that list it."""

import itertools

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from channels_app.flows import brake
from channels_app.flows.label_effect import Effect, Effects, channels_of, walk
from channels_app.models import Channel, Listing, PendingChange
from inventory import foresee, labels
from inventory.models import Item, Label
from tests.factories import make_item
from tests.flows.feed_rig import Rig

pytestmark = pytest.mark.django_db

ACME = [{"field": "brand", "op": "is", "value": "Acme"}]


def brand(name):
    return [{"field": "brand", "op": "is", "value": name}]


def follow(rig, rule, match="all"):
    """The label follows the rule, and its items were found."""
    labels.save_rule(Label.objects.get(pk=rig.label.pk), rule, match, now=rig.now)
    labels.recalculate_label(rig.label.pk, now=rig.now)
    rig.label.refresh_from_db()


def foreseen(rig, change):
    """Return all that moves, and the effect on the rig's channel."""
    effects = Effects(channels_of(rig.label), {})
    count = foresee.count(change, seconds=60, also=effects.add)
    assert count.after is None
    return count, effects.by_channel.get(rig.channel.pk)


def on_label(rig):
    return set(labels.members(rig.label).values_list("sku", flat=True))


def standing(rig):
    """Return the SKUs that are listed, and those that were refused and are not listed."""
    rows = list(Listing.objects.filter(channel=rig.channel))
    listed = {row.sku for row in rows if row.state == "listed"}
    return listed, {row.sku for row in rows if row.rejected_reason} - listed


items = st.fixed_dictionaries(
    {
        "brand": st.sampled_from(["Acme", "Acme", "Other", ""]),
        "price": st.sampled_from(["10.00", "10.00", "10.00", None, "0"]),
        "currency": st.sampled_from(["USD", "USD", "EUR"]),
        "blocked": st.sampled_from([False, False, True]),
        "by_hand": st.sampled_from(["", "", "add_items", "exclude_items"]),
        "archived": st.sampled_from([False, False, False, True]),
    }
)
_numbers = itertools.count()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    given=st.lists(items, min_size=1, max_size=7),
    before=st.sampled_from(["Acme", "Other"]),
    after=st.lists(st.sampled_from(["Acme", "Other", "Nobody"]), min_size=1, max_size=2, unique=True),
    match=st.sampled_from(["all", "any"]),
    slice_size=st.sampled_from([1, 2, 100]),
)
def test_what_a_rule_is_foreseen_to_change_is_what_it_changes(monkeypatch, given, before, after, match, slice_size):
    rig, rule = Rig(slug=f"seller-{next(_numbers)}"), [condition for name in after for condition in brand(name)]
    for number, values in enumerate(given):
        item = make_item(
            rig.seller,
            f"SKU-{number}",
            on_hand=3,
            **{name: value for name, value in values.items() if name not in ("by_hand", "archived")},
        )
        if values["by_hand"]:
            getattr(labels, values["by_hand"])(rig.label, [item.pk], actor=None, now=rig.now)
        if values["archived"]:
            Item.objects.filter(pk=item.pk).update(archived_at=rig.now)
    follow(rig, brand(before))
    rig.settle()
    was_on, (were_listed, _) = on_label(rig), standing(rig)

    with monkeypatch.context() as patch:
        patch.setattr(foresee, "SLICE", slice_size)
        count, effect = foreseen(rig, foresee.by_rule(rig.label, rule, match))
    follow(rig, rule, match)
    rig.settle()

    is_on, (are_listed, are_refused) = on_label(rig), standing(rig)
    assert (count.coming, count.leaving) == (len(is_on - was_on), len(was_on - is_on))
    assert set(count.some_coming) == is_on - was_on
    assert set(count.some_leaving) == was_on - is_on
    came_and_not = are_refused & (is_on - was_on)
    assert effect == Effect(len(are_listed - were_listed), len(were_listed - are_listed), len(came_and_not))
    event(f"ended {effect.ended}, new {effect.new}, refused {effect.refused}")


def test_taking_off_by_hand_ends_what_is_listed_of_these_items_and_their_variations():
    rig = Rig()
    shirt = make_item(rig.seller, "SHIRT", is_parent=True)
    for size in "SM":
        make_item(rig.seller, f"SHIRT-{size}", on_hand=1, parent=shirt, variation={"Size": size})
    rig.labels(shirt)
    (mug,) = rig.has_items("MUG")
    rig.has_item("FREE", price=None)
    rig.settle()

    count, effect = foreseen(rig, foresee.by_hand(rig.label, [shirt.pk, Item.objects.get(sku="FREE").pk]))

    assert (count.leaving, count.some_leaving) == (3, ("FREE", "SHIRT-M", "SHIRT-S"))
    assert effect == Effect(ended=2)
    assert mug.sku in on_label(rig)


def test_a_channel_that_lists_nothing_now_is_not_touched():
    rig = Rig()
    rig.has_items("A")
    rig.settle()
    Channel.objects.filter(pk=rig.channel.pk).update(listings_on=False)

    count, effect = foreseen(rig, foresee.by_rule(rig.label, brand("Nobody")))

    assert effect is None
    assert count.leaving == 0  # it was put on by hand, and stays


def test_what_may_end_in_an_hour_is_foreseen_as_the_feed_will_find_it():
    rig = Rig()
    Item.objects.bulk_create(
        Item(
            seller=rig.seller,
            sku=f"SKU-{number:03}",
            title="x",
            brand="Acme" if number < 101 else "Other",
            price=10,
            currency="USD",
            created_at=rig.now,
            updated_at=rig.now,
        )
        for number in range(120)
    )
    follow(rig, [{"field": "title", "op": "is", "value": "x"}])
    rig.settle()

    _, hundred = foreseen(rig, foresee.by_rule(rig.label, [{"field": "sku", "op": "starts_with", "value": "SKU-1"}]))
    _, more = foreseen(rig, foresee.by_rule(rig.label, brand("Other")))
    assert (hundred.ended, more.ended) == (100, 101)
    assert not brake.would_hold(rig.channel, hundred.ended, now=rig.now)
    assert brake.would_hold(rig.channel, more.ended, now=rig.now)
    assert not brake.would_hold(rig.channel, 0, now=rig.now)

    follow(rig, brand("Other"))
    rig.send()

    assert PendingChange.objects.filter(held=True).count() == 101
    assert Listing.objects.filter(state="listed").count() == 120


def test_the_list_names_every_item_that_moves_with_what_becomes_of_it():
    rig = Rig()
    for sku, made_by, price in (("A", "Acme", "5.00"), ("B", "Other", "5.00"), ("C", "Other", None)):
        make_item(rig.seller, sku, brand=made_by, price=price, on_hand=1)
    follow(rig, ACME)
    rig.settle()

    rows = [row for rows in walk(channels_of(rig.label), foresee.by_rule(rig.label, brand("Other"))) for row in rows]

    told = {sku: (comes, {name: row.fate for name, row in fates.items()}) for sku, comes, fates in rows}
    name = rig.channel.name
    assert told == {"A": (False, {name: "end"}), "B": (True, {name: "new"}), "C": (True, {name: "refused"})}


def test_a_count_goes_on_where_it_stopped(monkeypatch):
    monkeypatch.setattr(foresee, "SLICE", 2)
    rig = Rig()
    for sku in "ABCDE":
        make_item(rig.seller, sku, brand="Acme")
    change = foresee.by_rule(rig.label, ACME)

    first = foresee.count(change, seconds=0)
    rest = foresee.count(change, first, seconds=60)

    assert (first.coming, first.looked_at, first.after) == (2, 2, "B")
    assert (rest.coming, rest.after) == (5, None)
    assert foresee.then_on(rig.label, first) is None
    assert foresee.then_on(rig.label, rest) == 5
