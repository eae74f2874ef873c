"""What an adapter says about itself."""

from django import forms

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.registry import get_adapter_class
from channels_app.adapters.types import Capability, Kind
from channels_app.models import ChannelJob

#: Verb that has to be overridden -> the capability that says so.
VERBS = {
    "export_listings": Capability.RECONCILE,
    "accept": Capability.ACCEPT,
    "refund": Capability.REFUND,
    "answer_cancellation": Capability.CANCELLATION_REQUESTS,
    "first_returns_cursor": Capability.RETURNS,
    "fetch_returns": Capability.RETURNS,
    "handle_return": Capability.RETURNS,
}
#: Job -> the capability without which it has nothing to do.
JOBS = {
    "reconcile": Capability.RECONCILE,
    "returns": Capability.RETURNS,
    "categories": Capability.NEW_PRODUCTS,
}


class DeclarationPromises:
    def test_it_is_registered_under_its_key(self, adapter):
        assert get_adapter_class(adapter.key) is type(adapter)

    def test_what_it_declares_it_also_does(self, adapter):
        for verb, capability in VERBS.items():
            overridden = getattr(type(adapter), verb) is not getattr(ChannelAdapter, verb)
            assert overridden == (capability in adapter.capabilities), verb

    def test_its_jobs_and_sizes_are_known_ones(self, adapter):
        assert set(adapter.intervals) <= set(ChannelJob.Kind.values)
        assert all(seconds > 0 for seconds in adapter.intervals.values())
        assert set(adapter.submission_lines) <= set(Kind)
        assert all(lines > 0 for lines in adapter.submission_lines.values())
        assert all(limit.per_second > 0 and limit.burst >= 1 for limit in adapter.limits.values())

    def test_it_has_a_job_for_what_it_does_and_none_for_what_it_does_not(self, adapter):
        for job, capability in JOBS.items():
            assert (job in adapter.intervals) == (capability in adapter.capabilities), job
        assert {"offers", "content", "results", "orders", "commands"} <= set(adapter.intervals)

    def test_it_can_list_change_and_end_listings(self, adapter):
        declared = set(adapter.submission_lines)

        assert {Kind.CONTENT, Kind.WITHDRAW} <= declared
        assert Kind.OFFER in declared or {Kind.QUANTITY, Kind.PRICE} <= declared

    def test_what_is_part_of_something_is_declared_with_the_whole(self, adapter):
        for part, whole in (
            (Capability.REFUND_PARTIAL, Capability.REFUND),
            (Capability.CANCEL_PARTIAL, Capability.CANCEL_LINE),
        ):
            assert part not in adapter.capabilities or whole in adapter.capabilities

    def test_its_account_form_never_gives_a_secret_back(self, adapter):
        form = adapter.account_form(initial=dict.fromkeys(adapter.account_form.base_fields, "S3CRET"))
        hidden = [name for name, field in form.fields.items() if isinstance(field.widget, forms.PasswordInput)]

        assert hidden
        for name in hidden:
            assert "S3CRET" not in str(form[name])

    def test_its_account_form_says_where_to_find_each_value(self, adapter):
        form = adapter.account_form()

        assert [name for name, field in form.fields.items() if not field.help_text] == []
