"""What can be wrong with a row, and how the seller is told. Each check is SQL over one row: NULL, or the reason.

In scope: `given` (trimmed text), `meant` (what was made of it), and, for those that look beyond the row, `item` (the
one with this SKU, if any) and `doubled`. Checks of the row alone run over every row: cheap if nothing is wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from inventory.csv_import.header import Column
from inventory.csv_import.values import PAIRS, is_currency, labels_value, named_currency


@dataclass(frozen=True, slots=True)
class Check:
    """The check concerns the file's column for `field`, and is made only if the file has one."""

    field: str
    sql: str
    #: It looks at other rows, or at the inventory.
    looks_beyond: bool = False


def _reason(condition: str, reason: str) -> str:
    return f"CASE WHEN {condition} THEN {reason} END"


def _too_long(field: str, limit: int) -> Check:
    return Check(
        field,
        _reason(
            f"length(given.{field}) > {limit}",
            f"format('%%s characters are too many: at most {limit}.', length(given.{field}))",
        ),
    )


_NEGATIVE = r"~ '^[^0-9]*[-\u2212]\s*[0-9.,]'"

# Digit by digit from the right, in whole numbers: every row's barcode goes through it.
_GTIN_SUM = "({})".format(
    " + ".join(f"meant.gtin::bigint / {10**place} %% 10 * {3 if place % 2 else 1}" for place in range(14))
)

_SAYS_CURRENCY = is_currency("meant.said")

#: What is wrong with the parent that `given` names, if `item` is what it has of that SKU and no row brings one.
ORPHANED = """CASE
    WHEN item.id IS NULL THEN format('Its parent “%%s” is neither in your inventory nor in a good row.', given.parent)
    WHEN item.archived_at IS NOT NULL THEN format('Its parent “%%s” is archived. Bring it back first.', given.parent)
    WHEN NOT item.is_parent THEN format('“%%s” is sold itself, so it cannot be a parent.', given.parent)
END"""

CHECKS: tuple[Check, ...] = (
    Check("sku", _reason("given.sku IS NULL", "'The SKU is missing.'")),
    _too_long("sku", 100),
    Check("sku", _reason("given.sku ~ '[[:cntrl:]]'", "'The SKU holds a line break or another invisible character.'")),
    Check(
        "sku",
        _reason(
            "doubled.sku IS NOT NULL",
            "format('This SKU stands on several lines: %%s. Keep one of them.', array_to_string(doubled.lines, ', '))",
        ),
        looks_beyond=True,
    ),
    Check(
        "sku",
        _reason("item.archived_at IS NOT NULL", "'This item is archived. Bring it back on its page first.'"),
        looks_beyond=True,
    ),
    # Without a title column no check would name it, so the SKU bears it.
    Check(
        "sku",
        _reason(
            "item.id IS NULL AND given.sku IS NOT NULL AND given.title IS NULL",
            "'This SKU is not in your inventory, and a new item needs a title.'",
        ),
        looks_beyond=True,
    ),
    _too_long("title", 500),
    _too_long("brand", 200),
    Check(
        "gtin",
        r"""CASE
            WHEN given.gtin IS NULL THEN NULL
            WHEN meant.gtin !~ '^([0-9]{8}|[0-9]{12,14})$' THEN CASE
                WHEN given.gtin ~* '^[0-9.,]+e[+]?[0-9]+$'
                    THEN format(
                        '“%%s” is a barcode that a spreadsheet cut short. Format the column as text.', given.gtin
                    )
                ELSE format('“%%s” is no barcode: it needs 8, 12, 13 or 14 digits.', left(given.gtin, 40))
            END
            WHEN """
        + _GTIN_SUM
        + r""" %% 10 <> 0
                THEN format('“%%s” is no barcode: its last digit does not fit the others.', given.gtin)
        END""",
    ),
    Check(
        "price",
        rf"""CASE
            WHEN given.price IS NULL THEN NULL
            WHEN meant.price IS NOT NULL AND coalesce({_SAYS_CURRENCY}, true) THEN NULL
            WHEN given.price {_NEGATIVE} THEN format('The price “%%s” is below 0.', left(given.price, 40))
            ELSE format('“%%s” is no price. Give a number, written as in the other rows.', left(given.price, 40))
        END""",
    ),
    Check(
        "price",
        _reason(
            f"meant.price IS NOT NULL AND upper(given.currency) <> meant.said AND {_SAYS_CURRENCY}",
            "format('The price is in %%s, but the row is in %%s.', meant.said, upper(left(given.currency, 40)))",
        ),
    ),
    # An explicit currency may change an item's; a sign beside a price is too little to do so.
    Check(
        "price",
        _reason(
            f"meant.price IS NOT NULL AND given.currency IS NULL AND meant.said <> item.currency AND {_SAYS_CURRENCY}",
            "format('The price is in %%s, but this item is in %%s. Only a column “currency” changes that.',"
            " meant.said, item.currency)",
        ),
        looks_beyond=True,
    ),
    Check(
        "currency",
        _reason(
            "meant.currency !~ '^[A-Z]{3}$'",
            "format('“%%s” is no currency code such as USD.', left(given.currency, 40))",
        ),
    ),
    Check(
        "quantity",
        rf"""CASE
            WHEN given.quantity IS NULL OR meant.quantity IS NOT NULL THEN NULL
            WHEN given.quantity {_NEGATIVE}
                THEN format('The quantity “%%s” is below 0. Give what is on hand: 0 or more.', left(given.quantity, 40))
            ELSE format('“%%s” is no quantity. Give a whole number.', left(given.quantity, 40))
        END""",
    ),
    Check(
        "quantity",
        _reason(
            "meant.quantity IS NOT NULL AND (item.is_parent OR meant.as_parent)",
            "'This item is a parent: its variations have stock, it has none itself.'",
        ),
        looks_beyond=True,
    ),
    Check(
        "parentage",
        """CASE
            WHEN coalesce(item.is_parent = meant.as_parent, true) THEN NULL
            WHEN item.is_parent THEN 'This item is a parent in your inventory; the file sells it itself.'
            ELSE 'This item is sold itself in your inventory, so it cannot be a parent of variations.'
        END""",
        looks_beyond=True,
    ),
    Check(
        "parent",
        _reason(
            "given.parent IS NOT NULL AND coalesce(meant.as_parent, item.is_parent)", "'A parent has no parent itself.'"
        ),
        looks_beyond=True,
    ),
    Check("parent", _reason("given.parent = given.sku", "'An item is not its own parent.'")),
    Check(
        "options",
        _reason(f"given.options !~ '{PAIRS}'", "'Options are written like “Size: Small”, each on a line of its own.'"),
    ),
    Check(
        "several",
        _reason(
            f"given.several !~ '{PAIRS}'", "'Attributes are written like “Color: Red”, each on a line of its own.'"
        ),
    ),
    Check(
        "labels",
        _reason(
            "length(given.labels) > 100"
            f" AND EXISTS (SELECT FROM unnest({labels_value('given.labels')}) AS name WHERE length(name) > 100)",
            "'The name of a label has at most 100 characters; several names are parted by semicolons.'",
        ),
    ),
    Check(
        "images",
        _reason(
            r"given.images !~* '^https?://[^\s|;]+([\s|;]+https?://[^\s|;]+)*$'",
            "format('“%%s” is no web address of an image.', left(given.images, 60))",
        ),
    ),
)


def checks_for(columns: Sequence[Column]) -> list[Check]:
    """Return the checks of the columns that the file has."""
    fields = {column.field for column in columns}
    named = named_currency(columns)
    clashes = f"meant.price IS NOT NULL AND meant.said <> '{named}'"
    of_name = Check("price", _reason(clashes, f"'The price is not in {named}, as its column says.'"))
    return [check for check in [*CHECKS, *([of_name] if named else [])] if check.field in fields]
