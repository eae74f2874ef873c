"""Products that the marketplace does not know yet."""

from dataclasses import replace

import pytest

from channels_app.adapters.types import Capability, ContentLine, Outcome
from channels_app.flows.describe import Mapped, describe
from tests.adapters.contract.world import exported, needs, send_content


def chosen(adapter, world) -> Mapped:
    """Return the world's category, with what is asked of it and of those that it is in."""
    needs(adapter, Capability.NEW_PRODUCTS)
    if not world.category:
        pytest.skip("no category is known of this world")
    (category,) = [one for one in adapter.list_categories() if one.code == world.category]
    told = adapter.list_fields([category.code])
    fields = [field for code in ("", *category.above, category.code) for field in told.get(code, ())]
    return Mapped(category.code, category.name, fields, {}, {})


def described(line: ContentLine, mapped: Mapped, **attributes: str) -> ContentLine:
    """Return the item as the feed would send it; it says all that is asked of it."""
    line = replace(line, attributes={**line.attributes, **attributes})
    product = describe(line, mapped)
    assert product.problems == []
    return replace(line, category=product.category, product=product.values)


class ProductPromises:
    def test_every_category_is_told_once_and_lies_in_known_ones(self, adapter, world):
        chosen(adapter, world)
        categories = list(adapter.list_categories())
        codes = [one.code for one in categories]

        assert categories
        assert len(set(codes)) == len(codes)
        assert all(one.code and one.name for one in categories)
        assert all(set(one.above) <= set(codes) for one in categories)

    def test_a_field_is_asked_once_and_can_be_answered(self, adapter, world):
        mapped = chosen(adapter, world)
        codes = [field.code for field in mapped.fields]

        assert any(field.required for field in mapped.fields)
        assert len(set(codes)) == len(codes)
        for field in mapped.fields:
            assert field.name
            assert len({choice.code for choice in field.choices}) == len(field.choices)

    def test_a_product_that_says_what_is_asked_is_listed(self, adapter, world):
        mapped = chosen(adapter, world)
        line = described(world.content("A", price="10.00", quantity=5), mapped, **world.attributes)

        sent = send_content(adapter, world, [line])

        assert sent.outcomes() == {"A": Outcome.ACCEPTED}
        assert exported(adapter, world)[1]["A"].price == line.price

    def test_a_product_that_lacks_what_is_asked_is_refused_by_the_marketplace_too(self, adapter, world):
        """The feed never sends such a one; should its knowledge be old, the marketplace says so line by line."""
        mapped = chosen(adapter, world)
        whole = described(world.content("A", price="10.00", quantity=5), mapped, **world.attributes)
        bare = described(world.content("B", price="10.00", quantity=5), mapped, **world.attributes)
        asked = {field.code for field in mapped.fields if field.required and field.usual is None}
        bare = replace(bare, product={code: said for code, said in bare.product.items() if code not in asked})

        outcomes = send_content(adapter, world, [whole, bare]).outcomes()

        assert outcomes == {"A": Outcome.ACCEPTED, "B": Outcome.REJECTED}

    def test_a_line_that_would_be_refused_is_known_beforehand(self, adapter, world):
        lacking = world.content_that_lacks_something("LACKING")

        assert adapter.why_refused(world.content("A", price="10.00", quantity=5)) == ""
        assert lacking is None or adapter.why_refused(lacking) != ""
