"""The start-up checks find adapters that promise more than they do."""

from django import forms

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.registry import adapters
from channels_app.adapters.sandbox.adapter import SandboxAdapter
from channels_app.adapters.sandbox.forms import SandboxAccountForm
from channels_app.adapters.types import Kind
from channels_app.checks import check_adapter, check_adapters


def codes(adapter: type[ChannelAdapter]) -> list[str]:
    return [str(message.id) for message in check_adapter(adapter)]


def test_every_adapter_of_ours_keeps_what_it_declares() -> None:
    assert list(adapters())
    assert check_adapters(None) == []


def test_a_declared_capability_without_its_verb_is_found() -> None:
    class Boaster(SandboxAdapter):
        refund = ChannelAdapter.refund

    assert codes(Boaster) == ["channels_app.E002"]


def test_an_interval_for_an_unknown_job_is_found() -> None:
    class Odd(SandboxAdapter):
        intervals = {"gossip": 60}

    assert codes(Odd) == ["channels_app.E003"]


def test_an_account_form_with_a_field_that_is_ours_is_found() -> None:
    class Ours(SandboxAccountForm):
        credentials_expire_on = forms.DateField()

    class Taken(SandboxAdapter):
        account_form = Ours

    assert codes(Taken) == ["channels_app.E006"]


def test_price_and_quantity_by_themselves_do_for_offers_and_one_alone_does_not() -> None:
    class Apart(SandboxAdapter):
        submission_lines = dict.fromkeys((Kind.CONTENT, Kind.QUANTITY, Kind.PRICE, Kind.WITHDRAW), 10)

    class Half(SandboxAdapter):
        submission_lines = dict.fromkeys((Kind.CONTENT, Kind.QUANTITY, Kind.WITHDRAW), 10)

    assert codes(Apart) == []
    assert codes(Half) == ["channels_app.E004"]
