"""Signing in, and what the check learns."""

from datetime import timedelta
from typing import ClassVar

import pytest

from channels_app.adapters.errors import SettingsError
from marketplace_integration import clock


class ConnectionPromises:
    #: Names of the account form's fields that a refused sign-in may blame.
    credential_fields: ClassVar[set[str]]

    def test_the_check_learns_what_this_connection_can(self, adapter):
        facts = adapter.check_connection()

        assert facts.account_id
        assert len(facts.currency) == 3
        assert facts.capabilities <= adapter.capabilities
        assert set(facts.limits) <= set(adapter.limits)

    def test_the_end_of_an_access_token_is_not_told_as_that_of_the_credentials(self, adapter):
        end = adapter.check_connection().credentials_expire_at

        assert end is None or end > clock.now() + timedelta(days=1)

    def test_the_same_account_has_the_same_number_every_time(self, adapter):
        assert adapter.check_connection().account_id == adapter.check_connection().account_id

    def test_wrong_credentials_are_a_matter_for_the_seller(self, world):
        with pytest.raises(SettingsError) as caught:
            world.with_bad_credentials().check_connection()

        assert caught.value.field_errors
        assert set(caught.value.field_errors) <= self.credential_fields

    def test_a_token_that_expired_is_renewed_without_anybody_noticing(self, adapter, world):
        adapter.check_connection()
        world.has("signed_out")

        assert adapter.check_connection().account_id
