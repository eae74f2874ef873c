"""One locked order while something is done to it: the part that all such flows share."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from channels_app.flows.fulfil_rules import FulfilmentError
from channels_app.flows.jobs import nudge
from channels_app.flows.printed import compare_with_printed
from channels_app.flows.reservation import ranked_locations, rebalance_lines
from channels_app.flows.shipping import shipping_status
from channels_app.models import ChannelJob, Command, Order, OrderLine

Actor = AbstractBaseUser | None


@dataclass(slots=True)
class OpenOrder:
    """A locked order, with its lines and the time of what is done to it."""

    order: Order
    lines: dict[int, OrderLine]
    actor: Actor
    now: datetime

    @property
    def all_lines(self) -> list[OrderLine]:
        return list(self.lines.values())

    def rebalance(self, lines: Sequence[OrderLine]) -> None:
        rebalance_lines(
            lines,
            channel=self.order.channel,
            is_ours=self.order.is_ours,
            ranked=ranked_locations(self.order.channel),
            actor_id=self.actor.pk if self.actor else None,
            now=self.now,
        )

    def save_status(self) -> None:
        """The order says what follows from the units that are open now."""
        self.order.shipping_status = shipping_status(self.all_lines, is_ours=self.order.is_ours)
        compare_with_printed(self.order, self.all_lines)
        self.order.save(update_fields=["shipping_status", "changed_since_printed"])

    def recorded(self, key: UUID) -> list[Command]:
        """Return the commands that were recorded under this key before."""
        return list(self.order.commands.filter(group_key=key).order_by("id"))

    def command(self, kind: Command.Kind, line: OrderLine, group_key: UUID, **fields: Any) -> Command:
        return Command(
            channel_id=self.order.channel_id,
            order=self.order,
            line=line,
            kind=kind,
            key=uuid.uuid4(),
            group_key=group_key,
            created_by_id=self.actor.pk if self.actor else None,
            created_at=self.now,
            **fields,
        )


@contextmanager
def opened_order(order_id: int, *, actor: Actor, now: datetime) -> Iterator[OpenOrder]:
    """Open one transaction that holds the order; after its commit the channel is told without delay."""
    with transaction.atomic():
        order = Order.objects.select_for_update(of=("self",)).select_related("channel").get(pk=order_id)
        lines = {line.pk: line for line in order.lines.order_by("id")}
        yield OpenOrder(order, lines, actor, now)
        transaction.on_commit(lambda: _tell(order.channel_id, now))


def _tell(channel_id: int, now: datetime) -> None:
    nudge([channel_id], [ChannelJob.Kind.COMMANDS], now=now)


def refuse(why: str) -> None:
    """Raise FulfilmentError if there is a reason why not."""
    if why:
        raise FulfilmentError(why)
