"""How a channel's listings stand, counted no further than a page tells. Reads only."""

from collections.abc import Sequence
from typing import NamedTuple

from django.db.models import OuterRef

from channels_app.models import Channel, Listing
from inventory.paging import count_of


class ListingCounts(NamedTuple):
    """Of one channel; each SKU is in one of them."""

    #: As it is wanted, or with a change that is still to be sent.
    good: int
    #: On sale, but the last change was refused: with older details.
    outdated: int
    #: Not on sale, since it was refused.
    refused: int
    #: Being listed or ended; the marketplace has not answered yet.
    on_the_way: int

    @property
    def listed(self) -> int:
        """How many buyers see."""
        return self.good + self.outdated

    @property
    def troubled(self) -> int:
        """How many the marketplace refuses something of."""
        return self.outdated + self.refused


def count_listings(channels: Sequence[Channel]) -> dict[int, ListingCounts]:
    """Return the counts by the channel's primary key, in one query."""
    own = Listing.objects.filter(channel=OuterRef("pk"))
    listed, troubled = own.filter(state=Listing.State.LISTED), own.exclude(rejected_hash="")
    counted = Channel.objects.filter(pk__in=[channel.pk for channel in channels]).annotate(
        listed=count_of(listed),
        outdated=count_of(troubled.filter(state=Listing.State.LISTED)),
        troubled=count_of(troubled),
        on_the_way=count_of(own.filter(state__in=[Listing.State.CREATING, Listing.State.ENDING], rejected_hash="")),
    )
    return {
        pk: ListingCounts(max(listed - outdated, 0), outdated, max(troubled - outdated, 0), on_the_way)
        for pk, listed, outdated, troubled, on_the_way in counted.values_list(
            "pk", "listed", "outdated", "troubled", "on_the_way"
        )
    }
