"""What pages ask of a channel."""

from urllib.parse import urlencode

from django import template
from django.urls import reverse

from channels_app.adapters.types import Capability
from channels_app.flows.connection import could_do
from channels_app.flows.describe import anchor_of
from channels_app.flows.to_ship import asked_to_cancel
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


@register.filter
def asks_to_cancel(order: Order) -> bool:
    """Say whether the buyer asks to cancel something that is to ship. For many orders prefetch lines and REQUESTS."""
    return bool(asked_to_cancel(order, list(order.lines.all())))


@register.simple_tag
def category_url(channel: Channel, own: str, field: str = "") -> str:
    """Return where the answers for one of the seller's categories are said, at the field of that name."""
    page = reverse("channel_product", args=[channel.seller.slug, channel.public_id])
    return f"{page}?{urlencode({'own': own})}" + (f"#{anchor_of(field)}" if field else "")
