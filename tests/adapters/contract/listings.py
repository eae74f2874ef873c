"""Submissions and what the channel shows of them."""

from decimal import Decimal

import pytest

from channels_app.adapters.types import Capability, Kind, Outcome, Phase
from tests.adapters.contract.world import exported, listed, needs, offer, offer_kinds, send, send_content, withdrawal


class ListingPromises:
    def test_every_sku_sent_gets_exactly_one_outcome(self, adapter, world):
        sent = listed(adapter, world, "A", "B", "C-REJECT")

        assert sent.phase is Phase.DONE
        assert sent.outcomes() == {"A": Outcome.ACCEPTED, "B": Outcome.ACCEPTED, "C-REJECT": Outcome.REJECTED}

    def test_a_rejected_line_says_why(self, adapter, world):
        assert listed(adapter, world, "C-REJECT").results["C-REJECT"].reason

    def test_what_this_marketplace_cannot_list_is_rejected_alone_and_says_why(self, adapter, world):
        wanting = world.content_that_lacks_something("W")
        if wanting is None:
            pytest.skip(f"{adapter.label} wants nothing special of an item")

        sent = send(adapter, world, Kind.CONTENT, [world.content("A", price="10.00", quantity=1), wanting])

        assert sent.outcomes() == {"A": Outcome.ACCEPTED, "W": Outcome.REJECTED}
        assert sent.results["W"].reason

    def test_a_slow_line_ends_in_the_end(self, adapter, world):
        assert listed(adapter, world, "A", "B-SLOW").outcomes() == {"A": Outcome.ACCEPTED, "B-SLOW": Outcome.ACCEPTED}

    def test_prices_and_quantities_survive_the_round_trip(self, adapter, world):
        needs(adapter, Capability.RECONCILE)
        wanted = {
            f"P{n}-Q{q}": (Decimal(price), quantity)
            for n, price in enumerate(world.prices)
            for q, quantity in enumerate(world.quantities)
        }
        lines = [world.content(sku, price=str(price), quantity=quantity) for sku, (price, quantity) in wanted.items()]
        size = adapter.submission_lines[Kind.CONTENT]
        for start in range(0, len(lines), size):
            send_content(adapter, world, lines[start : start + size], key=f"k{start}")

        _, rows = exported(adapter, world)

        assert {sku: (row.price, row.quantity) for sku, row in rows.items()} == wanted

    def test_an_offer_changes_price_and_quantity(self, adapter, world):
        needs(adapter, Capability.RECONCILE)
        listed(adapter, world, "A", "B")
        currency = adapter.check_connection().currency

        for kind in offer_kinds(adapter):
            sent = send(adapter, world, kind, [offer(world, "A", currency, price="8.50", quantity=2)], key=kind)
            assert sent.outcomes() == {"A": Outcome.ACCEPTED}

        _, rows = exported(adapter, world)
        assert (rows["A"].price, rows["A"].quantity) == (Decimal("8.50"), 2)
        assert (rows["B"].price, rows["B"].quantity) == (Decimal("10.00"), 5)

    def test_price_and_quantity_alone_leave_the_other_as_it_is(self, adapter, world):
        needs(adapter, Capability.RECONCILE)
        if not {Kind.PRICE, Kind.QUANTITY} <= set(adapter.submission_lines):
            pytest.skip(f"{adapter.label} takes price and quantity together")
        listed(adapter, world, "A")
        currency = adapter.check_connection().currency
        line = offer(world, "A", currency, price="8.00", quantity=2)

        send(adapter, world, Kind.QUANTITY, [line], key="q")
        _, after_quantity = exported(adapter, world)
        send(adapter, world, Kind.PRICE, [line], key="p")
        _, after_price = exported(adapter, world)

        assert (after_quantity["A"].quantity, after_quantity["A"].price) == (2, Decimal("10.00"))
        assert (after_price["A"].quantity, after_price["A"].price) == (2, Decimal("8.00"))

    def test_a_listing_whose_number_got_lost_is_found_by_its_sku(self, adapter, world):
        needs(adapter, Capability.RECONCILE)
        listed(adapter, world, "A")
        world.remote_ids.clear()
        currency = adapter.check_connection().currency

        for kind in offer_kinds(adapter):
            send(adapter, world, kind, [offer(world, "A", currency, quantity=3)], key=kind)

        assert exported(adapter, world)[1]["A"].quantity == 3

    def test_results_bring_numbers_if_the_class_says_so(self, adapter, world):
        sent = listed(adapter, world, "A")

        assert bool(sent.results["A"].remote_id) == adapter.gives_remote_ids

    def test_content_sent_again_changes_the_listing_and_makes_no_second(self, adapter, world):
        needs(adapter, Capability.RECONCILE)
        listed(adapter, world, "A")

        listed(adapter, world, "A", price="11.00")

        export, _ = exported(adapter, world)
        again = adapter.export_listings(export.handle).rows if export.handle else adapter.export_listings().rows
        assert [row.price for row in again or () if row.sku == "A" and row.active] == [Decimal("11.00")]

    def test_a_withdrawn_listing_is_no_longer_on_sale(self, adapter, world):
        needs(adapter, Capability.RECONCILE)
        listed(adapter, world, "A", "B")

        sent = send(adapter, world, Kind.WITHDRAW, [withdrawal(world, "A")], key="w")

        assert sent.outcomes() == {"A": Outcome.ACCEPTED}
        assert set(exported(adapter, world)[1]) == {"B"}

    def test_ending_what_is_not_there_is_no_failure(self, adapter, world):
        sent = send(adapter, world, Kind.WITHDRAW, [withdrawal(world, "NEVER-LISTED")], key="w")

        assert sent.outcomes() == {"NEVER-LISTED": Outcome.ACCEPTED}

    def test_an_ended_listing_can_be_put_back(self, adapter, world):
        needs(adapter, Capability.RECONCILE)
        listed(adapter, world, "A")
        send(adapter, world, Kind.WITHDRAW, [withdrawal(world, "A")], key="w")

        listed(adapter, world, "A", price="12.00")

        assert exported(adapter, world)[1]["A"].price == Decimal("12.00")

    def test_an_export_has_a_moment_and_every_listing(self, adapter, world):
        needs(adapter, Capability.RECONCILE)
        listed(adapter, world, "A", "B")

        export, rows = exported(adapter, world)

        assert export.complete
        assert export.as_of is not None
        assert export.as_of.tzinfo is not None
        currency = adapter.check_connection().currency
        assert {sku: (row.quantity, row.price, row.currency) for sku, row in rows.items()} == {
            sku: (5, Decimal("10.00"), currency) for sku in "AB"
        }

    def test_a_shop_without_listings_has_a_complete_and_empty_export(self, adapter, world):
        needs(adapter, Capability.RECONCILE)

        export, rows = exported(adapter, world)

        assert (export.complete, rows) == (True, {})
