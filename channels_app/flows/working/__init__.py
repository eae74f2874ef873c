"""What runs, waits or failed on a seller's channels: one source for each kind of work. Reads only.

Each source costs the same few queries however many channels, jobs and rows there are.
"""

from channels_app.flows.working import feed, jobs, orders
from channels_app.flows.working.asked import AskedOfChannels, SourceOfChannels
from inventory.work import Found

__all__ = ["SOURCES", "AskedOfChannels", "of_channels", "of_no_channel"]

#: One entry for each kind of work, in the order in which they are told.
SOURCES: tuple[SourceOfChannels, ...] = (
    jobs.channel_jobs,
    feed.held,
    feed.plans,
    orders.stuck_commands,
    orders.unreadable_orders,
    feed.walks,
    feed.mending,
    feed.submissions,
    feed.ledger_checks,
)


def of_channels(asked: AskedOfChannels) -> Found:
    """Return all that is told of these channels."""
    return Found.all_of(source(asked) for source in SOURCES)


def of_no_channel(asked: AskedOfChannels) -> Found:
    """Return what is told of the seller's orders, whichever channels they are of."""
    return orders.parcel_files(asked)
