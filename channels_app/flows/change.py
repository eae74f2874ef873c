"""How a channel's row is changed: locked, by one transaction, and remembered with who, before, after and why."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction

from channels_app.models import Channel, ChannelHistory, ChannelJob


@contextmanager
def locked(channel: Channel) -> Iterator[Channel]:
    """Give the row as it stands, locked until the block's transaction ends; afterwards `channel` is fresh too.

    The job rows are locked first: a flow that settles holds its job's row before it writes to the channel's, and the
    other order would let the two wait for each other.
    """
    with transaction.atomic():
        list(ChannelJob.objects.select_for_update().filter(channel_id=channel.pk).order_by("pk").values_list("pk"))
        # Not the key: rows that refer to the channel are written all the time and need not wait.
        yield Channel.objects.select_for_update(no_key=True).get(pk=channel.pk)
    channel.refresh_from_db()


def remember(
    channel: Channel,
    what: str,
    *,
    before: Any,
    after: Any,
    actor: AbstractBaseUser | None,
    now: datetime,
    reason: str = "",
) -> ChannelHistory:
    """The change stands in the channel's history. `before` and `after` are JSON and hold no secret."""
    return ChannelHistory.objects.create(
        channel=channel,
        what=what,
        before=before,
        after=after,
        actor_id=actor.pk if actor else None,
        at=now,
        reason=reason.strip(),
    )


def require_reason(reason: str, *, as_support: bool) -> None:
    """Support always says why. Raises ValidationError on the field `reason`."""
    if as_support and not reason.strip():
        raise ValidationError({"reason": "Say why: the seller sees it in the channel's history."})


def in_words(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return field values as JSON keeps them: money and times as text, a row by its name."""
    return {name: _in_words(value) for name, value in values.items()}


def _in_words(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | list | dict):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)
