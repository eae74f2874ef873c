"""Sending e-mail: from a row, after its commit, by whoever comes first.

A mail server that is away delays a letter and loses none. A worker that dies between the server's yes and our note of
it sends the letter twice, which is the better of the two faults.
"""

import logging
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.db.models import F
from django.template.loader import render_to_string

from inventory.models import DigestChoice, Invitation, Mail, Membership, Seller, WarningChoice

log = logging.getLogger(__name__)

#: Whoever has taken a letter has so long to send it, then the next one may.
_CLAIM = timedelta(minutes=5)
_LONGEST_WAIT = timedelta(hours=1)
#: Letters that one sweep wakes workers for.
_SWEPT = 50
OUR_FAULT = "This letter could not be put together: an error of this program, which has been recorded."


def unsent(*, now: datetime) -> list[int]:
    """Return the letters that may be tried now, those that have waited longest first."""
    waiting = Mail.objects.filter(unworded="", sent_at=None, next_try_at__lte=now, expires_at__gt=now)
    return list(waiting.order_by("next_try_at").values_list("pk", flat=True)[:_SWEPT])


def send(mail_id: int, *, now: datetime) -> bool:
    """Send one letter, or note why not and when to try again. Returns whether it left; safe to run twice."""
    mail = _claim(mail_id, now)
    if mail is None:
        return False
    try:
        EmailMessage(" ".join(mail.subject.split()), _text(mail), to=[mail.to]).send()
    except Exception as error:
        words = _words(error)
        Mail.objects.filter(pk=mail.pk).update(next_try_at=now + wait_after(mail.attempts), last_error=words)
        log.warning(
            "mail.failed",
            exc_info=words == OUR_FAULT,
            extra={"mail": mail.pk, "attempts": mail.attempts, "reason": words},
        )
        return False
    Mail.objects.filter(pk=mail.pk).update(sent_at=now, last_error="")
    return True


def wait_after(attempts: int) -> timedelta:
    """Return how long a letter waits that failed so often: longer each time."""
    return min(timedelta(minutes=2 ** min(attempts, 6)), _LONGEST_WAIT)


def address_of(membership: Membership) -> str:
    """Return where the member's letters go; empty if the account has no address."""
    return address_of_account(membership.user)


def address_of_account(user: User) -> str:
    """Return where the account's letters go; empty if it has no address."""
    return user.email or (user.get_username() if "@" in user.get_username() else "")


def known_site(seller: Seller) -> str:
    """Return where this seller's people last found the site, for links of letters that nobody's browser asked for."""
    of_members = {"membership__seller": seller}
    for rows in (
        WarningChoice.objects.filter(**of_members),
        DigestChoice.objects.filter(**of_members),
        Invitation.objects.filter(seller=seller),
    ):
        if site := rows.exclude(site="").order_by("-pk").values_list("site", flat=True).first():
            return str(site)
    return ""


def try_now(mail: Mail, *, now: datetime) -> bool:
    """A letter that waits after a failure is due now. Returns False if it does not, or is just being sent."""
    waiting = Mail.objects.filter(pk=mail.pk, sent_at=None, expires_at__gt=now).exclude(last_error="")
    return bool(waiting.update(next_try_at=now))


def can_be_written_to(domain: str) -> bool:
    """Whether mail servers have a way to write this domain."""
    try:
        domain.encode("idna")
    except UnicodeError:
        return False
    return True


def _words(error: Exception) -> str:
    match error:
        case UnicodeError():  # an impossible domain
            return "There is no such address."
        case OSError():  # what smtplib raises is one, too
            return str(error)[:500]
    return OUR_FAULT


def _claim(mail_id: int, now: datetime) -> Mail | None:
    """Return the letter if it is ours to send: nobody else has it, it is due, and it still says something."""
    due = Mail.objects.filter(pk=mail_id, unworded="", sent_at=None, next_try_at__lte=now, expires_at__gt=now)
    if not due.update(next_try_at=now + _CLAIM, attempts=F("attempts") + 1, last_error=""):
        return None
    mail = Mail.objects.select_related("invitation__seller", "invitation__invited_by").get(pk=mail_id)
    return mail if mail.invitation is None or mail.invitation.is_open(now) else None


def _text(mail: Mail) -> str:
    return mail.text if mail.invitation is None else _invitation_text(mail.invitation)


def _invitation_text(invitation: Invitation) -> str:
    return render_to_string("inventory/mail/invitation.txt", {"invitation": invitation, "seller": invitation.seller})
