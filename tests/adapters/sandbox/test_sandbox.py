"""The sandbox's adapter against the real sandbox application, over HTTP without a socket."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.errors import SettingsError, TemporaryError
from channels_app.adapters.redis_client import shared_redis
from channels_app.adapters.sandbox import mapping
from channels_app.adapters.sandbox.adapter import SandboxAdapter
from channels_app.adapters.sandbox.forms import SandboxAccountForm
from channels_app.adapters.types import Capability, ContentLine, Kind, OfferLine, Outcome, Phase
from tests.adapters.contract import AdapterContract
from tests.adapters.contract.world import exported, listed
from tests.adapters.simulated_world import SimulatedWorld


class SandboxWorld(SimulatedWorld):
    protocol = "native"
    adapter_class = SandboxAdapter
    settings = {"base_url": "http://sandbox", "client_id": "contract"}
    good_secrets = {"client_secret": "sesame-open-up"}
    bad_secrets = {"client_secret": "bad"}


@pytest.fixture
def world(tmp_path: Path, valkey: str) -> Iterator[SandboxWorld]:
    shared_redis().flushdb()
    made = SandboxWorld(tmp_path / "sandbox.sqlite3")
    yield made
    made.close()


@pytest.fixture
def adapter(world: SandboxWorld) -> ChannelAdapter:
    return world.open()


class TestSandbox(AdapterContract):
    credential_fields = {"client_secret"}


def _items(world: SandboxWorld, *skus: str) -> list[ContentLine]:
    return [world.content(sku, price="10.00", quantity=5) for sku in skus]


def test_something_else_at_the_address_is_a_matter_for_the_seller(world):
    adapter = world.open()
    world.box.transport.handle_request = lambda request: httpx.Response(404, html="<h1>Not here</h1>")

    with pytest.raises(SettingsError) as caught:
        adapter.check_connection()

    assert "base_url" in caught.value.field_errors


def test_a_token_that_is_refused_as_soon_as_it_is_given_is_no_matter_for_the_seller(adapter, world):
    world.box.switch_on("expired_token")

    with pytest.raises(TemporaryError) as caught:
        adapter.check_connection()

    assert caught.value.code == "token_refused"


def test_a_capability_that_the_account_lacks_is_not_among_the_facts(adapter, world):
    adapter.check_connection()
    can = {"partial_refund": False, "fulfillments_required": True}
    world.box.control("PATCH", f"/accounts/{world.account_id}", {"capabilities": can})

    facts = adapter.check_connection()

    assert Capability.REFUND_PARTIAL not in facts.capabilities
    assert Capability.FULFILLMENTS_REQUIRED in facts.capabilities


def test_it_tells_when_the_credentials_expire_and_then_refuses_them(adapter, world):
    assert adapter.check_connection().credentials_expire_at is None

    end = {"credentials_expire_at": "2100-01-01T00:00:00Z"}
    world.box.control("PATCH", f"/accounts/{world.account_id}", end)
    assert adapter.check_connection().credentials_expire_at == datetime(2100, 1, 1, tzinfo=UTC)

    world.box.control("PATCH", f"/accounts/{world.account_id}", {"credentials_expire_at": "2000-01-01T00:00:00Z"})
    world.box.switch_on("expired_token", next_n=1)
    with pytest.raises(SettingsError) as caught:
        adapter.check_connection()
    assert caught.value.field_errors


def test_a_slow_line_holds_up_no_other(adapter, world):
    receipt = adapter.submit(Kind.CONTENT, _items(world, "A", "B-SLOW"), key="k")
    world.settle()

    report = adapter.poll(Kind.CONTENT, receipt.handle)

    assert report.phase is Phase.OPEN
    assert {result.sku: result.outcome for result in report.results} == {
        "A": Outcome.ACCEPTED,
        "B-SLOW": Outcome.PENDING,
    }


def test_a_failed_submission_says_so_and_why(adapter, world):
    receipt = adapter.submit(Kind.CONTENT, _items(world, "A"), key="k")
    world.box.switch_on("failed_submission", next_n=1)
    world.settle()

    report = adapter.poll(Kind.CONTENT, receipt.handle)

    assert (report.phase, list(report.results)) == (Phase.FAILED, [])
    assert report.reason


@pytest.mark.parametrize("trouble", ["repeated_page", "reordered_page"])
def test_pages_that_come_twice_or_mixed_up_give_every_row_once(adapter, world, trouble, monkeypatch):
    monkeypatch.setattr("channels_app.adapters.sandbox.adapter._EXPORT_PAGE", 10)
    listed(adapter, world, *(f"S{number:02}" for number in range(25)))
    world.box.switch_on(trouble, every_nth=2)

    export = adapter.export_listings()
    world.settle()
    rows = list(adapter.export_listings(export.handle).rows)

    assert sorted(row.sku for row in rows) == [f"S{number:02}" for number in range(25)]


def test_a_page_that_comes_for_ever_is_given_up(adapter, world):
    listed(adapter, world, "A")
    world.box.switch_on("repeated_page")

    with pytest.raises(TemporaryError):
        exported(adapter, world)


def test_an_export_with_fewer_rows_than_announced_is_not_taken_for_complete(adapter, world):
    listed(adapter, world, "A", "B")
    export = adapter.export_listings()
    world.settle()
    ready = adapter.export_listings(export.handle)
    with world.box.market.storage.writing() as db:
        db.execute("DELETE FROM export_row WHERE sku = 'A'")

    with pytest.raises(TemporaryError):
        list(ready.rows)


def test_orders_are_read_page_after_page_and_the_round_ends_where_it_began(adapter, world, monkeypatch):
    monkeypatch.setattr("channels_app.adapters.sandbox.adapter._ORDER_PAGE", 2)
    listed(adapter, world, "A")
    placed = [world.has_order("A", 1) for _ in range(5)]

    cursor, seen, rounds = adapter.first_cursor(world.began_at), [], 0
    while True:
        page = adapter.fetch_orders(cursor)
        world.box.pass_seconds(10)
        seen += [raw.remote_id for raw in page.raws]
        cursor, rounds = page.next_cursor, rounds + 1
        if not page.has_more:
            break
        assert page.known_until is None

    assert (seen, rounds) == (placed, 3)
    assert page.known_until is not None
    assert (page.known_until - world.began_at).total_seconds() == 1


def test_a_line_carries_only_what_its_kind_says():
    line = OfferLine(sku="A", price=Decimal("10.00"), currency="USD", quantity=2)

    assert mapping.build_line(Kind.QUANTITY, line) == {"sku": "A", "quantity": 2}
    assert mapping.build_line(Kind.PRICE, line) == {"sku": "A", "price": "10.00", "currency": "USD"}


def test_the_account_form_wants_an_address_without_a_password():
    values = {"base_url": "http://me:pw@sandbox:9000/x", "client_id": "c", "client_secret": "s"}

    assert "base_url" in SandboxAccountForm(values).errors
    form = SandboxAccountForm({**values, "base_url": "http://sandbox.example:9000/x/"})
    assert form.is_valid()
    assert form.cleaned_data["base_url"] == "http://sandbox.example:9000"


def test_jobs_of_one_sandbox_count_against_one_host():
    assert SandboxAdapter.host({"base_url": "http://127.0.0.1:9000"}) == "127.0.0.1:9000"
