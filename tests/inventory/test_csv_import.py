"""A good file goes in, changes only what it gives, and may be interrupted anywhere."""

from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection

from inventory import labels
from inventory.alone import MAX_ATTEMPTS
from inventory.csv_import import applying, imports, slices, staging
from inventory.models import CsvImport, CsvImportChunk, Item, ItemChange, Reason, Stock, StockMovement
from tests.factories import NOW, make_item, make_label, make_seller
from tests.inventory.csv_files import bring, reasons
from tests.inventory.test_stock import assert_stock_is_the_sum_of_movements

pytestmark = pytest.mark.django_db

RETAIL_ITEMS = Path(__file__).parents[3] / "shared" / "data" / "retail_items.csv"

TWO = "sku,title,brand,price,quantity\nA,Apple,Orchard,1.20,10\nB,Bread,Bakery,2.50,0\n"


@pytest.fixture
def seller():
    return make_seller()


def staged_tables():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relname ~ '^inventory_csv_[0-9]' AND relkind = 'r'")
        return cursor.fetchone()[0]


def test_a_file_is_previewed_before_anything_changes(seller):
    csv_import = bring(seller, TWO, confirm=False)

    assert csv_import.state == "preview"
    assert Item.objects.count() == 0
    assert csv_import.summary["rows"] == 2
    assert csv_import.summary["new"] == 2
    assert csv_import.summary["stock_up"] == 1
    assert csv_import.summary["units_up"] == 10


def test_confirmed_rows_become_items_with_stock_by_movements(seller):
    csv_import = bring(seller, TWO)

    apple = Item.objects.get(sku="A")
    assert (apple.title, apple.brand, apple.price, apple.currency) == ("Apple", "Orchard", Decimal("1.20"), "USD")
    assert Stock.objects.get(item=apple).on_hand == 10
    assert StockMovement.objects.get(item=apple).reason == Reason.IMPORTED
    assert (csv_import.state, csv_import.rows_done) == ("done", 2)
    assert_stock_is_the_sum_of_movements()


def test_nothing_of_the_file_is_kept_once_it_is_done(seller):
    bring(seller, TWO)

    assert CsvImportChunk.objects.count() == 0
    assert staged_tables() == 0


def test_the_same_file_again_changes_nothing_and_appends_no_change(seller):
    bring(seller, TWO)
    ItemChange.objects.all().delete()

    csv_import = bring(seller, TWO)

    assert csv_import.summary["unchanged"] == 2
    assert ItemChange.objects.count() == 0
    assert StockMovement.objects.count() == 1


def test_only_given_columns_and_filled_cells_change_an_item(seller):
    item = make_item(seller, "A", title="Old", brand="Kept", attributes={"Color": "Red"}, on_hand=4)

    csv_import = bring(seller, "sku,title,price,Size\nA,,12.00,L\n")

    item.refresh_from_db()
    assert (item.title, item.brand, item.price) == ("Old", "Kept", Decimal("12.00"))
    assert item.attributes == {"Color": "Red", "Size": "L"}
    assert item.stock.get().on_hand == 4
    assert csv_import.summary["changed"] == 1


def test_a_count_sets_on_hand_and_leaves_what_orders_reserved(seller):
    item = make_item(seller, "A", on_hand=9)
    Stock.objects.update(reserved=2)

    csv_import = bring(seller, "SKU;On hand\nA;4\n")

    row = Stock.objects.get(item=item)
    assert (row.on_hand, row.reserved) == (4, 2)
    assert (csv_import.summary["stock_down"], csv_import.summary["units_down"]) == (1, 5)


def test_unknown_columns_are_kept_as_attributes_and_said_so(seller):
    csv_import = bring(seller, "sku,title,Department,size,\nA,Apple,GROCERY,6 OZ,\n")

    assert Item.objects.get().attributes == {"Department": "GROCERY", "size": "6 OZ"}
    assert [column["field"] for column in csv_import.columns] == ["sku", "title", "attribute", "attribute", "ignored"]


@pytest.mark.parametrize(
    "header",
    [
        "SKU,Product name,Vendor,Barcode,On Hand",
        "item_sku,Name,Manufacturer,EAN,Qty",
        "Variant SKU,Title,Brand,UPC,stock",
    ],
)
def test_common_names_of_columns_are_understood(seller, header):
    bring(seller, f"{header}\nA,Apple,Orchard,4006381333931,3\n")

    item = Item.objects.get()
    assert (item.sku, item.title, item.brand, item.gtin) == ("A", "Apple", "Orchard", "4006381333931")
    assert item.stock.get().on_hand == 3


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_separators_and_encodings_are_found_out(seller, delimiter, encoding):
    lines = [["sku", "title", "price"], ["A", "Crème brûlée", "1.50"]]
    text = "\r\n".join(delimiter.join(line) for line in lines)

    bring(seller, text.encode(encoding), part_bytes=7)

    assert Item.objects.get().title == "Crème brûlée"


def test_quoted_cells_hold_separators_quotes_and_line_breaks(seller):
    bring(seller, 'sku,title,description\nA,"Pipe, 5"" wide","One\nTwo"\nB,Bread,x\n')

    first, second = Item.objects.order_by("sku")
    assert (first.title, first.description, second.title) == ('Pipe, 5" wide', "One\nTwo", "Bread")


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        (["12,50", "1.234,00", "7"], ["12.50", "1234", "7"]),
        (["$12.50", "1,234.00 USD", "7"], ["12.50", "1234", "7"]),
        (["€ 12,50", "1 234,5", "1.234"], ["12.50", "1234.5", "1234"]),
    ],
)
def test_prices_are_read_as_the_file_writes_them(seller, prices, expected):
    rows = "".join(f"S{number};Thing;{price}\n" for number, price in enumerate(prices))

    bring(seller, f"sku;title;price\n{rows}")

    assert [item.price for item in Item.objects.order_by("sku")] == [Decimal(price) for price in expected]


def test_an_apostrophe_that_keeps_a_formula_apart_is_taken_off(seller):
    make_item(seller, "-A1", title="Old")

    bring(seller, "sku,title,color\n'-A1,'+Plus size,'=red\nB,'Tis a title,\n")

    assert dict(Item.objects.values_list("sku", "title")) == {"-A1": "+Plus size", "B": "'Tis a title"}
    assert Item.objects.get(sku="-A1").attributes == {"color": "=red"}


def test_all_rows_go_on_the_chosen_label(seller):
    make_item(seller, "A")
    label = make_label(seller)

    bring(seller, TWO, label=label)

    assert sorted(labels.members(label).values_list("sku", flat=True)) == ["A", "B"]


def test_good_rows_go_in_and_bad_ones_are_told(seller):
    csv_import = bring(seller, TWO + "C,Cheese,Dairy,dear,1\n")

    assert sorted(Item.objects.values_list("sku", flat=True)) == ["A", "B"]
    assert csv_import.summary["errors"] == 1
    assert "“dear” is no price" in reasons(csv_import)[4]


def test_one_sellers_file_leaves_anothers_items_alone(seller):
    other = make_item(make_seller("else"), "A", title="Theirs")

    bring(seller, TWO)

    other.refresh_from_db()
    assert other.title == "Theirs"


@pytest.fixture
def small_slices(monkeypatch):
    monkeypatch.setattr(slices, "SLICE", 3)
    monkeypatch.setattr(staging, "BATCH", 3)


class Killed(BaseException):
    """Ends a worker as a signal would: nothing in the code expects it."""


@pytest.mark.parametrize("after", range(8))
def test_an_import_killed_anywhere_loses_nothing_and_doubles_nothing(seller, small_slices, monkeypatch, after):
    make_item(seller, "S-3", on_hand=50)
    rows = "".join(f"S-{number},Thing {number},{number}\n" for number in range(10))
    csv_import = bring(seller, f"sku,title,quantity\n{rows}", confirm=False)
    imports.confirm(csv_import)
    steps = iter([True] * after)
    real = connection.cursor

    def cursor_that_dies(*args, **kwargs):
        if next(steps, None) is None:
            raise Killed
        return real(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", cursor_that_dies)
        with pytest.raises(Killed):
            imports.run(csv_import.pk, now=NOW)
    imports.run(csv_import.pk, now=NOW)

    csv_import.refresh_from_db()
    assert (csv_import.state, csv_import.rows_done) == ("done", 10)
    assert dict(Stock.objects.values_list("item__sku", "on_hand")) == {f"S-{n}": n for n in range(1, 10)}
    assert_stock_is_the_sum_of_movements()


def test_rows_lost_in_a_crash_of_the_database_are_read_again(seller, small_slices):
    rows = "".join(f"S-{number},Thing {number},{number}\n" for number in range(10))
    csv_import = bring(seller, f"sku,title,quantity\n{rows}", confirm=False)
    imports.confirm(csv_import)
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {staging.tables_of(csv_import).rows}")

    imports.run(csv_import.pk, now=NOW)

    csv_import.refresh_from_db()
    assert csv_import.state == "done"
    assert Item.objects.count() == 10


def test_a_file_read_again_half_way_keeps_its_summary_and_survives_the_next_crash(seller, small_slices, monkeypatch):
    rows = "".join(f"S-{number},Thing {number}\n" for number in range(9))
    csv_import = bring(seller, f"sku,title\n{rows}", confirm=False)
    previewed = csv_import.summary
    imports.confirm(csv_import)
    real, calls = applying.apply_slice, []

    def die_after_the_first(*args, **kwargs):
        calls.append(1)
        if len(calls) in (2, 3):
            raise Killed
        return real(*args, **kwargs)

    monkeypatch.setattr(applying, "apply_slice", die_after_the_first)
    for _ in range(2):
        with pytest.raises(Killed):
            imports.run(csv_import.pk, now=NOW)
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {staging.tables_of(csv_import).rows}")
    imports.run(csv_import.pk, now=NOW)

    csv_import.refresh_from_db()
    assert (csv_import.state, csv_import.summary) == ("done", previewed)
    assert Item.objects.count() == 9


def test_stock_sold_between_two_runs_of_a_slice_does_not_come_back(seller):
    csv_import = bring(seller, TWO, confirm=False)
    imports.confirm(csv_import)
    CsvImport.objects.update(state="running")
    location = seller.locations.get()
    applying.apply_slice(CsvImport.objects.get(), location, now=NOW)
    Stock.objects.filter(item__sku="A").update(on_hand=7)
    CsvImport.objects.update(last_place=None)

    applying.apply_slice(CsvImport.objects.get(), location, now=NOW)

    assert Stock.objects.get(item__sku="A").on_hand == 7


def test_an_import_that_is_always_interrupted_gives_up_and_can_go_on(seller, monkeypatch):
    csv_import = bring(seller, TWO, confirm=False)
    imports.confirm(csv_import)
    with monkeypatch.context() as patch:
        patch.setattr(applying, "apply_slice", lambda *_, **__: (_ for _ in ()).throw(Killed))
        for _ in range(MAX_ATTEMPTS):
            with pytest.raises(Killed):
                imports.run(csv_import.pk, now=NOW)

    imports.run(csv_import.pk, now=NOW)

    csv_import.refresh_from_db()
    assert csv_import.state == "failed"
    assert "interrupted" in csv_import.error


def test_an_import_whose_file_was_dropped_meanwhile_cannot_go_on(seller):
    csv_import = bring(seller, TWO, confirm=False)
    CsvImport.objects.update(state="running")
    csv_import.refresh_from_db()
    applying.apply_slice(csv_import, seller.locations.get(), now=NOW)
    CsvImport.objects.update(attempts=MAX_ATTEMPTS)
    imports.run(csv_import.pk, now=NOW)
    csv_import.refresh_from_db()
    could = csv_import.can_go_on(now=NOW)

    imports.forget_old(now=NOW + imports.KEPT * 2)

    assert could
    assert not imports.go_on(csv_import, now=NOW + imports.KEPT * 2)


def test_a_second_click_on_confirm_does_nothing(seller):
    csv_import = bring(seller, TWO, confirm=False)

    assert [imports.confirm(csv_import), imports.confirm(csv_import)] == [True, False]


def test_a_stopped_import_changes_nothing_more(seller, small_slices, monkeypatch):
    rows = "".join(f"S-{number},Thing {number},1\n" for number in range(10))
    csv_import = bring(seller, f"sku,title,quantity\n{rows}", confirm=False)
    imports.confirm(csv_import)
    real, calls = applying.apply_slice, []

    def stop_before_the_second(*args, **kwargs):
        calls.append(1)
        if len(calls) == 2:
            CsvImport.objects.update(state="cancelled")  # as `cancel` does on another connection
        return real(*args, **kwargs)

    monkeypatch.setattr(applying, "apply_slice", stop_before_the_second)
    imports.run(csv_import.pk, now=NOW)

    csv_import.refresh_from_db()
    assert csv_import.state == "cancelled"
    assert Item.objects.count() == 3
    assert staged_tables() == 0


def test_a_preview_that_nobody_confirms_is_dropped_after_a_week(seller):
    csv_import = bring(seller, TWO, confirm=False)

    imports.forget_old(now=NOW + imports.KEPT * 2)

    csv_import.refresh_from_db()
    assert csv_import.state == "cancelled"
    assert CsvImportChunk.objects.count() == 0


def test_waiting_imports_are_the_oldest_of_each_seller(seller):
    first = bring(seller, TWO, confirm=False)
    second = bring(seller, TWO, confirm=False)
    imports.confirm(first)
    imports.confirm(second)

    assert list(imports.waiting_imports()) == [first.pk]


@pytest.mark.skipif(not RETAIL_ITEMS.exists(), reason="the real file is not here")
def test_a_real_file_of_5000_items_goes_in_whole(seller):
    csv_import = bring(seller, RETAIL_ITEMS.read_bytes())

    assert csv_import.summary["errors"] == 0
    assert Item.objects.count() == 5_000
    assert Item.objects.get(sku="CJ-947326").attributes["department"] == "GROCERY"
    assert_stock_is_the_sum_of_movements()
