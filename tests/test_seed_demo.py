"""The demo is there after one call, and a second one changes nothing."""

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.urls import reverse

from channels_app.models import Channel
from inventory import labels
from inventory.gtin import is_gtin
from inventory.models import Item, Label, Seller, Stock, StockMovement
from inventory.support import is_support

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(capsys):
    call_command("seed_demo")
    return Seller.objects.get(slug="harbor-and-pine")


def test_the_demo_has_items_with_stock_labels_and_a_channel_in_setup(demo):
    assert Item.objects.filter(seller=demo).count() >= 60
    assert all(is_gtin(gtin) for gtin in Item.objects.exclude(gtin="").values_list("gtin", flat=True))
    assert Item.objects.get(sku="HP-APR").variations.count() == 3
    assert Stock.objects.filter(on_hand__gt=0).count() > 50
    assert {label.name: bool(labels.member_count(label)) for label in Label.objects.all()} == {
        "Sandbox": True,
        "Small gifts": True,
    }
    channel = Channel.objects.get(seller=demo)
    assert (channel.state, channel.label, channel.settings) == ("setup", None, {})


def test_its_people_can_sign_in_and_see_what_they_may(demo, client):
    for email in ("seller@example.com", "manager@example.com", "viewer@example.com"):
        signed_in = client.post(reverse("sign_in"), {"username": email, "password": "demo-seller"}, follow=True)
        assert signed_in.redirect_chain[-1][0] == reverse("home", args=[demo.slug])
        client.post(reverse("sign_out"))
    client.post(reverse("sign_in"), {"username": "support@example.com", "password": "demo-support"})
    support = client.get(reverse("admin:index")).wsgi_request.user
    assert is_support(support)
    assert not support.is_superuser


@pytest.mark.parametrize("model", ["seller", "item", "label", "location", "stockmovement", "csvimport"])
def test_support_looks_at_the_inventory_and_changes_nothing(demo, client, model):
    client.post(reverse("sign_in"), {"username": "support@example.com", "password": "demo-support"})

    assert client.get(reverse(f"admin:inventory_{model}_changelist")).status_code == 200
    assert client.get(reverse(f"admin:inventory_{model}_add")).status_code == 403


def test_support_cannot_add_people_to_a_seller_but_a_superuser_can(demo, client):
    url = reverse("admin:inventory_seller_change", args=[demo.pk])
    newcomer = User.objects.create_user("new@example.com")
    data = {
        "name": "Harbor & Pine",
        "slug": demo.slug,
        "time_zone": "UTC",
        "currency": "USD",
        "memberships-TOTAL_FORMS": 1,
        "memberships-INITIAL_FORMS": 0,
        "memberships-0-seller": demo.pk,
        "memberships-0-user": newcomer.pk,
        "memberships-0-role": "viewer",
        "_save": "Save",
    }

    client.force_login(User.objects.get(username="support@example.com"))
    assert client.post(url, data).status_code == 403
    client.force_login(User.objects.create_superuser("root@example.com"))
    assert client.post(url, data).status_code == 302
    assert demo.memberships.filter(user=newcomer).exists()


def test_a_second_call_changes_nothing(demo):
    before = (Item.objects.count(), StockMovement.objects.count(), Channel.objects.count())
    Item.objects.filter(sku="HP-LAN-01").update(title="Mine now")

    call_command("seed_demo")

    assert (Item.objects.count(), StockMovement.objects.count(), Channel.objects.count()) == before
    assert Item.objects.get(sku="HP-LAN-01").title == "Mine now"
