"""What pages ask of a channel."""

from django import template

from channels_app.adapters.types import Capability
from channels_app.flows.connection import could_do
from channels_app.models import Channel, Order
from channels_app.views.words import Hurry, hurry_of
from marketplace_integration import clock

register = template.Library()


@register.filter
def takes_new_products(channel: Channel) -> bool:
    """Say whether products can be described to this channel that it does not know yet."""
    return could_do(channel, Capability.NEW_PRODUCTS)


@register.simple_tag(takes_context=True)
def hurry(context: template.Context, order: Order) -> Hurry | None:
    """Return in a word whether the order is late or has to leave today at the seller: `{% hurry order as hurry %}`."""
    zone = clock.zone(context["request"].seller.time_zone)
    return hurry_of(order.ship_by, is_to_ship=order.is_to_ship, now=clock.now(), zone=zone)
