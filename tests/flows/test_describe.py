"""What a channel is told of a product: answers from the item, in the channel's own words."""

from typing import Any

import pytest

from channels_app.adapters.types import Choice, ContentLine, Part, ProductField
from channels_app.flows.describe import Mapped, describe, field_in
from tests.adapters.contract.world import plain_content

COLOUR = ProductField(
    code="clr", name="Colour", required=True, choices=(Choice(code="B1", name="Blue"), Choice(code="R1", name="Red"))
)
TITLE = ProductField(code="name", name="Product name", required=True, usual=Part.TITLE)
SIZE = ProductField(code="size", name="Size")


def mug(**more: Any) -> ContentLine:
    line = plain_content("MUG-1")
    return ContentLine(**{name: getattr(line, name) for name in line.__slots__} | more)


def told(item: ContentLine, *fields: ProductField, **answers: str) -> Any:
    return describe(item, Mapped("MUGS", "Home > Mugs", fields, answers, {}))


@pytest.mark.parametrize(
    ("item", "answers", "value"),
    [
        ({"attributes": {"clr": "Blue"}}, {}, "B1"),
        ({"attributes": {"COLOUR": " blue "}}, {}, "B1"),
        ({"attributes": {"colour": "b1"}}, {}, "B1"),
        ({"variation": {"Colour": "Red"}, "attributes": {"colour": "Blue"}}, {}, "R1"),
        ({"attributes": {"shade": "Red", "colour": "Blue"}}, {"clr": "attribute:shade"}, "R1"),
        ({"attributes": {}}, {"clr": "text:Red"}, "R1"),
        ({"brand": "Blue"}, {"clr": "part:brand"}, "B1"),
    ],
)
def test_an_answer_is_found_where_the_seller_says_or_where_it_is_called_so(item, answers, value):
    product = told(mug(**item), COLOUR, **answers)

    assert (product.values, product.problems) == ({"clr": value}, [])


def test_what_every_item_says_of_itself_answers_unless_an_attribute_is_called_like_the_field():
    assert told(mug(), TITLE).values == {"name": "Title of MUG-1"}
    assert told(mug(attributes={"name": "A better one"}), TITLE).values == {"name": "A better one"}


def test_the_category_is_the_channels_even_if_the_item_has_one_of_its_own():
    category = ProductField(code="category", name="Category", required=True, usual=Part.CATEGORY)

    assert told(mug(attributes={"category": "Cups"}), category).values == {"category": "MUGS"}


@pytest.mark.parametrize(
    ("item", "answers", "words"),
    [
        (
            {},
            {},
            "Colour is missing, and Home > Mugs needs it. Fill in an attribute of that name, or say under Products",
        ),
        ({}, {"clr": "attribute:shade"}, "Fill in this attribute of the item: shade."),
        ({"brand": ""}, {"clr": "part:brand"}, "Fill in the item's brand."),
        ({"attributes": {"clr": "Bleu"}}, {}, "Colour: this marketplace does not know “Bleu”. It may be: Blue, Red."),
    ],
)
def test_what_is_missing_or_unknown_is_said_with_the_way_out(item, answers, words):
    (problem,) = told(mug(**item), COLOUR, **answers).problems

    assert words in problem


def test_what_nobody_asks_for_may_be_missing_and_a_long_list_is_not_read_out():
    many = ProductField(code="m", name="M", choices=tuple(Choice(code=str(n), name=f"N{n}") for n in range(12)))

    assert told(mug(), SIZE, many)[:3] == ("MUGS", {}, [])
    assert "N7 and 4 more." in told(mug(attributes={"m": "?"}), many).problems[0]


@pytest.mark.parametrize(
    ("problem", "field"),
    [
        (told(mug(attributes={}), COLOUR).problems[0], "Colour"),
        (told(mug(attributes={"colour": "Bleu"}), COLOUR).problems[0], "Colour"),
        (" ".join(told(mug(title="", attributes={"colour": "Bleu"}), COLOUR, TITLE).problems), "Colour"),
        ("The price is missing.", ""),
        ("", ""),
    ],
)
def test_a_problem_says_which_field_it_is_about(problem: str, field: str):
    assert field_in(problem) == field
