"""Who may do what to a channel, in which state: the one table that flows, pages and admin read (design, life cycle)."""

from dataclasses import dataclass, field
from enum import StrEnum

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied

from channels_app.models import Channel
from inventory.models import Membership, Role
from inventory.support import is_support

State = Channel.State


class Actor(StrEnum):
    """In which role somebody acts. One person may be several: support is only who acts in the admin."""

    VIEWER = "viewer"
    MANAGER = "manager"
    OWNER = "owner"
    SUPPORT = "support"


class Action(StrEnum):
    VIEW = "view"
    RENAME = "rename"
    EDIT_LABEL = "edit_label"
    EDIT_QUANTITY = "edit_quantity"
    EDIT_PRICE = "edit_price"
    EDIT_WORDS = "edit_words"
    EDIT_PRODUCTS = "edit_products"
    EDIT_ACCOUNT = "edit_account"
    CHECK_CONNECTION = "check_connection"
    PREVIEW_FEED = "preview_feed"
    ACTIVATE = "activate"
    LISTINGS_ON = "listings_on"
    LISTINGS_OFF = "listings_off"
    RECONCILER_ON = "reconciler_on"
    RECONCILER_OFF = "reconciler_off"
    ORDERS_ON = "orders_on"
    ORDERS_OFF = "orders_off"
    FULFILLMENTS_ON = "fulfillments_on"
    FULFILLMENTS_OFF = "fulfillments_off"
    RUN_NOW = "run_now"
    DECIDE_WITHDRAWALS = "decide_withdrawals"
    DEACTIVATE = "deactivate"
    ARCHIVE = "archive"
    ASK_SUPPORT = "ask_support"
    ASK_DEACTIVATION = "ask_deactivation"
    WITHDRAW_REQUEST = "withdraw_request"
    DECIDE_REQUEST = "decide_request"
    GO_LIVE = "go_live"
    MOVE_TESTING_END = "move_testing_end"
    BACK_TO_TESTING = "back_to_testing"


class NotAllowed(PermissionDenied):
    """The table says no. The message is for the person who asked; uncaught, it becomes a 403 page."""


_NOBODY: frozenset[Actor] = frozenset()
_SUPPORT = frozenset({Actor.SUPPORT})
_SELLER_OWNER = frozenset({Actor.OWNER})
_SELLER = frozenset({Actor.MANAGER, Actor.OWNER})
_OWNER = _SELLER_OWNER | _SUPPORT
_MANAGER = _SELLER | _SUPPORT
_ALL = frozenset(Actor)

_ALREADY_ACTIVE = "This channel is already active."
_NOT_ACTIVE = "This channel is not active."
_TESTING_ONLY = "This is possible in Testing only."
_LIVE_ONLY = "Support is asked about Live channels only; until then you can change this yourself."
_LIVE_LOCKS = "The channel is Live, which locks this. Ask support to change it."
_LIVE_STAYS_ON = "Once on in Live, it stays on. Ask support to switch it off."


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Who may, by state; and the sentence for those whom the state alone keeps from it."""

    setup: frozenset[Actor]
    testing: frozenset[Actor]
    live: frozenset[Actor]
    #: State -> why not now.
    because: dict[State, str] = field(default_factory=dict)

    def actors(self, state: str) -> frozenset[Actor]:
        return {State.SETUP: self.setup, State.TESTING: self.testing, State.LIVE: self.live}[State(state)]

    def ever(self) -> frozenset[Actor]:
        return self.setup | self.testing | self.live


def _always(actors: frozenset[Actor]) -> Rule:
    return Rule(setup=actors, testing=actors, live=actors)


def _running(actors: frozenset[Actor]) -> Rule:
    return Rule(setup=_NOBODY, testing=actors, live=actors, because={State.SETUP: _NOT_ACTIVE})


def _locked_by_live(actors: frozenset[Actor], why: str = _LIVE_LOCKS) -> Rule:
    return Rule(setup=actors, testing=actors, live=_SUPPORT, because={State.LIVE: why})


def _asked_in_live(actors: frozenset[Actor]) -> Rule:
    return Rule(
        setup=_NOBODY,
        testing=_NOBODY,
        live=actors,
        because={State.SETUP: _LIVE_ONLY, State.TESTING: _LIVE_ONLY},
    )


TABLE: dict[Action, Rule] = {
    Action.VIEW: _always(_ALL),
    Action.RENAME: _always(_MANAGER),
    Action.EDIT_LABEL: _always(_MANAGER),
    Action.EDIT_QUANTITY: _always(_MANAGER),
    Action.EDIT_PRICE: _always(_MANAGER),
    Action.EDIT_PRODUCTS: _always(_MANAGER),
    Action.EDIT_WORDS: _always(_MANAGER),
    Action.EDIT_ACCOUNT: _always(_OWNER),
    Action.CHECK_CONNECTION: _always(_MANAGER),
    Action.PREVIEW_FEED: _always(_ALL),
    Action.ACTIVATE: Rule(
        setup=_MANAGER,
        testing=_NOBODY,
        live=_NOBODY,
        because={State.TESTING: _ALREADY_ACTIVE, State.LIVE: _ALREADY_ACTIVE},
    ),
    Action.LISTINGS_ON: _locked_by_live(_MANAGER),
    Action.LISTINGS_OFF: _locked_by_live(_MANAGER),
    Action.RECONCILER_ON: _always(_MANAGER),
    Action.RECONCILER_OFF: _locked_by_live(_MANAGER, _LIVE_STAYS_ON),
    Action.ORDERS_ON: _locked_by_live(_MANAGER),
    Action.ORDERS_OFF: _locked_by_live(_MANAGER),
    Action.FULFILLMENTS_ON: _always(_MANAGER),
    Action.FULFILLMENTS_OFF: _locked_by_live(_MANAGER, _LIVE_STAYS_ON),
    Action.RUN_NOW: _running(_MANAGER),
    Action.DECIDE_WITHDRAWALS: _running(_MANAGER),
    Action.DEACTIVATE: Rule(
        setup=_NOBODY,
        testing=_OWNER,
        live=_SUPPORT,
        because={State.SETUP: _NOT_ACTIVE, State.LIVE: _LIVE_LOCKS},
    ),
    Action.ARCHIVE: Rule(
        setup=_OWNER,
        testing=_NOBODY,
        live=_NOBODY,
        because={
            State.TESTING: "An active channel cannot be removed: deactivate it first.",
            State.LIVE: "An active channel cannot be removed: deactivate it first.",
        },
    ),
    Action.ASK_SUPPORT: _asked_in_live(_SELLER),
    Action.ASK_DEACTIVATION: _asked_in_live(_SELLER_OWNER),
    Action.WITHDRAW_REQUEST: _always(_SELLER),
    Action.DECIDE_REQUEST: _always(_SUPPORT),
    Action.GO_LIVE: Rule(
        setup=_NOBODY,
        testing=_SUPPORT,
        live=_NOBODY,
        because={State.SETUP: _NOT_ACTIVE, State.LIVE: "This channel is Live already."},
    ),
    Action.MOVE_TESTING_END: Rule(
        setup=_NOBODY,
        testing=_SUPPORT,
        live=_NOBODY,
        because={State.SETUP: _TESTING_ONLY, State.LIVE: _TESTING_ONLY},
    ),
    Action.BACK_TO_TESTING: Rule(
        setup=_NOBODY,
        testing=_NOBODY,
        live=_SUPPORT,
        because={State.SETUP: _NOT_ACTIVE, State.TESTING: "This channel is in Testing already."},
    ),
}


def allowed(state: str, actor: Actor | None, action: Action) -> bool:
    """Say whether the table lets `actor` do this in this state; nobody (None) may do nothing."""
    return actor in TABLE[action].actors(state)


def why_not(state: str, actor: Actor | None, action: Action) -> str:
    """Return the sentence that tells the person why this is not possible, or "" if it is."""
    rule = TABLE[action]
    if allowed(state, actor, action):
        return ""
    if actor is None or actor is Actor.VIEWER:
        return "You can look at this channel, but not change it. Ask a manager or the owner."
    if actor in rule.ever() and State(state) in rule.because:
        return rule.because[State(state)]
    if actor is Actor.MANAGER and Actor.OWNER in rule.ever():
        return "Only the owner may do this."
    if actor is Actor.SUPPORT:
        return rule.because.get(State(state), "Only the seller may do this.")
    return rule.because.get(State(state), "Only support may do this.")


def actor_of(
    user: AbstractBaseUser | AnonymousUser | None, channel: Channel, *, as_support: bool = False
) -> Actor | None:
    """Return in which role `user` acts on `channel`: their membership's, or support for staff with that permission."""
    if user is None or not user.is_active:
        return None
    if as_support:
        return Actor.SUPPORT if is_support(user) else None
    role = (
        Membership.objects.filter(user_id=user.pk, seller_id=channel.seller_id).values_list("role", flat=True).first()
    )
    return None if role is None else actor_of_role(role)


def actor_of_role(role: str) -> Actor:
    """Return the actor that a membership's role makes."""
    return {Role.OWNER: Actor.OWNER, Role.MANAGER: Actor.MANAGER, Role.VIEWER: Actor.VIEWER}[Role(role)]


def require(channel: Channel, user: AbstractBaseUser | None, action: Action, *, as_support: bool = False) -> None:
    """Return if `user` may do this to `channel` as it stands. Raises NotAllowed with the reason."""
    actor = actor_of(user, channel, as_support=as_support)
    if not allowed(channel.state, actor, action):
        raise NotAllowed(why_not(channel.state, actor, action))
    if channel.archived_at is not None and action is not Action.VIEW:
        raise NotAllowed("This channel was removed.")
