"""A cause that nobody will mend now is put off for some days; it is back at once if its SKUs have doubled."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser

from channels_app.models import Channel, PutOff

REST = timedelta(days=7)
#: It is back once it has so many times the SKUs. One that is too large to be counted that far comes back by time.
GROWS = 2

#: Says of `open` (channel_id, cause) that it is put off; takes the moment, and how far SKUs are counted.
IS_PUT_OFF = f"""EXISTS (
    SELECT FROM channels_app_putoff AS rest
    WHERE rest.channel_id = open.channel_id AND rest.cause = open.cause AND rest.until > %s
      AND rest.skus * {GROWS} > (
          SELECT count(*) FROM (SELECT FROM channels_app_listing AS listing
                                WHERE listing.channel_id = open.channel_id AND listing.cause = open.cause
                                  AND listing.rejected_hash <> '' LIMIT %s) AS those)
)"""  # noqa: S608 - constants


def put_off(channel: Channel, cause: str, *, skus: int, actor: AbstractBaseUser, now: datetime) -> datetime:
    """The cause rests for REST. Returns until when."""
    until = now + REST
    PutOff.objects.filter(channel=channel, until__lte=now).delete()
    PutOff.objects.update_or_create(
        channel=channel, cause=cause, defaults={"skus": skus, "until": until, "by_id": actor.pk}
    )
    return until


def take_back(channel: Channel, cause: str) -> bool:
    """The cause rests no more. Returns whether it did."""
    deleted, _ = PutOff.objects.filter(channel=channel, cause=cause).delete()
    return deleted > 0


def read_put_off(channels: Sequence[Channel], *, now: datetime) -> dict[tuple[int, str], PutOff]:
    """Return what was put off on these channels, by channel and cause; whether it still rests, see `rests`."""
    rows = PutOff.objects.filter(channel__in=channels, until__gt=now)
    return {(row.channel_id, row.cause): row for row in rows}


def rests(row: PutOff | None, skus: int) -> bool:
    """Say whether a cause that has so many SKUs now stays put off."""
    return row is not None and skus < row.skus * GROWS
