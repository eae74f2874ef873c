"""Files that go out, what became of them, and the list that comes back."""

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from channels_app.adapters.errors import RejectedByChannel, TemporaryError
from channels_app.adapters.mirakl import imports
from channels_app.adapters.types import ContentLine, Kind, LostSubmission, OfferLine, Outcome, Phase, WithdrawLine
from marketplace_integration import clock
from tests.adapters.contract.world import plain_content
from tests.adapters.mirakl.test_client import exported

SENT_AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def item(sku: str, gtin: str = "4006381333931", **more: Any) -> ContentLine:
    line = plain_content(sku, quantity=25)
    values = {name: getattr(line, name) for name in ContentLine.__dataclass_fields__}
    return ContentLine(**{**values, "gtin": gtin, **more})


def offer(sku: str, price: str = "12.90", quantity: int = 25) -> OfferLine:
    return OfferLine(sku=sku, price=Decimal(price), currency="EUR", quantity=quantity)


def rows(file: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file), delimiter=";"))


# What goes out


def test_a_listing_goes_out_as_an_offer_on_the_product_of_its_gtin(operator):
    operator.says("POST /api/offers/imports", {"import_id": 2035}, status=201)

    receipt = operator.adapter(lead_time=2).submit(Kind.CONTENT, [item("MUG-1")], key="k")

    form = operator.form()
    assert (receipt.handle, receipt.report.phase) == ("2035", Phase.OPEN)
    assert (form["import_mode"], form["with_products"]) == ("NORMAL", "false")
    assert rows(form["file"]) == [
        {
            "sku": "MUG-1",
            "product-id": "4006381333931",
            "product-id-type": "EAN",
            "price": "10.00",
            "quantity": "25",
            "state": "11",
            "leadtime-to-ship": "2",
            "update-delete": "update",
        }
    ]


def test_the_operators_own_sku_goes_before_the_gtin(operator):
    operator.says("POST /api/offers/imports", {"import_id": 2035}, status=201)
    line = item("MUG-1", gtin="", attributes={"macys": "9911"})

    operator.adapter(product_sku_attribute="macys").submit(Kind.CONTENT, [line], key="k")

    (row,) = rows(operator.form()["file"])
    assert (row["product-id"], row["product-id-type"]) == ("9911", "SKU")


def test_an_item_that_names_no_product_is_rejected_at_once_and_the_others_go_out(operator):
    operator.says("POST /api/offers/imports", {"import_id": 2035}, status=201)

    receipt = operator.adapter().submit(Kind.CONTENT, [item("A"), item("B", gtin="")], key="k")

    (rejected,) = receipt.report.results
    assert (rejected.sku, rejected.outcome) == ("B", Outcome.REJECTED)
    assert "GTIN" in rejected.reason
    assert receipt.report.phase is Phase.OPEN
    assert [row["sku"] for row in rows(operator.form()["file"])] == ["A"]


def test_a_file_that_would_be_empty_stays_at_home(operator):
    receipt = operator.adapter().submit(Kind.CONTENT, [item("B", gtin="")], key="k")

    assert receipt.report.phase is Phase.DONE
    assert operator.requests == []


def test_quantities_and_prices_go_out_in_files_of_their_own(operator):
    operator.says("POST /api/offers/stock/imports", {"import_id": "S-1"}, status=201)
    operator.says("POST /api/offers/pricing/imports", {"import_id": "P-1"}, status=201)
    adapter = operator.adapter()

    handles = [adapter.submit(kind, [offer("MUG-1")], key="k").handle for kind in (Kind.QUANTITY, Kind.PRICE)]

    assert handles == ["S-1", "P-1"]
    assert rows(operator.form(0)["file"]) == [{"offer-sku": "MUG-1", "quantity": "25", "update-delete": "UPDATE"}]
    assert rows(operator.form(1)["file"]) == [{"offer-sku": "MUG-1", "price": "12.90"}]


def test_an_ended_listing_is_deleted_in_a_file_of_the_same_columns(operator):
    operator.says("POST /api/offers/imports", {"import_id": 1}, status=201)

    operator.adapter().submit(Kind.WITHDRAW, [WithdrawLine(sku="MUG-1")], key="k")

    (row,) = rows(operator.form()["file"])
    assert (row["sku"], row["update-delete"]) == ("MUG-1", "delete")
    assert len(row) == 8


def test_a_sku_may_hold_what_csv_is_made_of(operator):
    operator.says("POST /api/offers/stock/imports", {"import_id": "S-1"}, status=201)
    awkward = 'A;"B"\n,C'

    operator.adapter().submit(Kind.QUANTITY, [offer(awkward)], key="k")

    assert [row["offer-sku"] for row in rows(operator.form()["file"])] == [awkward]


# What became of it


def status(state: str, **more: object) -> dict[str, object]:
    counts = {"has_error_report": False, "lines_read": 2, "lines_in_success": 2, "lines_in_error": 0}
    return {"import_id": 2035, "status": state, **counts, **more}


@pytest.mark.parametrize("state", ["WAITING", "RUNNING", "QUEUED", "WAITING_SYNCHRONIZATION_PRODUCT", "SOMETHING_NEW"])
def test_a_file_that_is_not_worked_off_stays_open(operator, state):
    operator.says("GET /api/offers/imports/2035", status(state))

    assert operator.adapter().poll(Kind.CONTENT, "2035").phase is Phase.OPEN


def test_complete_without_errors_means_that_every_line_was_taken(operator):
    operator.says("GET /api/offers/imports/2035", status("COMPLETE"))

    report = operator.adapter().poll(Kind.CONTENT, "2035")

    assert (report.phase, list(report.results), report.rest) == (Phase.DONE, [], Outcome.ACCEPTED)


def test_the_error_report_names_the_lines_that_failed_and_the_rest_was_taken(operator):
    operator.says("GET /api/offers/imports/2035", status("COMPLETE", has_error_report=True, lines_in_error=1))
    operator.says(
        "GET /api/offers/imports/2035/error_report",
        '"sku";"product-id";"price";"error-line";"error-message"\n'
        '"MUG-2";"4006381333999";"12.90";"3";"The product does not exist"\n',
    )

    report = operator.adapter().poll(Kind.CONTENT, "2035")

    assert [(r.sku, r.outcome, r.reason) for r in report.results] == [
        ("MUG-2", Outcome.REJECTED, "The product does not exist")
    ]
    assert report.rest is Outcome.ACCEPTED


def test_an_offer_that_could_not_be_ended_because_it_is_not_there_has_ended(operator):
    operator.says("GET /api/offers/imports/2035", status("COMPLETE", has_error_report=True, lines_in_error=2))
    operator.says("GET /api/offers/imports/2035/error_report", "sku;error-line;error-message\nA;2;No\nB;3;No\n")
    operator.says("GET /api/offers", {"offers": [{"shop_sku": "A"}, {"shop_sku": "A-2"}]}, {"offers": []})

    report = operator.adapter().poll(Kind.WITHDRAW, "2035")

    assert [(result.sku, result.outcome) for result in report.results] == [("A", Outcome.REJECTED)]
    assert [request.url.params["sku"] for request in operator.requests[2:]] == ["A", "B"]


def test_of_many_that_could_not_be_ended_some_are_tried_again(operator):
    failed = "".join(f"S{number};2;No\n" for number in range(12))
    operator.says("GET /api/offers/imports/2035", status("COMPLETE", has_error_report=True, lines_in_error=12))
    operator.says("GET /api/offers/imports/2035/error_report", f"sku;error-line;error-message\n{failed}")
    operator.says("GET /api/offers", {"offers": []})

    report = operator.adapter().poll(Kind.WITHDRAW, "2035")

    assert {(result.sku, result.outcome) for result in report.results} == {
        ("S10", Outcome.TRY_AGAIN),
        ("S11", Outcome.TRY_AGAIN),
    }


def test_reports_of_prices_have_number_and_reason_in_front_whatever_their_names(operator):
    told = {**status("COMPLETE", has_error_report=True, lines_in_error=2), "import_id": "P-1"}
    operator.says("GET /api/offers/pricing/imports", {"data": [told]})
    operator.says(
        "GET /api/offers/pricing/imports/P-1/error_report",
        "Line;Why;offer-sku;price\n2;Price too low;MUG-1;0.01\n3;Price too low;MUG-1;0.02\n",
    )

    report = operator.adapter().poll(Kind.PRICE, "P-1")

    assert operator.requests[0].url.params["import_id"] == "P-1"
    assert [(r.sku, r.reason) for r in report.results] == [("MUG-1", "Price too low")]


def test_a_refused_file_says_why(operator):
    operator.says("GET /api/offers/stock/imports/7/status", status("FAILED", reason_status="No column offer-sku"))

    report = operator.adapter().poll(Kind.QUANTITY, "7")

    assert (report.phase, report.reason) == (Phase.FAILED, "No column offer-sku")


def test_a_price_file_that_is_not_known_any_more_is_no_open_one(operator):
    operator.says("GET /api/offers/pricing/imports", {"data": []})

    with pytest.raises(RejectedByChannel):
        operator.adapter().poll(Kind.PRICE, "P-1")


@pytest.mark.parametrize(
    "report",
    [
        "",
        "offer-sku;price\n",
        "Line;Why;something;price\n2;Too low;MUG-1;1\n",
        "Line;Why;offer-sku;price\n2;Too low;MUG-1;1\n3;Too",
        "Line;Why;offer-sku;price\n2;Too low;MUG-1;1\n",
        "<html>Sign in</html>",
    ],
)
def test_a_report_that_is_cut_off_or_something_else_accepts_nothing(operator, report):
    operator.says("GET /api/offers/stock/imports/7/status", status("COMPLETE", has_error_report=True, lines_in_error=2))
    operator.says("GET /api/offers/stock/imports/7/error_report", report)

    with pytest.raises(TemporaryError):
        operator.adapter().poll(Kind.QUANTITY, "7")


# Lost answers


def lost(kind: Kind = Kind.CONTENT, lines: int = 2) -> LostSubmission:
    return LostSubmission(kind=kind, key="k", since=SENT_AT - timedelta(minutes=10), line_count=lines, sent_at=SENT_AT)


def listed(at: datetime = SENT_AT, **more: object) -> dict[str, object]:
    return {**status("COMPLETE"), "date_created": at.isoformat(), **more}


def find(*found: dict[str, object], of: LostSubmission | None = None, ahead: int = 0) -> object:
    row = imports.find_import(found, of or lost(), sent_at=SENT_AT + timedelta(seconds=ahead))
    return row and row["import_id"]


def test_a_lost_file_is_the_one_of_its_moment_and_size():
    earlier = listed(SENT_AT - timedelta(minutes=1), import_id=1)

    assert find(earlier, listed(SENT_AT + timedelta(seconds=3))) == 2035
    assert find(earlier) is None
    assert find(listed(lines_read=3)) is None


def test_the_operators_clock_may_differ_from_ours():
    three_minutes_later = listed(SENT_AT + timedelta(minutes=3))

    assert find(three_minutes_later, ahead=180) == 2035
    assert find(three_minutes_later) is None


def test_two_that_it_could_be_are_none():
    assert find(listed(), listed(import_id=2036)) is None


def test_a_withdrawal_is_not_taken_for_a_listing():
    ended, made = listed(offer_deleted=2), listed(offer_inserted=2)

    assert (find(ended), find(made)) == (None, 2035)
    assert (find(ended, of=lost(Kind.WITHDRAW)), find(made, of=lost(Kind.WITHDRAW))) == (2035, None)


@pytest.mark.parametrize("counted", [0, 1, 2])
def test_a_file_that_is_not_counted_to_the_end_may_be_it(counted):
    assert find(listed(status="RUNNING", lines_read=counted, lines_in_success=0)) == 2035
    assert find(listed(status="RUNNING", lines_read=3, lines_in_success=0)) is None


def test_of_prices_those_that_succeeded_and_those_that_failed_are_counted():
    made = {"import_id": "P-1", "status": "COMPLETE", "date_created": SENT_AT.isoformat()}

    assert find({**made, "lines_in_success": 1, "lines_in_error": 1}, of=lost(Kind.PRICE)) == "P-1"
    assert find({**made, "lines_in_success": 1, "lines_in_error": 0}, of=lost(Kind.PRICE)) is None


def test_the_lists_of_imports_are_looked_into(operator):
    now = clock.now()
    made = {"status": "WAITING", "date_created": now.isoformat()}
    date = {"date": format_datetime(now, usegmt=True)}
    operator.says("GET /api/offers/pricing/imports", {"data": [{**made, "import_id": "P-9"}]}, headers=date)
    operator.says("GET /api/offers/imports", {"data": []}, headers=date)
    adapter = operator.adapter()

    price, listing = (
        adapter.find_submission(LostSubmission(kind=kind, key="k", since=now, line_count=2, sent_at=now))
        for kind in (Kind.PRICE, Kind.CONTENT)
    )

    assert price is not None
    assert (price.handle, listing) == ("P-9", None)
    asked = operator.requests[0].url.params
    assert (asked["start_date"] < now.isoformat(), asked["origins"]) == (True, "API")


@pytest.mark.parametrize(
    "gone", [lost(Kind.QUANTITY), LostSubmission(kind=Kind.PRICE, key="k", since=SENT_AT, line_count=2)]
)
def test_what_is_in_no_list_or_has_no_moment_is_sent_anew(operator, gone):
    assert operator.adapter().find_submission(gone) is None
    assert operator.requests == []


# The list of listings

EXPORT_STATUS = "GET /api/offers/export/async/status/T-1"


def test_the_export_is_asked_for_whole_in_small_files(operator):
    operator.says("POST /api/offers/export/async", {"tracking_id": "T-1"})

    export = operator.adapter().export_listings()

    assert (export.handle, export.rows) == ("T-1", None)
    assert operator.body() == {
        "export_type": "application/json",
        "include_inactive_offers": True,
        "items_per_chunk": 10_000,
    }


@pytest.mark.parametrize("answer", [httpx.ReadTimeout("no answer"), "<html>", "{", httpx.Response(502)])
def test_an_export_may_be_asked_for_again_if_the_answer_was_lost(operator, answer):
    operator.says("POST /api/offers/export/async", answer)

    with pytest.raises(TemporaryError):
        operator.adapter().export_listings()


def test_an_export_that_failed_is_asked_for_again_when_the_day_is_over(operator):
    operator.says("POST /api/offers/export/async", httpx.Response(502))
    for _ in range(2):
        with pytest.raises(TemporaryError) as caught:
            operator.adapter().export_listings()

    assert caught.value.code == "rate_limited"
    assert caught.value.retry_after == pytest.approx(86_400, abs=60)
    assert len(operator.requests) == 1


def test_an_export_without_a_number_is_asked_for_again(operator):
    operator.says("POST /api/offers/export/async", {"status": "PENDING"})

    with pytest.raises(TemporaryError):
        operator.adapter().export_listings()


def test_an_export_has_the_offers_of_all_its_files(operator):
    operator.says(EXPORT_STATUS, exported("/files/1", "/files/2"))
    sold_out = {"shop_sku": "A", "price": "10.50", "origin_price": "12.90", "quantity": 0, "active": False}
    operator.says("GET /files/1", [sold_out, {"shop_sku": "X", "price": 1, "quantity": 1, "deleted": True}])
    operator.says("GET /files/2", [{"shop_sku": "B", "price": 9.5, "quantity": 3, "currency_iso_code": "EUR"}])

    export = operator.adapter().export_listings("T-1")

    assert export.complete
    assert export.as_of == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert [(row.sku, row.price, row.quantity, row.active) for row in export.rows or ()] == [
        ("A", Decimal("12.90"), 0, True),
        ("B", Decimal("9.5"), 3, True),
    ]


def test_an_export_that_is_not_ready_is_waited_for(operator):
    operator.says(EXPORT_STATUS, {"status": "PENDING"})

    assert operator.adapter().export_listings("T-1").rows is None


@pytest.mark.parametrize("answer", [({"status": "FAILED"}, 200), ({"message": "Unknown"}, 404)])
def test_an_export_that_failed_or_is_forgotten_ends_nothing(operator, answer):
    operator.says(EXPORT_STATUS, answer[0], status=answer[1])

    export = operator.adapter().export_listings("T-1")

    assert (export.complete, export.rows) == (False, ())


@pytest.mark.parametrize(
    ("content", "status"), [("[{", 200), ('[{"price": 1}]', 200), ("{}", 200), ("<p>", 200), ("gone", 404), ("", 500)]
)
def test_a_file_that_cannot_be_read_breaks_the_export_off(operator, content, status):
    operator.says(EXPORT_STATUS, exported("/files/1"))
    operator.says("GET /files/1", content, status=status)

    export = operator.adapter().export_listings("T-1")

    with pytest.raises(TemporaryError):
        list(export.rows or ())
