"""Which flow runs which kind of job."""

from collections.abc import Mapping

from channels_app.flows.commands import send_commands
from channels_app.flows.engine import Flow
from channels_app.flows.feed import send_content, send_offers
from channels_app.flows.orders import download_orders
from channels_app.flows.product_lists import read_product_lists
from channels_app.flows.reconcile import run_reconciler
from channels_app.flows.results import poll_submissions
from channels_app.flows.returns import download_returns
from channels_app.models import ChannelJob

FLOWS: Mapping[str, Flow] = {
    ChannelJob.Kind.OFFERS: send_offers,
    ChannelJob.Kind.CONTENT: send_content,
    ChannelJob.Kind.RESULTS: poll_submissions,
    ChannelJob.Kind.RECONCILE: run_reconciler,
    ChannelJob.Kind.ORDERS: download_orders,
    ChannelJob.Kind.COMMANDS: send_commands,
    ChannelJob.Kind.RETURNS: download_returns,
    ChannelJob.Kind.CATEGORIES: read_product_lists,
}
