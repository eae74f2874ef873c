"""What a dead holder leaves: intents whose outcome nobody knows."""

from channels_app.adapters.types import Kind
from channels_app.models import ChannelJob, Command, FeedLine, LedgerState, Submission

#: Which submissions a job writes.
SUBMISSION_KINDS: dict[str, tuple[Kind, ...]] = {
    ChannelJob.Kind.CONTENT: (Kind.CONTENT,),
    ChannelJob.Kind.OFFERS: (Kind.OFFER, Kind.QUANTITY, Kind.PRICE, Kind.WITHDRAW),
}


def intents_become_unknown(channel_id: int, kind: str, *, fence: int) -> None:
    """Mark what earlier holders of this job were about to send: it may or may not have arrived."""
    if kind in SUBMISSION_KINDS:
        intents = Submission.objects.filter(
            channel_id=channel_id,
            kind__in=SUBMISSION_KINDS[kind],
            phase=Submission.Phase.INTENT,
            fence__lt=fence,
        )
        lost = list(intents.values_list("pk", flat=True))
        if lost:
            FeedLine.objects.filter(submission_id__in=lost, state=LedgerState.SENT).update(state=LedgerState.UNKNOWN)
            Submission.objects.filter(pk__in=lost).update(phase=Submission.Phase.UNKNOWN)
    elif kind == ChannelJob.Kind.COMMANDS:
        Command.objects.filter(channel_id=channel_id, state=LedgerState.SENT, handle="", fence__lt=fence).update(
            state=LedgerState.UNKNOWN
        )
