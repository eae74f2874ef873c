"""What waits for support, over all sellers: conditions for the desk's numbers and for the lists behind them."""

from typing import Final

from django.db.models import Q

from channels_app.flows.jobs import STOPPED
from channels_app.models import ChangeRequest, ChannelJob
from channels_app.models.submission import OPEN_PHASES

#: Of change requests: the seller waits for an answer.
UNANSWERED: Final = Q(state=ChangeRequest.State.OPEN)
#: Of channels: one of their jobs stands still.
HAS_STOPPED: Final = Q(pk__in=ChannelJob.objects.filter(STOPPED).values("channel"))
#: Of channels: their seller waits for an answer.
HAS_ASKED: Final = Q(pk__in=ChangeRequest.objects.filter(UNANSWERED).values("channel"))
#: Of submissions: the marketplace has not answered in time, and still has not.
OVERDUE: Final = Q(overdue=True, phase__in=OPEN_PHASES)
