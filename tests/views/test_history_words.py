"""A channel's history in words."""

from channels_app.models import ChannelHistory
from channels_app.views.history_words import describe
from tests.factories import NOW


def test_what_was_empty_before_and_after_is_no_change():
    entry = ChannelHistory(
        at=NOW,
        what="account",
        before={"client id": None, "site": None},
        after={"client id": "north", "site": "", "replaced secrets": ["client_secret"]},
    )

    assert describe(entry).text == "changed client secret: replaced, never shown; client id: none → north"
