"""Who belongs to a seller's team: inviting, joining, roles, leaving. Every change stands on record.

Changes of one team go one after the other, by the seller's row: so two owners who demote each other at the same moment
leave one of them an owner.
"""

import re
import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from inventory import second_step, wishes
from inventory.models import Invitation, Mail, Membership, Role, Seller, TeamChange
from marketplace_integration import clock

VALID_FOR = timedelta(days=7)
#: Invitations that wait at once, so that nobody sends letters to the world from here.
MOST_WAITING = 50
#: Letters of one team within 24 hours, whatever became of the invitations.
MOST_A_DAY = 100
#: One address gets no two letters of a team within this time.
APART = timedelta(minutes=5)

LAST_OWNER = "A team needs an owner. Make somebody else an owner first."
_GONE = "Somebody else has changed this meanwhile."


class TeamError(Exception):
    """The team cannot be changed like this; the words are for the person who tried."""


def accounts_of(email: str) -> Q:
    """Return what finds the accounts of this address."""
    return Q(username__iexact=email) | Q(email__iexact=email)


def belongs_to(user: User, email: str) -> bool:
    return email.lower() in (user.username.lower(), user.email.lower())


def name_of_newcomer(email: str) -> str:
    """Return the name of a new account: its address, unless that holds what no name may; then one like no address."""
    try:
        User.username_validator(email)
    except ValidationError:
        plain = re.sub(r"[^\w.+-]", "-", email)[:140]
        is_taken = User.objects.filter(username__iexact=plain).exists()
        return f"{plain}-{secrets.token_hex(4)}" if is_taken else plain
    return email


def last_owner(seller: Seller) -> Membership | None:
    """Return the only owner who can still sign in; None if there are several."""
    owners = list(Membership.objects.filter(seller=seller, role=Role.OWNER, user__is_active=True)[:2])
    return owners[0] if len(owners) == 1 else None


def invite(seller: Seller, email: str, role: Role, *, actor: User, site: str, now: datetime) -> Mail:
    """Somebody is invited; the letter waits to be sent.

    Raises TeamError for members, for who is invited already, and for more letters than may be sent.
    """
    email = email.lower()
    with _changed_by_owner(seller, actor):
        waiting = Invitation.objects.filter(seller=seller, accepted_at=None, withdrawn_at=None)
        if Membership.objects.filter(seller=seller, user__in=User.objects.filter(accounts_of(email))).exists():
            raise TeamError(f"{email} is on the team already.")
        if waiting.filter(email=email).exists():
            raise TeamError(f"{email} is invited already. Send the invitation again, or withdraw it first.")
        if waiting.count() >= MOST_WAITING:
            raise TeamError(f"{MOST_WAITING} invitations wait for an answer. Withdraw some first.")
        _check_letters(seller, email, now)
        invitation = Invitation(seller=seller, email=email, role=role, created_at=now)
        mail = _send(invitation, actor=actor, site=site, now=now)
        _record(seller, TeamChange.What.INVITED, email, actor=actor, now=now, after=role)
    return mail


def send_again(invitation: Invitation, *, actor: User, site: str, now: datetime) -> Mail:
    """The invitation lasts 7 days from now and goes out anew; links sent before end."""
    with _changed_by_owner(invitation.seller, actor):
        waiting = _waiting(invitation)
        _check_letters(waiting.seller, waiting.email, now)
        waiting.mails.filter(sent_at=None).delete()
        mail = _send(waiting, actor=actor, site=site, now=now)
        _record(waiting.seller, TeamChange.What.INVITED_AGAIN, waiting.email, actor=actor, now=now, after=waiting.role)
    return mail


def withdraw(invitation: Invitation, *, actor: User, now: datetime) -> None:
    """The link of the invitation opens nothing any more."""
    with _changed_by_owner(invitation.seller, actor):
        _withdraw(_waiting(invitation), actor=actor, now=now)


def accept(invitation: Invitation, user: User, *, now: datetime) -> Membership:
    """`user` is on the team; who was on it before keeps the role. Raises TeamError if the invitation is not open."""
    with _changing(invitation.seller):
        waiting = _waiting(invitation)
        if not waiting.is_open(now) or not belongs_to(user, waiting.email):
            raise TeamError("This invitation is no longer open.")
        waiting.accepted_at = now
        waiting.save(update_fields=["accepted_at"])
        member, is_new = Membership.objects.get_or_create(
            seller=waiting.seller, user=user, defaults={"role": waiting.role}
        )
        if is_new:
            wishes.welcome(member, site=waiting.site, now=now)
            _record(waiting.seller, TeamChange.What.JOINED, waiting.email, actor=user, now=now, after=member.role)
    return member


def change_role(member: Membership, role: Role, *, actor: User, now: datetime) -> None:
    """The member has this role; what an owner sent is withdrawn with that role. Raises TeamError for the last owner."""
    with _changed_by_owner(member.seller, actor):
        found = _member(member)
        if found.role == role:
            return
        if found == last_owner(member.seller):
            raise TeamError(LAST_OWNER)
        before, found.role = found.role, role
        found.save(update_fields=["role"])
        whom = found.user.get_username()
        _record(member.seller, TeamChange.What.ROLE, whom, actor=actor, now=now, before=before, after=role)
        if before == Role.OWNER:
            _close_ways_back(member.seller, found.user, actor=actor, now=now)


def remove(member: Membership, *, actor: User, now: datetime) -> None:
    """The member can open nothing of the seller any more, nor come back by an invitation; the account stays.

    Raises TeamError for the last owner.
    """
    with _changed_by_owner(member.seller, actor):
        found = _member(member)
        if found == last_owner(member.seller):
            raise TeamError(LAST_OWNER)
        Mail.objects.filter(membership=found, sent_at=None).delete()
        found.delete()
        whom = found.user.get_username()
        _record(member.seller, TeamChange.What.REMOVED, whom, actor=actor, now=now, before=found.role)
        _close_ways_back(member.seller, found.user, actor=actor, now=now)


def require_second_step(seller: Seller, *, is_required: bool, actor: User, now: datetime) -> None:
    """Nobody opens the seller's pages without two-step sign-in from now on; or it is each member's choice again."""
    with _changed_by_owner(seller, actor):
        others = Seller.objects.filter(pk=seller.pk, second_step_required_at__isnull=is_required)
        if others.update(second_step_required_at=clock.real_now() if is_required else None):
            what = TeamChange.What.SECOND_STEP_REQUIRED if is_required else TeamChange.What.SECOND_STEP_FREE
            _record(seller, what, "", actor=actor, now=now)


def reset_second_step(member: Membership, *, actor: User, site: str, now: datetime) -> Mail | None:
    """The member's password alone is enough again. Returns the letter that says so.

    Raises TeamError for one's own, which needs a code or the password, and for an account that others rely on, too.
    """
    with _changed_by_owner(member.seller, actor):
        found = _member(member)
        if found.user_id == actor.pk:
            raise TeamError("Your own is switched off under Sign-in and security.")
        if found.user.is_staff or found.user.memberships.exclude(pk=found.pk).exists():
            raise TeamError(f"{found.user.get_username()} does not work for this team alone: ask support to reset it.")
        return _switch_off(found.user, [found.seller], actor=actor, site=site, now=now)


def reset_second_step_as_support(
    member: Membership, *, actor: User, reason: str, site: str, now: datetime
) -> Mail | None:
    """As `reset_second_step`, on record with every team of the account. Raises TeamError for accounts of support."""
    with _changing(member.seller):
        found = _member(member)
        if found.user.is_staff:
            raise TeamError("Whoever runs this site does it for support: manage.py reset_second_step.")
        teams = [each.seller for each in found.user.memberships.select_related("seller").order_by("seller")]
        return _switch_off(found.user, teams, actor=actor, reason=reason, site=site, now=now)


def _switch_off(
    user: User, teams: list[Seller], *, actor: User, site: str, now: datetime, reason: str = ""
) -> Mail | None:
    try:
        letter = second_step.switch_off(user, site=site, now=now, by=actor)
    except second_step.SecondStepError as error:
        raise TeamError(str(error)) from error
    for seller in teams:
        _record(seller, TeamChange.What.SECOND_STEP_RESET, user.get_username(), actor=actor, now=now, reason=reason)
    return letter


@contextmanager
def recorded(seller: Seller, *, actor: User, now: datetime) -> Iterator[None]:
    """Whatever is done to the team inside has the same consequences and record: for support, who belongs to no team."""
    with _changing(seller):
        before = _roles(seller)
        yield
        after = _roles(seller)
        for user in sorted(before.keys() | after.keys(), key=User.get_username):
            was, now_is = before.get(user, ""), after.get(user, "")
            if was != now_is:
                whom = user.get_username()
                _record(seller, _what(was, now_is), whom, actor=actor, now=now, before=was, after=now_is)
            if (was and not now_is) or (was == Role.OWNER and now_is != was):
                _close_ways_back(seller, user, actor=actor, now=now)


def _what(was: str, now_is: str) -> TeamChange.What:
    if not now_is:
        return TeamChange.What.REMOVED
    return TeamChange.What.ROLE if was else TeamChange.What.ADDED


def _roles(seller: Seller) -> dict[User, str]:
    return {member.user: member.role for member in Membership.objects.filter(seller=seller).select_related("user")}


def _close_ways_back(seller: Seller, user: User, *, actor: User, now: datetime) -> None:
    """No invitation that this person sent, or that waits for them, opens anything any more."""
    theirs = Q(invited_by=user) | Q(email__in={user.username.lower(), user.email.lower()})
    waiting = Invitation.objects.filter(theirs, seller=seller, accepted_at=None, withdrawn_at=None)
    for invitation in waiting.order_by("email"):
        _withdraw(invitation, actor=actor, now=now)


def _withdraw(invitation: Invitation, *, actor: User, now: datetime) -> None:
    invitation.withdrawn_at = now
    invitation.save(update_fields=["withdrawn_at"])
    invitation.mails.filter(sent_at=None).delete()
    _record(invitation.seller, TeamChange.What.WITHDREW, invitation.email, actor=actor, now=now)


@contextmanager
def _changing(seller: Seller) -> Iterator[None]:
    with transaction.atomic():
        Seller.objects.select_for_update(no_key=True).get(pk=seller.pk)
        yield


@contextmanager
def _changed_by_owner(seller: Seller, actor: User) -> Iterator[None]:
    """One change of the team at a time, by somebody who is an owner at that moment."""
    with _changing(seller):
        if not Membership.objects.filter(seller=seller, user=actor, role=Role.OWNER).exists():
            raise TeamError("You are no longer an owner of this team.")
        yield


def _member(member: Membership) -> Membership:
    found = Membership.objects.select_related("user").filter(pk=member.pk).first()
    if found is None:
        raise TeamError(_GONE)
    return found


def _waiting(invitation: Invitation) -> Invitation:
    """Return the invitation as it is now. Raises TeamError if it waits for nobody any more."""
    waiting = Invitation.objects.select_related("seller").filter(
        pk=invitation.pk, nonce=invitation.nonce, accepted_at=None, withdrawn_at=None
    )
    found = waiting.first()
    if found is None:
        raise TeamError(_GONE)
    return found


def _check_letters(seller: Seller, email: str, now: datetime) -> None:
    """Raises TeamError if the team has written too much, or to this address just now. Its record is what tells."""
    written = (TeamChange.What.INVITED, TeamChange.What.INVITED_AGAIN)
    lately = TeamChange.objects.filter(seller=seller, what__in=written, at__gt=now - timedelta(days=1))
    if lately.filter(whom=email, at__gt=now - APART).exists():
        raise TeamError(f"{email} was sent an invitation less than 5 minutes ago. Wait a little before the next one.")
    if lately.count() >= MOST_A_DAY:
        raise TeamError(f"{MOST_A_DAY} invitations were sent within 24 hours, which is the most. Send more tomorrow.")


def _send(invitation: Invitation, *, actor: User, site: str, now: datetime) -> Mail:
    """The invitation has a new link, and a letter that will bring it."""
    invitation.nonce, invitation.invited_by, invitation.site = uuid.uuid4(), actor, site
    invitation.expires_at = now + VALID_FOR
    invitation.save()
    return Mail.objects.create(
        seller=invitation.seller,
        to=invitation.email,
        subject=f"Join {invitation.seller.name} in Marketplace Integration",
        invitation=invitation,
        created_at=now,
        next_try_at=now,
        expires_at=invitation.expires_at,
    )


def _record(
    seller: Seller,
    what: TeamChange.What,
    whom: str,
    *,
    actor: User,
    now: datetime,
    **more: str,
) -> None:
    """`more` are before and after, for roles, and the reason."""
    TeamChange.objects.create(
        seller=seller, at=now, actor=actor, who=actor.get_username(), what=what, whom=whom, **more
    )
