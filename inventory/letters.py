"""Letters that a tick puts together: noted first, worded one by one, each failing alone.

Noting what is to be told writes a row for each letter in the commit that says it is told. Wording comes after: one that
cannot be worded is tried again later and later, and holds up no other. A worker that dies leaves the row as it was.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from inventory.mail import OUR_FAULT, address_of, wait_after
from inventory.models import Mail, Membership
from inventory.work import TOLD_FOR

log = logging.getLogger(__name__)

About = TypeVar("About")

#: Letters, or things to be told, that one call handles; the next tick goes on.
AT_ONCE = 500
#: So often in vain, and a letter is given up: after some six hours.
TRIES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Worded:
    subject: str
    text: str


def note_apart(due: Iterable[About], note: Callable[[About], None]) -> None:
    """Each of what is due is noted by itself, in a commit of its own, until AT_ONCE of them are.

    One that cannot be noted is logged, takes the turn of none of the others, and is due again at the next tick.
    """
    noted = 0
    for about in due:
        try:
            note(about)
        except Exception:
            log.exception("letter.not_noted", extra={"about": str(about)})
            if not connection.is_usable():  # nothing is wrong with this one, and the others would fare no better
                raise
        else:
            noted += 1
        if noted == AT_ONCE:
            return


def note_letter(
    kind: Mail.Unworded, membership: Membership, told: dict[str, Any], *, now: datetime, useful_for: timedelta
) -> Mail | None:
    """Return a row, not stored yet, of a letter to this member that is to be worded; None if they have no address."""
    to = address_of(membership)
    if not to:
        return None
    return Mail(
        seller_id=membership.seller_id,
        membership=membership,
        to=to,
        subject=kind.label,
        unworded=kind,
        told=told,
        created_at=now,
        next_try_at=now,
        expires_at=now + useful_for,
    )


def word_due(kind: Mail.Unworded, word: Callable[[Mail], Worded | None], *, now: datetime) -> list[int]:
    """Word the letters of this kind that are due, those that have waited longest first. Returns those to send.

    `word` returns None where nothing is to be told any more: that letter is dropped. Safe to run twice, and at once.
    """
    due = Mail.objects.filter(unworded=kind, next_try_at__lte=now, expires_at__gt=now).order_by("next_try_at", "pk")
    return [pk for pk in list(due.values_list("pk", flat=True)[:AT_ONCE]) if _is_worded(pk, kind, word, now)]


def given_up_lately(now: datetime) -> Q:
    """Return the condition for letters that were never sent, for a reason, and are of no use since not long ago."""
    return Q(sent_at=None, expires_at__lte=now, expires_at__gt=now - TOLD_FOR) & ~Q(last_error="")


def _is_worded(pk: int, kind: Mail.Unworded, word: Callable[[Mail], Worded | None], now: datetime) -> bool:
    try:
        with transaction.atomic():
            free = Mail.objects.select_for_update(skip_locked=True, of=("self",))
            mail = free.select_related("seller", "membership__user", "membership__seller").get(pk=pk, unworded=kind)
            worded = word(mail) if mail.membership else None
            if worded is None:
                mail.delete()
                return False
            mail.subject, mail.text, mail.unworded = worded.subject[:300], worded.text, ""
            mail.next_try_at, mail.attempts, mail.last_error = now, 0, ""
            mail.save()
    except Mail.DoesNotExist:  # somebody else is at it, or was
        return False
    except Exception:
        log.exception("letter.not_worded", extra={"mail": pk})
        if not connection.is_usable():
            raise
        _put_off(Mail.objects.filter(pk=pk, unworded=kind), now)
        return False
    return True


def _put_off(mail: QuerySet[Mail], now: datetime) -> None:
    """The letter is tried again after a longer wait than before, or of no use any more after the last try."""
    mail.update(attempts=F("attempts") + 1, last_error=OUR_FAULT)
    attempts = mail.values_list("attempts", flat=True).first() or 0
    if attempts >= TRIES:
        mail.update(expires_at=now)
    else:
        mail.update(next_try_at=now + wait_after(attempts))
