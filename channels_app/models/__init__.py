from channels_app.models.change import ChannelWalk, PendingChange
from channels_app.models.channel import Channel, ChannelLocation
from channels_app.models.command import CancellationRequest, Command, Shipment, ShipmentLine
from channels_app.models.expiry import ExpiryWarning
from channels_app.models.history import ChangeRequest, ChannelHistory
from channels_app.models.job import ChannelJob, JobRun
from channels_app.models.ledger import ChannelLedger, LedgerCheck
from channels_app.models.listing import Listing
from channels_app.models.note import OrderNote
from channels_app.models.order import Order, OrderLine, RawOrder
from channels_app.models.product import CategoryMapping, ChannelCategory
from channels_app.models.put_off import PutOff
from channels_app.models.reconcile import Difference, ReconcileRun
from channels_app.models.returns import Return, ReturnLine
from channels_app.models.shipping_file import ShippingFile, ShippingRow
from channels_app.models.stop import StopWarning
from channels_app.models.submission import FeedLine, LedgerState, Submission

__all__ = [
    "CancellationRequest",
    "CategoryMapping",
    "ChangeRequest",
    "Channel",
    "ChannelCategory",
    "ChannelHistory",
    "ChannelJob",
    "ChannelLocation",
    "ChannelWalk",
    "Command",
    "Difference",
    "ExpiryWarning",
    "FeedLine",
    "JobRun",
    "ChannelLedger",
    "LedgerCheck",
    "LedgerState",
    "Listing",
    "Order",
    "OrderLine",
    "OrderNote",
    "PendingChange",
    "PutOff",
    "RawOrder",
    "ReconcileRun",
    "Return",
    "ReturnLine",
    "Shipment",
    "ShipmentLine",
    "ShippingFile",
    "ShippingRow",
    "StopWarning",
    "Submission",
]
