"""The smoke's browser reads pages as a browser would."""

import pytest

from smoke.browser import PageError, _Reader


def forms_of(html: str):
    reader = _Reader("http://site/page/")
    reader.feed(html)
    return reader.all_forms()


def test_a_form_is_sent_as_it_stands_ticks_choices_and_all():
    (form,) = forms_of(
        """<form method="post" action="/save/">
        <input type="hidden" name="token" value="t"><input name="name" value="Mug &amp; more">
        <input type="checkbox" name="on" checked><input type="checkbox" name="off">
        <input type="radio" name="mode" value="a"><input type="radio" name="mode" value="b" checked>
        <select name="label"><option value="">None</option><option value="7" selected>Outlet</option></select>
        <select name="first"><option value="1">One</option><option value="2">Two</option></select>
        <textarea name="why">\nbecause</textarea><input name="locked" value="x" disabled>
        <button type="submit" name="action" value="save">Save</button><button type="button" name="no">No</button>
        </form>"""
    )

    assert form.values == {
        "token": ["t"],
        "name": ["Mug & more"],
        "on": ["on"],
        "mode": ["b"],
        "label": ["7"],
        "first": ["1"],
        "why": ["because"],
    }
    assert form.buttons == [("action", "save")]
    assert form.disabled == {"locked"}
    assert form.value_of("label", "Outlet") == "7"


def test_fields_elsewhere_on_the_page_belong_to_the_form_they_name():
    (form,) = forms_of('<form id="f" action="/a/"></form><input form="f" name="late" value="1"><input name="stray">')

    assert form.values == {"late": ["1"]}


def test_labels_say_what_a_field_is_about():
    (form,) = forms_of(
        '<form><label for="u">Units of <b>MUG-1</b></label><input id="u" name="units-1" value="2"></form>'
    )

    assert form.labels == {"units-1": "Units of MUG-1"}


def test_a_choice_that_is_not_offered_says_what_is():
    (form,) = forms_of('<form><select name="label"><option value="1">Outlet</option></select></form>')

    with pytest.raises(PageError, match="Outlet"):
        form.value_of("label", "Other")
