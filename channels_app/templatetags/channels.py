"""What pages ask of a channel."""

from django import template

from channels_app.adapters.types import Capability
from channels_app.flows.connection import could_do
from channels_app.models import Channel

register = template.Library()


@register.filter
def takes_new_products(channel: Channel) -> bool:
    """Say whether products can be described to this channel that it does not know yet."""
    return could_do(channel, Capability.NEW_PRODUCTS)
