"""Reasons that differ only in what belongs to one SKU have one cause, whatever the marketplace writes."""

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_app.flows.sentences import sentence_of
from channels_app.models.cause import CAUSE, SENTENCE

pytestmark = pytest.mark.django_db

SKU, QUOTED, NUMBER, GTIN = "{sku}", "{quoted}", "{number}", "{gtin}"
GAPS = (SKU, QUOTED, NUMBER, GTIN)
PAIRS = ('""', "“”", "„“", "‘’", "«»", "``", "''")

words = st.text(st.characters(categories=["Ll", "Lu"], max_codepoint=0x17F), min_size=1, max_size=9)
skus = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)
numbers = (
    st.integers(-999, 10**14).map(str) | st.decimals(0, 99999, places=2).map(str) | st.dates().map(lambda d: str(d))
)
gtins = st.from_regex(r"[0-9]{13}", fullmatch=True)
quoted = st.tuples(st.sampled_from(PAIRS), words).map(lambda both: f"{both[0][0]}{both[1]}{both[0][1]}")
#: Sentences of words and gaps, one space between them.
templates = st.lists(words | st.sampled_from(GAPS), min_size=1, max_size=8)


def _cause(*, sku: str, reason: str, code: str = "") -> tuple[str, str]:
    """Return what PostgreSQL makes of a refused listing: the sentence and the name of its cause."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {SENTENCE}, {CAUSE.sql} FROM (VALUES (%s, %s, %s, 'x'))"
            " AS listing (sku, rejected_reason, rejected_code, rejected_hash)",
            [sku, reason, code],
        )
        sentence, cause = cursor.fetchone()
    return sentence, cause


@st.composite
def fillings(draw: st.DrawFn, template: list[str]) -> tuple[str, str]:
    """Return a SKU that is none of the template's words, and the template with its gaps filled."""
    sku = draw(skus.filter(lambda sku: sku not in template and not any(sku in word for word in template)))
    by_gap = {SKU: st.just(sku), QUOTED: quoted, NUMBER: numbers, GTIN: gtins}
    return sku, " ".join(draw(by_gap[part]) if part in by_gap else part for part in template)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), templates)
def test_reasons_that_differ_only_in_sku_quoted_words_and_numbers_have_one_cause(data: st.DataObject, template):
    one, other = data.draw(fillings(template)), data.draw(fillings(template))

    assert _cause(sku=one[0], reason=one[1]) == _cause(sku=other[0], reason=other[1])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), templates, templates)
def test_reasons_with_other_words_have_other_causes(data: st.DataObject, template, another):
    one, other = data.draw(fillings(template)), data.draw(fillings(another))
    said = [[part for part in each if part not in GAPS] for each in (template, another)]

    if said[0] != said[1]:
        assert _cause(sku=one[0], reason=one[1])[1] != _cause(sku=other[0], reason=other[1])[1]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), templates)
def test_another_code_is_another_cause(data: st.DataObject, template):
    sku, reason = data.draw(fillings(template))

    assert _cause(sku=sku, reason=reason, code="A1")[1] != _cause(sku=sku, reason=reason, code="B1")[1]


@pytest.mark.parametrize(
    ("sku", "reason", "sentence"),
    [
        ("MUG-1", "The SKU MUG-1 is not allowed.", "The SKU … is not allowed."),
        ("MUG", "MUG: a SMUGGLER sells MUG.", "…: a SMUGGLER sells …."),
        ("A+B (1)", "A+B (1) has no price", "… has no price"),
        ("M", "The price 12.50 EUR is below 13,00 EUR.", "The price … EUR is below … EUR."),
        ("M", "price:10 is not stock:12", "price:… is not stock:…"),
        ("M", "The item's brand 'Acme' is not the seller's.", "The item's brand … is not the seller's."),
        ("M", "Known are “Blue”, “Green”, “Red”.", "Known are …."),
        ("M", "EAN 4006381333931 at 2026-03-02T12:00:00Z", "EAN … at …:…:…"),
        ("M", "This item has no price.", "This item has no price."),
        ("M", "", ""),
    ],
)
def test_a_sentence_keeps_what_all_skus_have_in_common(sku: str, reason: str, sentence: str):
    assert _cause(sku=sku, reason=reason)[0] == sentence
    assert sentence_of(sku, reason) == sentence


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), templates)
def test_a_sentence_is_the_same_before_sending_and_after(data: st.DataObject, template):
    sku, reason = data.draw(fillings(template))

    assert sentence_of(sku, reason) == _cause(sku=sku, reason=reason)[0]


def test_what_is_not_refused_has_no_cause():
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {CAUSE.sql} FROM (VALUES ('M', '', '', ''))"
            " AS listing (sku, rejected_reason, rejected_code, rejected_hash)"
        )
        assert cursor.fetchone() == ("",)
