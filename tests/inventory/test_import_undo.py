"""A whole import can be undone: what it changed goes back, what it made is archived, what others touched stays."""

import threading
import time
import uuid
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.db import connection
from django.urls import reverse

from inventory import catalogue, labels, stock
from inventory.alone import MAX_ATTEMPTS
from inventory.csv_import import imports, undo
from inventory.csv_import.undo import foresee
from inventory.models import CsvImport, ImportedItem, Item, ItemChange, LabelItem, Reason, Role, Stock, StockMovement
from inventory.retention import purge_imports
from inventory.stock import Movement
from inventory.templatetags.ui import whole
from marketplace_integration import clock
from tests.factories import NOW, make_item, make_label, make_seller, make_user
from tests.flows.test_activate_races import at_once
from tests.inventory.csv_files import bring
from tests.inventory.test_stock import assert_stock_is_the_sum_of_movements

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def seller():
    return make_seller()


@pytest.fixture
def today(monkeypatch):
    """The pages are looked at on the day of the import."""
    monkeypatch.setattr(clock, "now", lambda: LATER)


def undone(csv_import, *, now=LATER):
    """Undo the import and return it as it then stands."""
    assert imports.undo(csv_import, actor=None, now=now)
    imports.run(csv_import.pk, now=now)
    return CsvImport.objects.get(pk=csv_import.pk)


def outcome(csv_import):
    return {name: csv_import.undone.get(name, 0) for name in ("back", "archived", "left")}


def item(sku):
    return Item.objects.get(sku=sku)


def sell(sku, quantity):
    """An order reserved and shipped so many."""
    row = Stock.objects.get(item__sku=sku)
    movement = Movement(
        item_id=row.item_id,
        location_id=row.location_id,
        on_hand_delta=-quantity,
        reason=Reason.SHIPPED,
        key=uuid.uuid4(),
        line_id=1,
    )
    stock.record_movements([movement], now=LATER)


def count(sku, quantity):
    stock.set_on_hand(
        item(sku), stock.default_location(item(sku).seller), quantity, actor=None, now=LATER, key=uuid.uuid4()
    )


def test_changed_items_go_back_and_new_ones_are_archived(seller):
    make_item(seller, "A", title="Old", attributes={"Size": "S"}, images=["https://cdn.test/1.jpg"], on_hand=4)
    text = "sku,title,price,Size,images,quantity\nA,New,12,L,https://cdn.test/2.jpg,9\nB,Bread,3,,,5\n"

    csv_import = undone(bring(seller, text))

    back = item("A")
    assert (back.title, back.price, back.attributes) == ("Old", Decimal(10), {"Size": "S"})
    assert (back.images, back.stock.get().on_hand) == (["https://cdn.test/1.jpg"], 4)
    assert (item("B").archived_at, item("B").stock.get().on_hand) == (LATER, 0)
    assert (csv_import.state, outcome(csv_import)) == ("undone", {"back": 1, "archived": 1, "left": 0})
    assert_stock_is_the_sum_of_movements()


def test_an_undo_is_noticed_by_the_triggers_and_kept_on_record(seller):
    make_item(seller, "A", on_hand=4)
    csv_import = bring(seller, "sku,title,price,quantity\nA,,12,9\nB,Bread,3,\n")
    user = make_user()
    ItemChange.objects.all().delete()

    imports.undo(csv_import, actor=user, now=LATER)
    imports.run(csv_import.pk, now=LATER)

    kinds = dict.fromkeys(ItemChange.objects.values_list("item_id", flat=True), 0)
    for change in ItemChange.objects.all():
        kinds[change.item_id] |= change.kinds
    assert kinds == {item("A").pk: 1 | 2, item("B").pk: 8}
    csv_import.refresh_from_db()
    assert (csv_import.undone_by, csv_import.undone_at, csv_import.finished_at) == (user, LATER, LATER)
    assert StockMovement.objects.get(reason=Reason.UNDONE).note == "items.csv"


def test_what_was_sold_of_a_counted_item_stays_sold(seller):
    make_item(seller, "A", on_hand=10)
    csv_import = bring(seller, "sku,quantity\nA,50\n")
    sell("A", 3)

    undone(csv_import)

    assert Stock.objects.get().on_hand == 7


def test_nothing_falls_below_none_on_hand(seller):
    make_item(seller, "A", on_hand=10)
    csv_import = bring(seller, "sku,quantity\nA,50\n")
    sell("A", 45)

    undone(csv_import)

    assert Stock.objects.get().on_hand == 0
    assert_stock_is_the_sum_of_movements()


@pytest.mark.parametrize(
    "meddle",
    [
        lambda: catalogue.save_item(item("A"), {"title": "By hand"}, now=LATER),
        lambda: Item.objects.filter(sku="A").update(price=Decimal(99)),
        lambda: catalogue.set_blocked(item("A"), True, now=LATER),
        lambda: catalogue.archive(item("A"), now=LATER),
        lambda: count("A", 12),
        lambda: bring(item("A").seller, "sku,quantity\nA,13\n"),
    ],
    ids=["title", "price", "blocked", "archived", "counted", "imported"],
)
def test_what_somebody_changed_since_is_left_alone_and_counted(seller, meddle):
    make_item(seller, "A", on_hand=4)
    make_item(seller, "B")
    csv_import = bring(seller, "sku,brand,quantity\nA,New,9\nB,New,\n")
    meddle()
    before = list(Item.objects.filter(sku="A").values()), list(StockMovement.objects.values())

    csv_import = undone(csv_import)

    assert outcome(csv_import) == {"back": 1, "archived": 0, "left": 1}
    assert (list(Item.objects.filter(sku="A").values()), list(StockMovement.objects.values())) == before
    assert item("B").brand == ""


def test_a_new_item_that_was_sold_is_not_archived(seller):
    csv_import = bring(seller, "sku,title,quantity\nA,Apple,5\nB,Bread,5\n")
    sell("A", 1)

    csv_import = undone(csv_import)

    assert outcome(csv_import) == {"back": 0, "archived": 1, "left": 1}
    assert (item("A").archived_at, item("A").stock.get().on_hand) == (None, 4)


def test_items_that_the_import_did_not_change_are_none_of_its_undo(seller):
    make_item(seller, "A", on_hand=4)
    csv_import = bring(seller, "sku,title,quantity\nA,Title of A,4\nB,Bread,\n")
    Item.objects.filter(sku="A").update(title="By hand")

    assert outcome(undone(csv_import)) == {"back": 0, "archived": 1, "left": 0}


def test_imports_are_undone_one_after_the_other_the_latest_first(seller):
    make_item(seller, "A", title="First", on_hand=1)
    second = bring(seller, "sku,title,quantity\nA,Second,2\n")
    third = bring(seller, "sku,title,quantity\nA,Third,3\n")

    undone(third)
    undone(second)

    assert (item("A").title, Stock.objects.get().on_hand) == ("First", 1)
    assert_stock_is_the_sum_of_movements()


def test_the_label_is_as_it_was(seller):
    on, kept_off = make_item(seller, "ON"), make_item(seller, "OFF")
    make_item(seller, "NOT")
    label = make_label(seller, items=[on])
    labels.exclude_items(label, [kept_off.pk], actor=None, now=NOW)
    before = set(LabelItem.objects.values_list("item_id", "source"))
    csv_import = bring(seller, "sku,title\nON,\nOFF,\nNOT,\nNEW,New\n", label=label)
    assert labels.member_count(label) == 4

    csv_import = undone(csv_import)

    assert set(LabelItem.objects.values_list("item_id", "source")) == before
    assert outcome(csv_import) == {"back": 2, "archived": 1, "left": 0}


def test_a_parent_stays_as_long_as_one_of_its_variations_does(seller):
    rows = "P,parent,,Parent\nQ,parent,,Parent\nP-1,,P,One\nP-2,,P,Two\nQ-1,,Q,One\n"
    csv_import = bring(seller, f"sku,parentage,parent sku,title\n{rows}")
    catalogue.save_item(item("P-2"), {"title": "By hand"}, now=LATER)

    csv_import = undone(csv_import)

    assert outcome(csv_import) == {"back": 0, "archived": 3, "left": 2}
    assert set(Item.objects.filter(archived_at=None).values_list("sku", flat=True)) == {"P", "P-2"}


def test_an_item_that_came_under_a_new_parent_leaves_it_before_that_is_archived(seller):
    make_item(seller, "A")
    csv_import = bring(seller, "sku,parentage,parent sku,title,variation options\nA,,P,,Size: L\nP,parent,,Parent,\n")

    undone(csv_import)

    assert (item("A").parent, item("A").variation, item("P").archived_at) == (None, {}, LATER)


def test_a_file_brings_back_what_an_undo_archived_even_as_something_else(seller):
    undone(bring(seller, "sku,title,quantity\nA,Aple,3\nP,Parent,1\n"))

    again = bring(seller, "sku,parentage,parent sku,title,quantity\nP,parent,,Parent,\nA,,P,Apple,4\n")

    assert (again.summary["new"], again.summary["errors"]) == (2, 0)
    assert (item("A").title, item("A").archived_at, item("A").parent) == ("Apple", None, item("P"))
    assert (item("A").stock.get().on_hand, item("P").is_parent) == (4, True)
    assert outcome(undone(again, now=LATER + timedelta(hours=1))) == {
        "back": 0,
        "archived": 2,
        "left": 0,
    }


def test_a_count_alone_does_not_bring_back_what_an_undo_archived(seller):
    undone(bring(seller, "sku,title,price\nA,Apple,1\n"))

    csv_import = bring(seller, "sku,quantity\nA,5\n")

    assert csv_import.summary["errors"] == 1
    assert item("A").archived_at == LATER


def test_what_the_seller_archived_after_an_undo_stays_archived(seller):
    undone(bring(seller, "sku,title\nA,Apple\n"))
    catalogue.bring_back(item("A"), now=LATER)
    catalogue.archive(item("A"), now=LATER + timedelta(days=1))

    again = bring(seller, "sku,title\nA,Apple\n")

    assert again.summary["errors"] == 1


def test_a_stopped_import_can_be_undone_too(seller):
    csv_import = bring(seller, "sku,title\nA,Apple\n", confirm=False)
    assert not imports.undo(csv_import, actor=None, now=LATER)
    imports.confirm(csv_import)
    imports.run(csv_import.pk, now=NOW)
    CsvImport.objects.update(state="cancelled")

    assert outcome(undone(CsvImport.objects.get())) == {"back": 0, "archived": 1, "left": 0}


def test_a_second_click_on_undo_does_nothing(seller):
    csv_import = bring(seller, "sku,title\nA,Apple\n")

    assert [imports.undo(csv_import, actor=None, now=LATER) for _ in range(2)] == [True, False]
    assert list(imports.waiting_imports()) == [csv_import.pk]
    assert not imports.cancel(csv_import, now=LATER)


class Killed(BaseException):
    """Ends a worker as a signal would."""


@pytest.mark.django_db(transaction=True)  # a worker that is killed leaves nothing of its transaction
@pytest.mark.parametrize("after", range(0, 40, 4))
def test_an_undo_killed_anywhere_goes_on_where_it_was(seller, monkeypatch, after):
    for number in range(5):
        make_item(seller, f"S-{number}", on_hand=50)
    rows = "".join(f"S-{number},Thing {number},{number}\n" for number in range(10))
    csv_import = bring(seller, f"sku,title,quantity\n{rows}")
    imports.undo(csv_import, actor=None, now=LATER)
    monkeypatch.setattr(undo, "SLICE", 3)
    steps, real = iter([True] * after), connection.cursor

    def cursor_that_dies(*args, **kwargs):
        if next(steps, None) is None:
            raise Killed
        return real(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", cursor_that_dies)
        with pytest.raises(Killed):
            imports.run(csv_import.pk, now=LATER)
    imports.run(csv_import.pk, now=LATER)

    csv_import.refresh_from_db()
    assert (csv_import.state, outcome(csv_import)) == ("undone", {"back": 5, "archived": 5, "left": 0})
    assert dict(Stock.objects.filter(on_hand__gt=0).values_list("item__sku", "on_hand")) == {
        f"S-{number}": 50 for number in range(5)
    }
    assert_stock_is_the_sum_of_movements()


def gave_up_half_way(seller, csv_import):
    """Its undo was interrupted again and again."""
    imports.undo(csv_import, actor=None, now=LATER)
    CsvImport.objects.update(attempts=MAX_ATTEMPTS)
    imports.run(csv_import.pk, now=LATER)
    return CsvImport.objects.get(pk=csv_import.pk)


def test_an_undo_that_gave_up_is_told_as_one_and_can_go_on(client, seller, today):
    csv_import = gave_up_half_way(seller, bring(seller, "sku,title\nA,Apple\n"))
    client.force_login(make_user(seller=seller))
    act = reverse("import_act", args=[seller.slug, csv_import.public_id])

    page = client.get(reverse("import_detail", args=[seller.slug, csv_import.public_id])).content.decode()
    for action in ("cancel", "read_again"):
        client.post(act, {"action": action})
    csv_import.refresh_from_db()
    state = csv_import.state
    client.post(act, {"action": "go_on"})
    imports.run(csv_import.pk, now=LATER)

    assert "The undo stopped half-way" in page
    assert "What is undone stays undone" in page
    assert "Go on undoing" in page
    assert (state, CsvImport.objects.get().state) == ("failed", "undone")


def test_what_is_no_longer_kept_is_not_undone(seller, settings):
    csv_import = bring(seller, "sku,title\nA,Apple\n")
    much_later = NOW + timedelta(days=settings.KEEP_IMPORTS_DAYS, seconds=1)

    assert csv_import.can_undo(now=LATER)
    assert not csv_import.can_undo(now=much_later)
    assert not imports.undo(csv_import, actor=None, now=much_later)
    assert not imports.go_on(gave_up_half_way(seller, csv_import), now=much_later + timedelta(hours=1))


@pytest.mark.django_db(transaction=True)
def test_an_undo_and_somebody_who_archives_do_not_wait_for_each_other_in_a_circle(seller, monkeypatch):
    csv_import = bring(seller, "sku,title\nA,Apple\n", label=make_label(seller))
    imports.undo(csv_import, actor=None, now=LATER)
    holds_items, real = threading.Event(), undo._take_back_stock

    def slowly(*args, **kwargs):
        holds_items.set()
        time.sleep(0.5)
        real(*args, **kwargs)

    def archive():
        holds_items.wait(timeout=10)
        catalogue.archive(item("A"), now=LATER)

    monkeypatch.setattr(undo, "_take_back_stock", slowly)

    assert at_once(partial(imports.run, csv_import.pk, now=LATER), archive) == [None, None]


def test_the_dialog_says_what_would_happen_before_it_does(client, seller, today):
    make_item(seller, "A")
    make_item(seller, "C")
    csv_import = bring(seller, "sku,title\nA,New\nB,Bread\nC,New\n")
    catalogue.save_item(item("C"), {"title": "By hand"}, now=LATER)
    found = foresee(csv_import)
    assert (found.back, found.archived, found.left) == (1, 1, 1)
    client.force_login(make_user(seller=seller))
    url = reverse("import_detail", args=[seller.slug, csv_import.public_id])

    text = client.get(url).content.decode()
    client.post(reverse("import_act", args=[seller.slug, csv_import.public_id]), {"action": "undo"})
    imports.run(csv_import.pk, now=LATER)
    after = client.get(url).content.decode()

    assert "<strong>1</strong> item that the import made is archived" in text
    assert "1 item is as it was before, 1 new one is archived. 1 item that somebody changed" in " ".join(after.split())
    assert f'<a href="{reverse("item", args=[seller.slug, item("C").public_id])}">{whole("C")}</a>' in after
    assert "Undo this import" not in after


def test_of_a_large_import_the_dialog_says_what_the_preview_counted(seller, monkeypatch):
    monkeypatch.setattr(undo, "FORESEEN", 1)
    make_item(seller, "A")
    csv_import = bring(seller, "sku,title\nA,New\nB,Bread\nC,Cheese\n")

    found = foresee(csv_import)

    assert (found.back, found.archived, found.left) == (1, 2, None)


def test_a_viewer_is_not_offered_the_undo(client, seller, today):
    csv_import = bring(seller, "sku,title\nA,Apple\n")
    client.force_login(make_user("viewer@example.com", seller=seller, role=Role.VIEWER))

    page = client.get(reverse("import_detail", args=[seller.slug, csv_import.public_id]))

    assert "Undo this import" not in page.content.decode()


def test_what_an_import_would_be_undone_by_goes_with_it(seller):
    bring(seller, "sku,title\nA,Apple\n")

    assert purge_imports(before=NOW + timedelta(days=1), may_go_on=lambda: True) == 1

    assert ImportedItem.objects.count() == 0
