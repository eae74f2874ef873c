"""Issues: what the marketplaces refuse, one row for each cause, with what stands behind it and what to do."""

from collections.abc import Sequence

from django.http import HttpResponse
from django.shortcuts import render

from channels_app.flows.expiry import expiring
from channels_app.flows.issues import COUNT_LIMIT, MOST_CAUSES, Issue, Worth, by_worth, open_issues, weigh, weigh_within
from channels_app.flows.put_off import read_put_off, rests
from channels_app.models import Channel
from inventory.tenancy import SellerRequest, seller_page
from marketplace_integration import clock

#: So many are shown at first; the others concern fewer SKUs.
SHOWN = 50
#: Of so many SKUs the worth is worked out at once; of more the page asks for it when it is there.
AT_ONCE = 500
#: That takes no longer; what has not been reached shows none.
SECONDS = 2.0


@seller_page()
def issues(request: SellerRequest) -> HttpResponse:
    """Show what is open, most money at risk first; until that is known, most SKUs."""
    channels = list(
        Channel.objects.filter(seller=request.seller, archived_at=None).select_related("seller").order_by("name", "pk")
    )
    chosen = [one for one in channels if str(one.public_id) == request.GET.get("channel")] or channels
    put_off = read_put_off(chosen, now=clock.now())
    told = [(one, put_off.get((one.channel_id, one.cause))) for one in open_issues(chosen)]
    found = [one for one, row in told if not rests(row, one.skus)]
    shown = found[: MOST_CAUSES if "all" in request.GET else SHOWN]
    worths = worth_of(request, shown)
    shown = by_worth(shown, worths, currency=request.seller.currency)
    by_id = {channel.pk: channel for channel in channels}
    context = {
        "channels": channels,
        "channel": request.GET.get("channel", ""),
        "expiring": expiring(chosen, now=clock.now()),
        "rows": [{"issue": one, "channel": by_id[one.channel_id], "worth": worths.get(one)} for one in shown],
        "put_off": [
            {"issue": one, "channel": by_id[one.channel_id], "row": row} for one, row in told if rests(row, one.skus)
        ],
        "hidden": min(len(found), MOST_CAUSES) - len(shown),
        "is_cut": len(told) > MOST_CAUSES and len(shown) == min(len(found), MOST_CAUSES),
        "most": COUNT_LIMIT,
        "worth_url": worth_url(request, shown, worths),
    }
    return render(request, "channels_app/issues.html", context)


def worth_of(request: SellerRequest, found: Sequence[Issue]) -> dict[Issue, Worth]:
    """Return what stands behind them, as far as it is quickly said or was asked for."""
    if "worth" in request.GET:
        return weigh_within(found, seconds=SECONDS)
    return weigh(found) if sum(one.skus for one in found) <= AT_ONCE else {}


def worth_url(request: SellerRequest, found: Sequence[Issue], worths: dict[Issue, Worth]) -> str:
    """Return where the page asks for what stands behind them; empty if it is there or was asked for."""
    if "worth" in request.GET or len(worths) == len(found):
        return ""
    asked = request.GET.copy()
    asked["worth"] = "1"
    return f"{request.path}?{asked.urlencode()}"
