"""Notifications: each member chooses for themselves of what they are warned; support's visits see nothing of it."""

import pytest
from django.test import Client
from django.urls import reverse

from inventory.models import Role, Seller, WarningChoice
from inventory.support import start_visit
from inventory.wishes import WarnedOf
from marketplace_integration import clock
from tests.factories import make_seller, make_user
from tests.flows.marketplace import support

__all__ = ["support"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller() -> Seller:
    return make_seller()


@pytest.mark.parametrize(("role", "is_on"), [(Role.OWNER, True), (Role.MANAGER, False), (Role.VIEWER, False)])
@pytest.mark.parametrize("chosen", list(WarnedOf))
def test_everybody_chooses_each_warning_alone(
    client: Client, seller: Seller, role: Role, is_on: bool, chosen: WarnedOf
):
    client.force_login(make_user("ada@example.com", seller=seller, role=role))
    page = reverse("notifications", args=[seller.slug])
    other = next(of for of in WarnedOf if of != chosen)

    def shown() -> dict[str, bool]:
        form = client.get(page).context["form"]
        return {str(of): form[of].value() for of in WarnedOf}

    before = shown()
    client.post(page, {"hour": "", chosen: "on"})

    assert before == {chosen: is_on, other: is_on}
    assert shown() == {chosen: True, other: False}
    assert WarningChoice.objects.get().site == "http://testserver"


def test_a_colleagues_choice_stays(client: Client, seller: Seller):
    make_user("other@example.com", seller=seller)
    client.force_login(make_user("ada@example.com", seller=seller))

    client.post(reverse("notifications", args=[seller.slug]), {"hour": ""})

    assert [choice.membership.user.username for choice in WarningChoice.objects.all()] == ["ada@example.com"]


def test_supports_visit_sees_no_choices(client: Client, seller: Seller, support):
    start_visit(seller, staff=support, reason="Asked", minutes=30, now=clock.now())
    client.force_login(support)

    assert client.get(reverse("notifications", args=[seller.slug])).status_code == 403
