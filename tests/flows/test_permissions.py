"""The table of design, life cycle: every state, every role, every action."""

import pytest
from django.contrib.auth.models import Permission

from channels_app.flows.permissions import (
    TABLE,
    Action,
    Actor,
    NotAllowed,
    actor_of,
    allowed,
    require,
    why_not,
)
from channels_app.models import Channel
from inventory.models import Role
from tests.factories import NOW, make_channel, make_seller, make_user

NOBODY: set[Actor] = set()
SUPPORT = {Actor.SUPPORT}
OWNER_ALONE = {Actor.OWNER}
SELLER = {Actor.MANAGER, Actor.OWNER}
OWNERS = OWNER_ALONE | SUPPORT
MANAGERS = SELLER | SUPPORT
EVERYBODY = set(Actor)

#: action -> who may in (Setup, Testing, Live). Written out a second time, so that a slip in the table shows.
EXPECTED: dict[Action, tuple[set[Actor], set[Actor], set[Actor]]] = {
    Action.VIEW: (EVERYBODY, EVERYBODY, EVERYBODY),
    Action.RENAME: (MANAGERS, MANAGERS, MANAGERS),
    Action.EDIT_LABEL: (MANAGERS, MANAGERS, MANAGERS),
    Action.EDIT_QUANTITY: (MANAGERS, MANAGERS, MANAGERS),
    Action.EDIT_PRICE: (MANAGERS, MANAGERS, MANAGERS),
    Action.EDIT_PRODUCTS: (MANAGERS, MANAGERS, MANAGERS),
    Action.EDIT_WORDS: (MANAGERS, MANAGERS, MANAGERS),
    Action.EDIT_ACCOUNT: (OWNERS, OWNERS, OWNERS),
    Action.CHECK_CONNECTION: (MANAGERS, MANAGERS, MANAGERS),
    Action.PREVIEW_FEED: (EVERYBODY, EVERYBODY, EVERYBODY),
    Action.ACTIVATE: (MANAGERS, NOBODY, NOBODY),
    Action.LISTINGS_ON: (MANAGERS, MANAGERS, SUPPORT),
    Action.LISTINGS_OFF: (MANAGERS, MANAGERS, SUPPORT),
    Action.RECONCILER_ON: (MANAGERS, MANAGERS, MANAGERS),
    Action.RECONCILER_OFF: (MANAGERS, MANAGERS, SUPPORT),
    Action.ORDERS_ON: (MANAGERS, MANAGERS, SUPPORT),
    Action.ORDERS_OFF: (MANAGERS, MANAGERS, SUPPORT),
    Action.FULFILLMENTS_ON: (MANAGERS, MANAGERS, MANAGERS),
    Action.FULFILLMENTS_OFF: (MANAGERS, MANAGERS, SUPPORT),
    Action.RUN_NOW: (NOBODY, MANAGERS, MANAGERS),
    Action.DECIDE_WITHDRAWALS: (NOBODY, MANAGERS, MANAGERS),
    Action.DEACTIVATE: (NOBODY, OWNERS, SUPPORT),
    Action.ARCHIVE: (OWNERS, NOBODY, NOBODY),
    Action.ASK_SUPPORT: (NOBODY, NOBODY, SELLER),
    Action.ASK_DEACTIVATION: (NOBODY, NOBODY, OWNER_ALONE),
    Action.WITHDRAW_REQUEST: (SELLER, SELLER, SELLER),
    Action.DECIDE_REQUEST: (SUPPORT, SUPPORT, SUPPORT),
    Action.GO_LIVE: (NOBODY, SUPPORT, NOBODY),
    Action.MOVE_TESTING_END: (NOBODY, SUPPORT, NOBODY),
    Action.BACK_TO_TESTING: (NOBODY, NOBODY, SUPPORT),
}

CELLS = [
    pytest.param(state, actor, action, id=f"{action}-{state}-{actor}")
    for action in Action
    for state in Channel.State
    for actor in Actor
]


@pytest.mark.parametrize(("state", "actor", "action"), CELLS)
def test_the_table_lets_exactly_these_act(state: Channel.State, actor: Actor, action: Action):
    column = list(Channel.State).index(state)

    assert allowed(state, actor, action) == (actor in EXPECTED[action][column])


@pytest.mark.parametrize(("state", "actor", "action"), CELLS)
def test_whoever_may_not_is_told_why_and_whoever_may_is_told_nothing(
    state: Channel.State, actor: Actor, action: Action
):
    assert bool(why_not(state, actor, action)) != allowed(state, actor, action)


def test_the_table_names_every_action():
    assert set(TABLE) == set(Action) == set(EXPECTED)


def test_a_stranger_may_do_nothing():
    assert not any(allowed(state, None, action) for state in Channel.State for action in Action)


@pytest.mark.parametrize(
    ("state", "actor", "action", "words"),
    [
        ("live", Actor.OWNER, Action.LISTINGS_OFF, "Ask support"),
        ("live", Actor.MANAGER, Action.RECONCILER_OFF, "Once on in Live, it stays on"),
        ("live", Actor.OWNER, Action.DEACTIVATE, "Ask support"),
        ("testing", Actor.MANAGER, Action.DEACTIVATE, "Only the owner"),
        ("testing", Actor.MANAGER, Action.EDIT_ACCOUNT, "Only the owner"),
        ("testing", Actor.OWNER, Action.GO_LIVE, "Only support"),
        ("testing", Actor.OWNER, Action.ACTIVATE, "already active"),
        ("testing", Actor.OWNER, Action.ASK_SUPPORT, "change this yourself"),
        ("setup", Actor.VIEWER, Action.ACTIVATE, "not change it"),
        ("setup", Actor.OWNER, Action.RUN_NOW, "not active"),
    ],
)
def test_the_reason_is_in_the_sellers_words(state: str, actor: Actor, action: Action, words: str):
    assert words in why_not(state, actor, action)


@pytest.mark.django_db
@pytest.mark.parametrize("role", list(Role))
def test_a_member_acts_in_the_role_of_the_membership(role: Role):
    channel = make_channel(make_seller())
    user = make_user(seller=channel.seller, role=role)

    assert actor_of(user, channel) == Actor(role.value)


@pytest.mark.django_db
def test_a_member_of_another_seller_is_nobody_here():
    channel = make_channel(make_seller())
    user = make_user(seller=make_seller("other"))

    assert actor_of(user, channel) is None
    with pytest.raises(NotAllowed):
        require(channel, user, Action.VIEW)


@pytest.mark.django_db
def test_staff_with_the_permission_act_as_support_and_only_where_they_say_so():
    channel = make_channel(make_seller())
    user = make_user("support@example.com")
    user.is_staff = True
    user.save()
    user.user_permissions.add(Permission.objects.get(codename="support_channels"))
    user = type(user).objects.get(pk=user.pk)

    assert actor_of(user, channel, as_support=True) is Actor.SUPPORT
    assert actor_of(user, channel) is None


@pytest.mark.django_db
def test_staff_without_the_permission_and_sellers_are_not_support():
    channel = make_channel(make_seller())
    staff, owner = make_user("staff@example.com"), make_user(seller=channel.seller)
    staff.is_staff = True
    staff.save()

    assert actor_of(staff, channel, as_support=True) is None
    assert actor_of(owner, channel, as_support=True) is None


@pytest.mark.django_db
def test_nothing_can_be_done_to_a_removed_channel():
    channel = make_channel(make_seller(), state="setup", archived_at=NOW)
    owner = make_user(seller=channel.seller)

    with pytest.raises(NotAllowed, match="removed"):
        require(channel, owner, Action.EDIT_LABEL)
