"""The benchmark of pages asks every page there is."""

from django.contrib import admin

from bench.cases.pages import ADMIN, PAGES
from tests.views.addresses import FORMS, OWN, READ_ONLY, WALKS


def test_the_benchmark_asks_every_address_that_answers_get():
    assert set(PAGES) == (READ_ONLY - WALKS) | FORMS | OWN


def test_what_support_looks_up_are_lists_that_exist():
    assert set(ADMIN) <= {model._meta.model_name for model in admin.site._registry}
