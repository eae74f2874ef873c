"""Credentials at rest."""

import logging

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from channels_app.adapters.errors import SettingsError
from channels_app.checks import check_field_keys
from channels_app.models import Channel
from channels_app.secrets import read_secrets, rotate, store_secrets
from tests.factories import make_channel, make_seller

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel() -> Channel:
    channel = make_channel(make_seller(), state="setup")
    store_secrets(channel, {"client_secret": "swordfish", "pin": "1234"})
    channel.save()
    return channel


def test_what_is_stored_is_read_back_and_stands_nowhere_in_the_clear(channel: Channel):
    assert read_secrets(channel) == {"client_secret": "swordfish", "pin": "1234"}
    assert "swordfish" not in channel.encrypted_secrets


def test_a_blank_field_keeps_the_old_secret(channel: Channel):
    changed = store_secrets(channel, {"client_secret": "", "pin": "9999"})

    assert changed == {"pin"}
    assert read_secrets(channel) == {"client_secret": "swordfish", "pin": "9999"}


def test_a_channel_without_secrets_has_none():
    assert read_secrets(make_channel(make_seller(), state="setup")) == {}


def test_a_lost_key_is_told_in_words_and_gives_nothing_away(channel: Channel, settings, caplog):
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]

    with caplog.at_level(logging.DEBUG), pytest.raises(SettingsError, match="FIELD_KEYS") as error:
        read_secrets(channel)

    assert "swordfish" not in str(error.value) + caplog.text


def test_after_a_lost_key_new_secrets_can_be_entered(channel: Channel, settings):
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]

    store_secrets(channel, {"client_secret": "new"})

    assert read_secrets(channel) == {"client_secret": "new"}


def test_rotation_moves_everything_to_the_newest_key_so_that_the_old_one_can_go(channel: Channel, settings):
    newest, old = Fernet.generate_key().decode(), settings.FIELD_KEYS[0]
    settings.FIELD_KEYS = [newest, old]

    assert rotate() == (1, 0)

    settings.FIELD_KEYS = [newest]
    channel.refresh_from_db()
    assert read_secrets(channel)["client_secret"] == "swordfish"


def test_rotation_says_how_many_cannot_be_opened(channel: Channel, settings):
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]

    with pytest.raises(CommandError, match="1 secrets"):
        call_command("rotate_secrets")


def test_a_malformed_key_is_found_at_start_up(settings):
    settings.FIELD_KEYS = [*settings.FIELD_KEYS, "not-a-key"]

    (problem,) = check_field_keys(None)

    assert "key 2" in problem.msg
    assert "not-a-key" not in problem.msg
