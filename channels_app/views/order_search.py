"""Finding orders by what a buyer or a carrier writes about: each a look at an index, however many orders there are."""

import re
from collections.abc import Sequence

from django.db.models import Q, QuerySet
from django.db.models.functions import Upper

from channels_app.models import Channel, Order, Shipment
from inventory.models import Seller
from inventory.search import TRIGRAM

#: Orders that a search for what many have in common looks at, newest first.
MOST = 500
#: Of a name, so many words are looked for.
MOST_WORDS = 6
_PART = re.compile(r"[^\s,;]+")


def orders_called(seller: Seller, channels: Sequence[Channel], words: str) -> QuerySet[Order, int]:
    """Return the ids of the seller's orders of just this number, tracking number, or e-mail address of the buyer.

    `channels` are all the seller's: the numbers are the channels' own.
    """
    ids = [channel.pk for channel in channels]
    by_number = Order.objects.filter(channel__in=ids, remote_id=words).values_list("pk", flat=True)
    if "@" in words:
        by_email = Order.objects.filter(seller_id=seller.pk, buyer__email__iexact=words).order_by("-placed_at", "-pk")
        return by_number.union(by_email.values_list("pk", flat=True)[:MOST])
    # Carriers print them in groups, which somebody may have typed and another not.
    numbers = {words.upper(), "".join(words.split()).upper()}
    parcels = Shipment.objects.alias(number=Upper("tracking_number")).filter(channel__in=ids, number__in=numbers)
    return by_number.union(parcels.values_list("order_id", flat=True))


def orders_of_buyers(seller: Seller, words: str) -> QuerySet[Order]:
    """Return the seller's orders with these words in the buyer's name, the newest first; none for too few letters.

    In whichever order: people write “Miller, Ada” of Ada Miller. Short words alone are looked for as they stand, since
    the index knows no word of less letters.
    """
    if len(words) < TRIGRAM:
        return Order.objects.none()
    parts = _PART.findall(words)[:MOST_WORDS]
    if max(map(len, parts), default=0) < TRIGRAM:
        parts = [words]
    named = Order.objects.filter(*(Q(buyer__name__icontains=part) for part in parts), seller_id=seller.pk)
    return named.order_by("-placed_at", "-pk")
