"""Offers: what is sent, what became of it when something went wrong in between, and the verdict that comes later."""

import json
from datetime import timedelta

import httpx
import pytest

from channels_app.adapters.errors import SettingsError, TemporaryError
from channels_app.adapters.types import Kind, Outcome, Phase, Receipt, WithdrawLine
from marketplace_integration import clock
from tests.adapters.bol.bodies import EAN, OFFER_ID, change, content, offer, offers, reasons

LOST = httpx.ReadTimeout("no answer")
FIND = "GET /retailer/offers"
CREATE = "POST /retailer/offers"
PATCH = f"PATCH /retailer/offers/{OFFER_ID}"
DELETE = f"DELETE /retailer/offers/{OFFER_ID}"
REASONS = f"GET /retailer/offers/{OFFER_ID}/not-for-sale-reasons"

NO_STOCK = {"category": "STOCK", "code": "4003-1", "description": "No stock"}
NO_TITLE = {
    "category": "CONTENT",
    "code": "4004-2",
    "description": "The product lacks content.",
    "missingAttributes": [{"name": "Title"}, {"name": "Brand"}],
}


def outcomes(receipt: Receipt) -> dict[str, Outcome]:
    return {result.sku: result.outcome for result in receipt.report.results}


def made(offer_id: str = OFFER_ID) -> dict[str, str]:
    return {"offerId": offer_id}


# New offers


def test_a_new_item_becomes_an_offer_on_its_ean(bol):
    bol.says(FIND, offers())
    bol.says(CREATE, made(), status=201)

    receipt = bol.adapter(economic_operator_id="EO-1").submit(Kind.CONTENT, [content()], key="k")

    assert bol.body() == {
        "ean": EAN,
        "reference": "MUG",
        "condition": {"category": "NEW"},
        "pricing": {"bundlePrices": [{"quantity": 1, "unitPrice": 12.9}]},
        "stock": {"amount": 5, "managedByRetailer": True},
        "fulfilment": {
            "method": "FBR",
            "schedule": "MY_DELIVERY_PROMISE",
            "deliveryPromise": {"minimumDaysToCustomer": 1, "maximumDaysToCustomer": 2},
        },
        "countryAvailabilities": [{"countryCode": "NL"}, {"countryCode": "BE"}],
        "economicOperatorId": "EO-1",
    }
    assert receipt.report.phase is Phase.OPEN
    (result,) = receipt.report.results
    assert (result.outcome, result.remote_id) == (Outcome.PENDING, OFFER_ID)


def test_bol_works_out_the_promise_if_it_is_asked_to(bol):
    bol.says(FIND, offers())
    bol.says(CREATE, made(), status=201)

    bol.adapter(schedule="BOL_DELIVERY_PROMISE", countries="BE").submit(Kind.CONTENT, [content()], key="k")

    assert bol.body()["fulfilment"] == {"method": "FBR", "schedule": "BOL_DELIVERY_PROMISE"}
    assert bol.body()["countryAvailabilities"] == [{"countryCode": "BE"}]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (content("BAD", gtin=""), "EAN"),
        (content("BAD", price="0.99"), "1 to 9999 EUR, and this is 0.99"),
        (content("BAD", price="9999.01"), "and this is 9999.01"),
    ],
)
def test_what_bol_would_not_take_is_refused_alone_and_never_sent(bol, line, words):
    bol.says(FIND, offers())
    bol.says(CREATE, made(), status=201)

    receipt = bol.adapter().submit(Kind.CONTENT, [line, content()], key="k")

    assert outcomes(receipt) == {"BAD": Outcome.REJECTED, "MUG": Outcome.PENDING}
    assert words in next(iter(receipt.report.results)).reason
    assert bol.asked() == [FIND, CREATE]


def test_an_offer_that_is_there_is_changed_and_not_made_twice(bol):
    bol.says(FIND, offers(offer()))
    bol.says(PATCH, None)

    receipt = bol.adapter().submit(Kind.CONTENT, [content(price="13.00")], key="k")

    assert (bol.query(0)["reference"], bol.asked()) == ("MUG", [FIND, PATCH])
    assert set(bol.body()) == {
        "reference",
        "onHoldByRetailer",
        "pricing",
        "stock",
        "fulfilment",
        "countryAvailabilities",
    }
    assert outcomes(receipt) == {"MUG": Outcome.ACCEPTED}
    assert receipt.report.phase is Phase.DONE


def test_an_offer_that_was_not_on_sale_is_judged_again_after_a_change(bol):
    bol.says(FIND, offers(offer(for_sale=False, onHoldByRetailer=True)))
    bol.says(PATCH, None)

    receipt = bol.adapter().submit(Kind.CONTENT, [content()], key="k")

    assert bol.body()["onHoldByRetailer"] is False
    assert outcomes(receipt) == {"MUG": Outcome.PENDING}


def test_an_item_that_got_another_ean_gets_another_offer(bol):
    bol.says(FIND, offers(offer()))
    bol.says(DELETE, None)
    bol.says(CREATE, made("8a1b"), status=201)

    receipt = bol.adapter().submit(Kind.CONTENT, [content(gtin="4006381333931")], key="k")

    assert bol.asked() == [FIND, DELETE, CREATE]
    assert next(iter(receipt.report.results)).remote_id == "8a1b"


def test_an_offer_made_by_hand_without_a_reference_is_taken_over(bol):
    bol.says(FIND, offers(), offers(offer(reference=None)))
    bol.says(CREATE, {"detail": "There is an offer for this EAN."}, status=409)
    bol.says(PATCH, None)

    receipt = bol.adapter().submit(Kind.CONTENT, [content()], key="k")

    assert bol.query(2)["eans"] == EAN
    assert bol.body()["reference"] == "MUG"
    assert outcomes(receipt) == {"MUG": Outcome.ACCEPTED}


def test_an_offer_under_another_reference_is_left_alone_and_named(bol):
    bol.says(FIND, offers(), offers(offer(reference="OTHER")))
    bol.says(CREATE, {"detail": "There is an offer for this EAN."}, status=409)

    (result,) = bol.adapter().submit(Kind.CONTENT, [content()], key="k").report.results

    assert result.outcome is Outcome.REJECTED
    assert "under the reference OTHER" in result.reason


def test_what_bol_refuses_is_rejected_in_its_own_words(bol):
    bol.says(FIND, offers())
    bol.says(CREATE, {"title": "Bad Request", "detail": "The EAN is not valid."}, status=400)

    (result,) = bol.adapter().submit(Kind.CONTENT, [content()], key="k").report.results

    assert (result.outcome, result.reason) == (Outcome.REJECTED, "The EAN is not valid.")


# Changes and withdrawals


def test_price_and_stock_go_to_the_offer_by_its_number(bol):
    bol.says(PATCH, None)

    receipt = bol.adapter().submit(Kind.OFFER, [change(price="8.50", quantity=0)], key="k")

    assert bol.asked() == [PATCH]
    assert bol.body() == {
        "pricing": {"bundlePrices": [{"quantity": 1, "unitPrice": 8.5}]},
        "stock": {"amount": 0, "managedByRetailer": True},
    }
    assert outcomes(receipt) == {"MUG": Outcome.ACCEPTED}


def test_the_stock_falls_though_the_price_is_not_taken(bol):
    bol.says(PATCH, None)

    (result,) = bol.adapter().submit(Kind.OFFER, [change(price="0.50", quantity=1)], key="k").report.results

    assert bol.body() == {"stock": {"amount": 1, "managedByRetailer": True}}
    assert (result.outcome, result.code) == (Outcome.REJECTED, "price")


@pytest.mark.parametrize("known", ["", "gone-by-now"])
def test_an_offer_without_a_number_or_under_a_new_one_is_found_by_its_sku(bol, known):
    bol.says("PATCH /retailer/offers/gone-by-now", {"title": "Not found"}, status=404)
    bol.says(FIND, offers(offer()))
    bol.says(PATCH, None)

    receipt = bol.adapter().submit(Kind.OFFER, [change(remote_id=known)], key="k")

    assert bol.asked()[-2:] == [FIND, PATCH]
    assert next(iter(receipt.report.results)).remote_id == OFFER_ID


def test_an_offer_that_is_gone_is_refused_and_one_that_nobody_saw_yet_is_tried_again(bol):
    bol.says(PATCH, {"title": "Not found"}, status=404)
    bol.says(FIND, offers())

    receipt = bol.adapter().submit(Kind.OFFER, [change("A"), change("B", remote_id="")], key="k")

    assert outcomes(receipt) == {"A": Outcome.REJECTED, "B": Outcome.TRY_AGAIN}


def test_a_digits_only_sku_may_be_the_ean_of_an_offer_without_a_reference(bol):
    bol.says(FIND, offers(), offers(offer(reference="")))
    bol.says(DELETE, None)

    receipt = bol.adapter().submit(Kind.WITHDRAW, [WithdrawLine(sku=EAN)], key="k")

    assert bol.asked() == [FIND, FIND, DELETE]
    assert outcomes(receipt) == {EAN: Outcome.ACCEPTED}


def test_what_is_not_there_has_ended(bol):
    bol.says(DELETE, {"title": "Not found"}, status=404)
    bol.says(FIND, offers())

    lines = [WithdrawLine(sku="A", remote_id=OFFER_ID), WithdrawLine(sku="B")]
    receipt = bol.adapter().submit(Kind.WITHDRAW, lines, key="k")

    assert outcomes(receipt) == {"A": Outcome.ACCEPTED, "B": Outcome.ACCEPTED}


# Something goes wrong in between


def test_a_lost_change_is_made_again_and_the_lines_around_it_keep_their_results(bol):
    bol.says(PATCH, httpx.Response(204), LOST, httpx.Response(503), httpx.Response(204))

    receipt = bol.adapter().submit(Kind.OFFER, [change(sku) for sku in "ABCD"], key="k")

    assert outcomes(receipt) == {
        "A": Outcome.ACCEPTED,
        "B": Outcome.TRY_AGAIN,
        "C": Outcome.TRY_AGAIN,
        "D": Outcome.ACCEPTED,
    }
    assert receipt.report.phase is Phase.DONE


def test_a_lost_creation_is_looked_for_by_its_sku(bol):
    bol.says(FIND, offers(), offers(), offers(offer("A")))
    bol.says(CREATE, LOST, httpx.Response(201, json=made("b-1")))

    receipt = bol.adapter().submit(Kind.CONTENT, [content("A"), content("B")], key="k")
    report = bol.adapter().poll(Kind.CONTENT, receipt.handle)

    assert outcomes(receipt) == {"A": Outcome.PENDING, "B": Outcome.PENDING}
    (found,) = [result for result in report.results if result.sku == "A"]
    assert (found.outcome, found.remote_id) == (Outcome.ACCEPTED, OFFER_ID)


def test_a_creation_that_left_no_trace_is_made_again_after_a_minute(bol, monkeypatch):
    bol.says(FIND, offers())
    bol.says(CREATE, LOST)
    now = clock.now()
    receipt = bol.adapter().submit(Kind.CONTENT, [content()], key="k")

    soon = bol.adapter().poll(Kind.CONTENT, receipt.handle)
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(seconds=90))
    later = bol.adapter().poll(Kind.CONTENT, receipt.handle)

    assert (soon.phase, [one.outcome for one in soon.results]) == (Phase.OPEN, [Outcome.PENDING])
    assert (later.phase, [one.outcome for one in later.results]) == (Phase.DONE, [Outcome.TRY_AGAIN])


@pytest.mark.parametrize(
    ("stop", "wait"),
    [
        (httpx.Response(429, headers={"retry-after": "7"}), 7),
        (httpx.ConnectError("refused"), 0),
        (httpx.Response(403, json={"detail": "Account is not active"}), 0),
    ],
)
def test_what_could_not_be_sent_any_more_is_sent_again(bol, stop, wait):
    bol.says(PATCH, httpx.Response(204), stop)

    receipt = bol.adapter().submit(Kind.OFFER, [change(sku) for sku in "ABC"], key="k")

    assert outcomes(receipt) == {"A": Outcome.ACCEPTED, "B": Outcome.TRY_AGAIN, "C": Outcome.TRY_AGAIN}
    assert [result.retry_after for result in receipt.report.results] == [0, wait, wait]
    assert len(bol.calls()) == 2


@pytest.mark.parametrize(
    ("stop", "error"), [(httpx.Response(429), TemporaryError), (httpx.Response(403), SettingsError)]
)
def test_if_nothing_was_sent_the_job_hears_of_it(bol, stop, error):
    bol.says(FIND, stop)

    with pytest.raises(error):
        bol.adapter().submit(Kind.CONTENT, [content("BAD", gtin=""), content()], key="k")


# The verdict


def verdict(bol, shown, why=None):
    """Return what is said of an offer that was made a moment ago."""
    bol.says(FIND, shown)
    bol.says(REASONS, why)
    handle = json.dumps({"at": clock.now().isoformat(), "offers": {"MUG": OFFER_ID}})
    (result,) = bol.adapter().poll(Kind.CONTENT, handle).results
    return result


def test_an_offer_is_confirmed_once_it_is_on_sale_in_one_country(bol):
    shown = offer(
        countryAvailabilities=[{"countryCode": "NL", "forSale": False}, {"countryCode": "BE", "forSale": True}]
    )

    assert verdict(bol, offers(shown)).outcome is Outcome.ACCEPTED
    assert bol.query()["offer-ids"] == OFFER_ID


@pytest.mark.parametrize(
    "why", [None, reasons(), reasons({"category": "MOON", "code": "1"}), reasons({"category": "SHOP_STATUS"})]
)
def test_an_offer_that_nothing_final_is_said_of_waits(bol, why):
    assert verdict(bol, offers(offer(for_sale=False)), why).outcome is Outcome.PENDING


@pytest.mark.parametrize("why", [reasons(NO_STOCK), reasons(NO_STOCK, {"category": "ON_HOLD"})])
def test_an_offer_without_stock_or_on_hold_is_as_it_should_be(bol, why):
    assert verdict(bol, offers(offer(for_sale=False)), why).outcome is Outcome.ACCEPTED


def test_a_final_reason_rejects_it_in_bols_words_and_it_can_no_longer_be_sold(bol):
    bol.says(PATCH, None)

    result = verdict(bol, offers(offer(for_sale=False)), reasons(NO_STOCK, NO_TITLE))

    assert (result.outcome, result.code) == (Outcome.REJECTED, "4004-2")
    assert result.reason == "The product lacks content. Missing: Title, Brand."
    assert (bol.asked()[-1], bol.body()) == (PATCH, {"onHoldByRetailer": True})


def test_a_rejected_offer_that_is_on_hold_is_left_alone(bol):
    assert verdict(bol, offers(offer(for_sale=False, onHoldByRetailer=True)), reasons(NO_TITLE)).outcome is (
        Outcome.REJECTED
    )
    assert bol.asked() == [FIND, REASONS]


# The list of all


def test_every_page_of_offers_is_read(bol):
    bol.says(FIND, offers(offer("A"), cursor="c2"), offers(offer("B", onHoldByRetailer=True), offer(reference=None)))

    export = bol.adapter().export_listings()

    assert export.complete
    assert export.as_of is not None
    rows = [(row.sku, row.quantity, row.active) for row in export.rows or ()]
    assert rows == [("A", 5, True), ("B", 5, False), (EAN, 5, True)]
    assert bol.query()["cursor"] == "c2"


def test_a_cursor_that_comes_again_ends_the_export(bol):
    bol.says(FIND, offers(offer("A"), cursor="c2"))

    with pytest.raises(TemporaryError):
        list(bol.adapter().export_listings().rows or ())
