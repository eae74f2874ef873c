"""What every adapter promises. A channel's own tests subclass `AdapterContract` and bring two fixtures:

`adapter`, opened for an account of a marketplace where everything works, and `world`, which makes things happen there.
"""

import copy
import logging
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Literal, Protocol

import pytest
from django import forms

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.errors import (
    OutcomeUnknown,
    RejectedByChannel,
    SettingsError,
    TemporaryError,
)
from channels_app.adapters.registry import get_adapter_class
from channels_app.adapters.types import (
    Capability,
    CommandLine,
    ContentLine,
    Export,
    Kind,
    LineResult,
    LostSubmission,
    OfferLine,
    OrderCommand,
    Outcome,
    Phase,
    RemoteListing,
    RemoteOrder,
    WithdrawLine,
)
from channels_app.models import ChannelJob

Trouble = Literal["refused", "lost", "dropped", "busy", "broken", "signed_out", "errors_inside"]

#: Verb that has to be overridden -> the capability that says so.
VERBS = {
    Capability.RECONCILE: "export_listings",
    Capability.ACCEPT: "accept",
    Capability.REFUND: "refund",
    Capability.CANCELLATION_REQUESTS: "answer_cancellation",
}


class World(Protocol):
    """The marketplace as a test sees it from behind."""

    #: The secrets in use: no log and no error may show them.
    secrets: list[str]
    #: When the world began; orders placed since then are seen.
    began_at: datetime

    def with_bad_credentials(self) -> ChannelAdapter:
        """An adapter whose secret the marketplace refuses."""

    def settle(self) -> None:
        """Time passes; what was sent is worked on."""

    def has_order(self, sku: str, quantity: int) -> str:
        """A buyer has bought; its remote id."""

    def asks_to_cancel(self, order: str) -> None:
        """The buyer of the order asks to cancel."""

    def has(self, trouble: Trouble) -> None:
        """The next call, whichever it is, meets this trouble."""


def content(sku: str, quantity: int = 5) -> ContentLine:
    return ContentLine(
        sku=sku,
        title=f"Title of {sku}",
        description="",
        brand="",
        gtin="",
        images=[],
        attributes={},
        variation={},
        parent_sku="",
        price=Decimal("10.00"),
        currency="USD",
        quantity=quantity,
    )


def listed(adapter: ChannelAdapter, world: World, *skus: str, key: str = "list") -> list[LineResult]:
    """The items are on sale; what the channel said of each."""
    receipt = adapter.submit(Kind.CONTENT, [content(sku) for sku in skus], key=key)
    if receipt.report.phase is Phase.DONE:
        return list(receipt.report.results)
    world.settle()
    report = adapter.poll(Kind.CONTENT, receipt.handle)
    assert report.phase is Phase.DONE
    return list(report.results)


def lost(world: World, *, lines: int = 1) -> LostSubmission:
    return LostSubmission(kind=Kind.CONTENT, key="k", since=world.began_at, line_count=lines)


def exported(adapter: ChannelAdapter, world: World) -> tuple[Export, dict[str, RemoteListing]]:
    export = adapter.export_listings()
    while export.rows is None:
        world.settle()
        export = adapter.export_listings(export.handle)
    return export, {row.sku: row for row in export.rows}


def order_of(adapter: ChannelAdapter, world: World, remote_id: str) -> RemoteOrder:
    """The order as the adapter reads it now."""
    cursor, found = adapter.first_cursor(world.began_at), None
    while True:
        page = adapter.fetch_orders(cursor)
        for raw in page.raws:
            if raw.remote_id == remote_id:
                found = adapter.parse_order(raw.body)
        cursor = page.next_cursor
        if not page.has_more:
            break
    assert found is not None
    return found


def command(order: RemoteOrder, quantity: int = 1, **more: Any) -> OrderCommand:
    line = {name: more.pop(name) for name in ("amount", "reason", "shipping_amount") if name in more}
    lines = (CommandLine(line_remote_id=order.lines[0].remote_id, quantity=quantity, **line),)
    return OrderCommand(order_remote_id=order.remote_id, currency=order.currency, lines=lines, **more)


def parcel(order: RemoteOrder, quantity: int = 1) -> OrderCommand:
    return command(order, quantity, carrier_code="UPS", tracking_number="1Z999")


class AdapterContract:
    """About thirty promises."""

    #: Names of the account form's fields that a refused sign-in may blame.
    credential_fields: ClassVar[set[str]]

    # What it says about itself

    def test_it_is_registered_under_its_key(self, adapter):
        assert get_adapter_class(adapter.key) is type(adapter)

    def test_what_it_declares_it_also_does(self, adapter):
        for capability, verb in VERBS.items():
            overridden = getattr(type(adapter), verb) is not getattr(ChannelAdapter, verb)
            assert overridden == (capability in adapter.capabilities), verb

    def test_its_jobs_and_sizes_are_known_ones(self, adapter):
        assert set(adapter.intervals) <= set(ChannelJob.Kind.values)
        assert all(seconds > 0 for seconds in adapter.intervals.values())
        assert set(adapter.submission_lines) <= set(Kind)
        assert all(limit.per_second > 0 and limit.burst >= 1 for limit in adapter.limits.values())

    def test_its_account_form_never_gives_a_secret_back(self, adapter):
        form = adapter.account_form(initial=dict.fromkeys(adapter.account_form.base_fields, "S3CRET"))
        hidden = [name for name, field in form.fields.items() if isinstance(field.widget, forms.PasswordInput)]

        assert hidden
        for name in hidden:
            assert "S3CRET" not in str(form[name])

    # Connection

    def test_the_check_learns_what_this_connection_can(self, adapter):
        facts = adapter.check_connection()

        assert facts.account_id
        assert facts.currency == "USD"
        assert facts.capabilities <= adapter.capabilities

    def test_wrong_credentials_are_a_matter_for_the_seller(self, world):
        with pytest.raises(SettingsError) as caught:
            world.with_bad_credentials().check_connection()

        assert set(caught.value.field_errors) <= self.credential_fields
        assert caught.value.field_errors

    def test_a_token_that_expired_is_renewed_without_anybody_noticing(self, adapter, world):
        adapter.check_connection()
        world.has("signed_out")

        assert adapter.check_connection().account_id

    # Submissions

    def test_every_sku_sent_gets_a_result(self, adapter, world):
        results = listed(adapter, world, "A", "B", "C-REJECT")

        assert sorted((result.sku, result.outcome) for result in results) == [
            ("A", Outcome.ACCEPTED),
            ("B", Outcome.ACCEPTED),
            ("C-REJECT", Outcome.REJECTED),
        ]

    def test_a_rejected_line_says_why(self, adapter, world):
        (result,) = listed(adapter, world, "C-REJECT")

        assert result.reason

    def test_the_same_key_is_one_submission(self, adapter):
        first, second = (adapter.submit(Kind.CONTENT, [content("A")], key="k") for _ in range(2))

        assert first.handle == second.handle

    def test_price_and_quantity_alone_leave_the_other_as_it_is(self, adapter, world):
        listed(adapter, world, "A")
        line = OfferLine(sku="A", price=Decimal("8.00"), currency="USD", quantity=2)

        adapter.submit(Kind.QUANTITY, [line], key="q")
        world.settle()
        _, after_quantity = exported(adapter, world)
        adapter.submit(Kind.PRICE, [line], key="p")
        world.settle()
        _, after_price = exported(adapter, world)

        assert (after_quantity["A"].quantity, after_quantity["A"].price) == (2, Decimal("10.00"))
        assert (after_price["A"].quantity, after_price["A"].price) == (2, Decimal("8.00"))

    def test_a_withdrawn_listing_is_no_longer_active(self, adapter, world):
        listed(adapter, world, "A", "B")

        adapter.submit(Kind.WITHDRAW, [WithdrawLine(sku="A")], key="w")
        world.settle()

        _, rows = exported(adapter, world)
        assert [sku for sku, row in rows.items() if row.active] == ["B"]

    def test_a_submission_whose_answer_was_lost_is_found_by_its_key(self, adapter, world):
        adapter.check_connection()
        world.has("lost")

        with pytest.raises(OutcomeUnknown):
            adapter.submit(Kind.CONTENT, [content("A")], key="k")

        receipt = adapter.find_submission(lost(world))
        assert receipt == adapter.submit(Kind.CONTENT, [content("A")], key="k")

    def test_a_submission_that_never_arrived_is_not_found(self, adapter, world):
        adapter.check_connection()
        world.has("dropped")

        with pytest.raises(OutcomeUnknown):
            adapter.submit(Kind.CONTENT, [content("A")], key="k")

        assert adapter.find_submission(lost(world)) is None

    # Trouble

    def test_a_channel_that_cannot_be_reached_has_done_nothing(self, adapter, world):
        adapter.check_connection()
        world.has("refused")

        with pytest.raises(TemporaryError):
            adapter.submit(Kind.CONTENT, [content("A")], key="k")

    def test_a_busy_channel_says_when_to_come_back(self, adapter, world):
        adapter.check_connection()
        world.has("busy")

        with pytest.raises(TemporaryError) as caught:
            adapter.submit(Kind.CONTENT, [content("A")], key="k")

        assert caught.value.retry_after == pytest.approx(7)
        assert caught.value.http_status == 429

    @pytest.mark.parametrize("trouble", ["broken", "errors_inside"])
    def test_a_broken_channel_is_temporary_for_a_read_and_unknown_for_a_write(self, adapter, world, trouble):
        adapter.check_connection()

        world.has(trouble)
        with pytest.raises(TemporaryError):
            adapter.check_connection()
        world.has(trouble)
        with pytest.raises(OutcomeUnknown):
            adapter.submit(Kind.CONTENT, [content("A")], key="k")

    def test_a_lost_answer_to_a_read_is_temporary(self, adapter, world):
        adapter.check_connection()
        world.has("lost")

        with pytest.raises(TemporaryError):
            adapter.check_connection()

    def test_no_secret_is_in_a_log_or_an_error(self, adapter, world, caplog):
        caplog.set_level(logging.DEBUG)
        texts = []
        troubles: list[Trouble] = ["refused", "lost", "busy", "broken", "errors_inside"]
        adapter.check_connection()
        for number, trouble in enumerate(troubles):
            world.has(trouble)
            with pytest.raises((TemporaryError, OutcomeUnknown)) as caught:
                adapter.submit(Kind.CONTENT, [content("A")], key=f"k{number}")
            texts.append(repr(caught.value))
        with pytest.raises(SettingsError) as refused:
            world.with_bad_credentials().check_connection()
        texts.append(f"{refused.value!r} {refused.value.field_errors}")

        said = "\n".join([*texts, caplog.text, *(repr(record.__dict__) for record in caplog.records)])
        assert [secret for secret in world.secrets if secret in said] == []

    # The list of listings

    def test_an_export_has_a_moment_and_every_listing(self, adapter, world):
        listed(adapter, world, "A", "B")

        export, rows = exported(adapter, world)

        assert export.complete
        assert export.as_of is not None
        assert export.as_of.tzinfo is not None
        assert {sku: (row.quantity, row.price, row.currency) for sku, row in rows.items()} == {
            sku: (5, Decimal("10.00"), "USD") for sku in "AB"
        }

    # Orders

    def test_an_order_is_read_with_its_lines_and_money(self, adapter, world):
        listed(adapter, world, "A")
        order = order_of(adapter, world, world.has_order("A", 2))

        (line,) = order.lines
        assert (line.sku, line.quantity, line.shipped_quantity, line.cancelled_quantity) == ("A", 2, 0, 0)
        assert (line.unit_price, line.amount, order.total) == (Decimal("10.00"), Decimal("20.00"), Decimal("20.00"))
        assert order.placed_at.tzinfo is not None
        assert order.buyer["name"]
        assert order.ship_to["country"]

    def test_the_next_round_overlaps_so_that_an_order_is_seen_again_rather_than_missed(self, adapter, world):
        listed(adapter, world, "A")
        remote_id = world.has_order("A", 1)
        first = adapter.fetch_orders(adapter.first_cursor(world.began_at))
        assert not first.has_more
        assert first.known_until is not None

        second = adapter.fetch_orders(first.next_cursor)

        assert [raw.remote_id for raw in second.raws] == [remote_id]

    def test_orders_changed_before_the_first_cursor_are_not_seen(self, adapter, world):
        listed(adapter, world, "A")
        world.has_order("A", 1)

        page = adapter.fetch_orders(adapter.first_cursor(datetime.now(UTC) + timedelta(days=9999)))  # noqa: TID251

        assert page.raws == ()

    def test_reading_an_order_is_pure(self, adapter, world):
        listed(adapter, world, "A")
        world.has_order("A", 1)
        (raw,) = adapter.fetch_orders(adapter.first_cursor(world.began_at)).raws
        body = copy.deepcopy(raw.body)

        assert adapter.parse_order(raw.body) == adapter.parse_order(raw.body)
        assert raw.body == body

    @pytest.mark.parametrize("body", [{}, {"id": "1"}, {"lines": None}])
    def test_a_body_that_is_no_order_is_blamed_alone(self, adapter, body):
        with pytest.raises(RejectedByChannel):
            adapter.parse_order(body)

    # Commands

    def accepted(self, adapter: ChannelAdapter, world: World, quantity: int = 2) -> RemoteOrder:
        listed(adapter, world, "A")
        order = order_of(adapter, world, world.has_order("A", quantity))
        if Capability.ACCEPT in adapter.capabilities:
            adapter.accept(command(order), key="accept")
        return order

    def test_accepting_twice_is_harmless(self, adapter, world):
        order = self.accepted(adapter, world)

        again = adapter.accept(command(order), key="another")

        assert {result.outcome for result in again.results} == {Outcome.ACCEPTED}
        assert order_of(adapter, world, order.remote_id).is_accepted

    def test_a_shipment_shows_on_the_order(self, adapter, world):
        order = self.accepted(adapter, world)

        result = adapter.ship(parcel(order, 1), key="s")

        assert [line.outcome for line in result.results] == [Outcome.ACCEPTED]
        assert order_of(adapter, world, order.remote_id).lines[0].shipped_quantity == 1

    def test_the_same_key_ships_once(self, adapter, world):
        order = self.accepted(adapter, world)

        for _ in range(2):
            adapter.ship(parcel(order, 1), key="s")

        assert order_of(adapter, world, order.remote_id).lines[0].shipped_quantity == 1

    def test_what_cannot_be_shipped_is_rejected_with_a_reason(self, adapter, world):
        order = self.accepted(adapter, world)

        (result,) = adapter.ship(parcel(order, 3), key="s").results

        assert (result.outcome, result.line_remote_id) == (Outcome.REJECTED, order.lines[0].remote_id)
        assert result.reason

    def test_a_command_whose_answer_was_lost_is_found_and_one_that_never_arrived_is_not(self, adapter, world):
        order = self.accepted(adapter, world)

        for trouble, key in (("lost", "s1"), ("dropped", "s2")):
            world.has(trouble)
            with pytest.raises(OutcomeUnknown):
                adapter.ship(parcel(order), key=key)

        found = adapter.find_command(parcel(order), key="s1")
        assert found is not None
        assert [line.outcome for line in found.results] == [Outcome.ACCEPTED]
        assert adapter.find_command(parcel(order), key="s2") is None
        assert order_of(adapter, world, order.remote_id).lines[0].shipped_quantity == 1

    def test_a_cancelled_quantity_shows_on_the_order(self, adapter, world):
        order = self.accepted(adapter, world)

        adapter.cancel(command(order, 1, reason="OUT_OF_STOCK"), key="c")

        assert order_of(adapter, world, order.remote_id).lines[0].cancelled_quantity == 1

    def test_a_refund_beyond_what_was_paid_is_rejected(self, adapter, world):
        order = self.accepted(adapter, world)
        adapter.ship(parcel(order, 2), key="s")

        fine = adapter.refund(command(order, 1, amount=Decimal("5.00"), reason="DAMAGED"), key="r1")
        too_much = adapter.refund(command(order, 1, amount=Decimal("15.01"), reason="DAMAGED"), key="r2")

        assert [result.results[0].outcome for result in (fine, too_much)] == [Outcome.ACCEPTED, Outcome.REJECTED]

    def test_a_buyers_wish_to_cancel_is_answered(self, adapter, world):
        order = self.accepted(adapter, world)
        world.asks_to_cancel(order.remote_id)
        asked = order_of(adapter, world, order.remote_id)
        assert asked.cancellation_request is not None

        adapter.answer_cancellation(command(asked, approve_request=True), key="d")

        answered = order_of(adapter, world, order.remote_id)
        assert answered.cancellation_request is None
        assert answered.lines[0].cancelled_quantity == 2
