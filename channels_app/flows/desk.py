"""What waits for support, over all sellers: conditions for the desk's numbers and for the lists behind them."""

from typing import Final

from django.db.models import Q

from channels_app.models.submission import OPEN_PHASES

#: Of jobs: they stand still until a person does something.
STOPPED: Final = Q(enabled=True, blocked=True)
#: Of submissions: the marketplace has not answered in time, and still has not.
OVERDUE: Final = Q(overdue=True, phase__in=OPEN_PHASES)
