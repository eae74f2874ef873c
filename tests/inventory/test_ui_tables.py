"""Cells of tables: names that stay whole, and what a card leaves out."""

from django.template import Context, Template

from inventory.templatetags.ui import WHOLE_UP_TO, whole


def render(row: str) -> str:
    """Return a table of cards with this row."""
    text = f'{{% load ui %}}{{% table label="Rows" cards=True %}}<tbody><tr>{row}</tr></tbody>{{% endtable %}}'
    return Template(text).render(Context({"nothing": None}))


def test_a_short_sku_stays_on_one_line_and_a_long_one_may_break():
    assert whole("HP-APR-M") == '<span class="nowrap">HP-APR-M</span>'
    assert whole("X" * WHOLE_UP_TO).startswith('<span class="nowrap">')
    assert whole("X" * (WHOLE_UP_TO + 1)).startswith('<span class="breaks">')


def test_what_is_in_a_name_is_escaped():
    assert whole("<b>") == '<span class="nowrap">&lt;b&gt;</span>'


def test_a_cell_with_only_a_dash_is_marked_as_empty():
    assert render('<td data-label="Why">–</td>').count("data-empty") == 1
    assert render('<td class="number" data-label="Price">{% money nothing %}</td>').count("data-empty") == 1
    assert render('<td data-label="Why"><span>\n<span class="muted">–</span></span></td>').count("data-empty") == 1


def test_a_cell_with_anything_beside_the_dash_stays():
    assert "data-empty" not in render('<td data-label="Why"><span>– <a href="/">Why?</a></span></td>')
    assert "data-empty" not in render('<td data-label="Next"><span>–<span class="row-note">off</span></span></td>')
    assert "data-empty" not in render('<td data-label="Price">10.00 EUR</td>')


def test_only_cells_that_a_card_names_are_marked():
    assert "data-empty" not in render('<td class="tick">–</td>')
