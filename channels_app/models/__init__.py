from .change import ChannelWalk, PendingChange
from .channel import Channel, ChannelLocation
from .command import CancellationRequest, Command, Shipment, ShipmentLine
from .history import ChangeRequest, ChannelHistory
from .job import ChannelJob, JobRun
from .listing import Listing
from .order import Order, OrderLine, RawOrder
from .reconcile import Difference, ReconcileRun
from .submission import FeedLine, LedgerState, Submission

__all__ = [
    "CancellationRequest",
    "ChangeRequest",
    "Channel",
    "ChannelHistory",
    "ChannelJob",
    "ChannelLocation",
    "ChannelWalk",
    "Command",
    "Difference",
    "FeedLine",
    "JobRun",
    "LedgerState",
    "Listing",
    "Order",
    "OrderLine",
    "PendingChange",
    "RawOrder",
    "ReconcileRun",
    "Shipment",
    "ShipmentLine",
    "Submission",
]
