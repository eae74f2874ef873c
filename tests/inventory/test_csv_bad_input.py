"""Whatever is wrong with a file is told in the seller's words, with line and column; nothing else suffers."""

import pytest
from django.db import DataError

from inventory.csv_import import imports
from inventory.models import CsvImport, Item
from tests.factories import NOW, make_item, make_seller
from tests.inventory.csv_files import bring, reasons

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller():
    return make_seller()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "empty"),
        ("\n\n  \n", "empty"),
        ("sku,title\n", "no rows"),
        ("sku\nA\n", "nothing to import"),
        (b"PK\x03\x04 workbook", "Excel workbook"),
        (b"sku,title\x00\nA,B\n", "no CSV"),
        ('sku,title\nA,"Apple\nB,Bread\n', "opens on line 2 is never closed"),
        ("sku,title," + ",".join(f"c{n}" for n in range(400)) + "\n", "402 columns"),
    ],
)
def test_a_file_that_cannot_be_understood_says_why(seller, content, words):
    csv_import = bring(seller, content, confirm=False)

    assert csv_import.state == "failed"
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(csv_import.error)
    assert Item.objects.count() == 0


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (",Apple,1,1,", "sku", "SKU is missing"),
        (f"{'x' * 101},Apple,1,1,", "sku", "101 characters are too many: at most 100"),
        ('"A\tB",Apple,1,1,', "sku", "invisible character"),
        (f"A,{'x' * 501},1,1,", "title", "501 characters"),
        ("A,,1,1,", "sku", "new item needs a title"),
        ("A,Apple,cheap,1,", "price", "“cheap” is no price"),
        ("A,Apple,-1.50,1,", "price", "below 0"),
        ("A,Apple,1.23456,1,", "price", "is no price"),
        ("A,Apple,12345678901,1,", "price", "is no price"),
        ("A,Apple,1,-3,", "quantity", "“-3” is below 0"),
        ("A,Apple,1,2.5,", "quantity", "whole number"),
        ("A,Apple,1,many,", "quantity", "whole number"),
        ("A,Apple,1,9999999999,", "quantity", "whole number"),
        ("A,Apple,1,1,12345", "barcode", "8, 12, 13 or 14 digits"),
        ("A,Apple,1,1,4006381333932", "barcode", "last digit"),
        ("A,Apple,1,1,4.00638E+12", "barcode", "spreadsheet"),
    ],
)
def test_a_bad_row_is_told_with_line_column_and_reason(seller, row, column, words):
    csv_import = bring(seller, f"sku,title,price,quantity,barcode\n{row}\nGOOD,Bread,1.10,1,\n")

    problem = csv_import.problems.get()
    assert problem.line == 2
    assert [reason["column"] for reason in problem.reasons] == [column]
    assert words in problem.reasons[0]["reason"]
    assert list(Item.objects.values_list("sku", flat=True)) == ["GOOD"]


def test_a_row_with_several_faults_tells_them_all(seller):
    csv_import = bring(seller, "sku,title,price,quantity\nA,Apple,x,-1\n")

    assert "no price" in reasons(csv_import)[2]
    assert "below 0" in reasons(csv_import)[2]


def test_every_row_of_a_doubled_sku_is_told_since_nobody_knows_which_is_right(seller):
    csv_import = bring(seller, "sku,title\nA,Apple\nB,Bread\nA,Apricot\n")

    assert list(Item.objects.values_list("sku", flat=True)) == ["B"]
    assert sorted(reasons(csv_import)) == [2, 4]
    assert "several lines: 2, 4" in reasons(csv_import)[2]


def test_rows_of_another_width_are_told_and_kept_as_they_were(seller):
    csv_import = bring(seller, "sku,title,price\nA,Apple\nB,Bread,1,5,6\nC,Cheese,3,,\nD,Dill,4\n")

    assert sorted(Item.objects.values_list("sku", flat=True)) == ["C", "D"]
    assert "2 cells, but the file has 3 columns" in reasons(csv_import)[2]
    assert csv_import.problems.get(line=3).cells == ["B", "Bread", "1", "5", "6"]


def test_a_cell_of_5_mb_is_told_and_the_rest_goes_in(seller):
    csv_import = bring(seller, f"sku,title,description\nA,Apple,{'x' * 5_000_000}\nB,Bread,fine\n")

    assert list(Item.objects.values_list("sku", flat=True)) == ["B"]
    assert "5,000,000 characters" in reasons(csv_import)[2]
    assert len(csv_import.problems.get().cells[2]) < 300


def test_a_quotation_mark_inside_a_cell_is_told(seller):
    csv_import = bring(seller, 'sku,title\nA,"5" pipe"\nB,Bread\n')

    assert "quotation mark" in reasons(csv_import)[2]
    assert list(Item.objects.values_list("sku", flat=True)) == ["B"]


def test_line_numbers_are_those_of_the_file_although_cells_span_lines(seller):
    csv_import = bring(seller, '\nsku,title,price\n\nA,"Two\nlines",1\n\nB,Bread,x\n')

    assert list(reasons(csv_import)) == [7]


def test_latin_1_bytes_are_told_with_their_line_and_can_be_read_as_windows_1252(seller):
    content = "sku,title\nA,Apple\nB,Café\n".encode("latin-1")

    csv_import = bring(seller, content, confirm=False)
    assert csv_import.state == "failed"
    assert "Line 3" in csv_import.error
    assert "Café" in csv_import.error

    assert imports.read_again(csv_import, encoding=csv_import.offered_encoding)
    imports.run(csv_import.pk, now=NOW)
    imports.confirm(csv_import)
    imports.run(csv_import.pk, now=NOW)
    assert Item.objects.get(sku="B").title == "Café"


def test_latin_1_bytes_far_into_the_file_are_told_too(seller):
    rows = "".join(f"S-{number},Thing {number}\n" for number in range(20_000))

    csv_import = bring(seller, f"sku,title\n{rows}".encode() + b"LAST,Caf\xe9\n", confirm=False)

    assert "Line 20002" in csv_import.error


def test_a_price_written_another_way_than_the_rest_is_told(seller):
    csv_import = bring(seller, "sku;title;price\nA;Apple;1,50\nB;Bread;2,50\nC;Cheese;3.50\n")

    assert list(reasons(csv_import)) == [4]


def test_archived_items_and_parents_are_told(seller):
    make_item(seller, "OLD", archived_at=NOW)
    make_item(seller, "PARENT", is_parent=True)

    csv_import = bring(seller, "sku,quantity\nOLD,1\nPARENT,1\nNEW,1\n")

    assert "archived" in reasons(csv_import)[2]
    assert "parent" in reasons(csv_import)[3]
    assert "needs a title" in reasons(csv_import)[4]


@pytest.mark.parametrize("row", ["A,Ap\x00ple", "A,Apple\nB,Bread\nC,Cake\nD,Da\x00te", "A,Apple\nB,Br\x00ead,extra"])
def test_a_zero_character_is_left_out_wherever_it_stands(seller, row):
    csv_import = bring(seller, f"sku,title\n{row}\n")

    assert csv_import.state == "done"
    assert Item.objects.get(sku="A").title == "Apple"
    assert "Br\x00ead" not in str([problem.cells for problem in csv_import.problems.all()])


def test_a_quotation_mark_named_as_the_separator_is_no_separator(seller):
    assert bring(seller, 'sep="\nsku,title\nA,Apple\n').summary["good"] == 1


@pytest.mark.parametrize("error", [DataError("out of range"), ValueError("no number")])
def test_a_value_that_cannot_be_stored_ends_the_import_at_once_in_the_sellers_words(seller, monkeypatch, error):
    monkeypatch.setattr(imports, "stage", lambda _: (_ for _ in ()).throw(error))

    csv_import = bring(seller, "sku,title\nA,Apple\n", confirm=False)

    assert (csv_import.state, csv_import.attempts) == ("failed", 1)
    assert "cannot be stored" in csv_import.error


def test_a_file_without_a_good_row_imports_nothing(seller):
    csv_import = bring(seller, "sku,title\n,Apple\n")

    assert (csv_import.state, csv_import.summary["good"]) == ("done", 0)
    assert Item.objects.count() == 0
    assert CsvImport.objects.count() == 1
