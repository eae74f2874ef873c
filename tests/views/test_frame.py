"""What every page stands on: signing in and out, passwords, errors, and the small blocks of ui.py."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.core import mail
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import Client

from inventory.templatetags.ui import count, duration
from marketplace_integration import clock
from tests.factories import make_seller, make_user

AT = datetime(2026, 3, 2, 12, 5, tzinfo=UTC)


def render(source: str, **context: object) -> str:
    return Template("{% load ui %}" + source).render(Context(context))


@pytest.mark.django_db
def test_signing_in_and_out(client: Client):
    make_user("owner@example.com", seller=make_seller())

    page = client.get("/sign-in/").content.decode()
    signed_in = client.post("/sign-in/", {"username": "owner@example.com", "password": "a-test-password"})
    signed_out = client.post("/sign-out/")

    assert "Sign in" in page
    assert signed_in.headers["Location"] == "/"
    assert signed_out.headers["Location"] == "/sign-in/"


@pytest.mark.django_db
def test_a_wrong_password_is_told_beside_the_form(client: Client):
    page = client.post("/sign-in/", {"username": "nobody", "password": "wrong"}).content.decode()

    assert 'role="alert"' in page


@pytest.mark.django_db
def test_a_forgotten_password_is_reset_by_mail(client: Client):
    make_user("owner@example.com")

    sent = client.post("/password/forgotten/", {"email": "owner@example.com"}, follow=True).content.decode()
    link = next(line for line in mail.outbox[0].body.splitlines() if "/password/new/" in line)
    form = client.get(link.partition("testserver")[2], follow=True).content.decode()

    assert "Check your mail" in sent
    assert "Choose a new password" in form


@pytest.mark.parametrize("name", ["403.html", "403_csrf.html", "404.html", "500.html"])
def test_error_pages_need_nothing_to_be_shown(name: str):
    assert "Back to the start" in render_to_string(name)


@pytest.mark.django_db
def test_a_page_that_does_not_exist_says_so_with_a_way_back(client: Client):
    client.force_login(make_user())

    response = client.get("/s/nowhere/marketplaces/")

    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()


@pytest.mark.django_db
def test_pages_allow_no_script_of_others_and_none_inline(client: Client):
    policy = client.get("/sign-in/").headers["Content-Security-Policy"]

    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


def test_a_time_that_has_come_is_now():
    assert render("{% until at %}", at=AT) == "now"
    assert ">in 2 days<" in render("{% until at %}", at=clock.now() + timedelta(days=2))


def test_times_are_shown_in_the_sellers_zone_with_its_name():
    request = SimpleNamespace(seller=SimpleNamespace(time_zone="Europe/Berlin"))

    shown = render("{% when at %}", at=AT, request=request)

    assert shown == '<time datetime="2026-03-02T12:05:00+00:00">2 Mar 2026, 13:05 CET</time>'


def test_a_zone_that_nobody_knows_breaks_no_page():
    assert "UTC" in render("{% when at %}", at=AT, request=SimpleNamespace(seller=SimpleNamespace(time_zone="Mars/X")))


def test_money_has_the_digits_of_its_currency():
    assert "1,250.50 EUR" in render("{% money amount 'EUR' %}", amount=Decimal("1250.5"))
    assert "1,251 JPY" in render("{% money amount 'JPY' %}", amount=Decimal("1250.5"))
    assert render("{% money None 'EUR' %}") == "–"


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (0, "1 second"),
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (900, "15 minutes"),
        (3600, "1 hour"),
        (86400, "1 day"),
    ],
)
def test_spans_are_named_by_their_largest_unit(span: int, words: str):
    assert duration(span) == words
    assert duration(timedelta(seconds=span)) == words


def test_counts_end_where_nobody_counted_further():
    assert (count(9_999), count(10_000), count(10_001), count(None)) == ("9,999", "10,000", "10,000+", "–")


def test_states_have_words_and_a_colour_and_other_text_is_escaped():
    assert 'class="badge badge-good">Live<' in render("{% badge 'live' 'Live' %}")
    assert "&lt;b&gt;" in render("{% badge text %}", text="<b>")
