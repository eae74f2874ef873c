"""SQL that makes values of the text of cells. Pure: builds expressions, runs nothing."""

from collections.abc import Sequence

from inventory.csv_import.header import Column, currency_in
from inventory.money import CURRENCIES, SIGNS, meant_by

#: Blanks around a value, the no-break space among them.
_BLANKS = r"E' \t\r\n\u00a0\ufeff'"
_MAX_WHOLE_DIGITS = {0: 9, 4: 10}


def text_value(columns: Sequence[Column], field: str) -> str:
    """Return the trimmed text of the field's cell, NULL if it is blank or the file has no such column."""
    for index, column in enumerate(columns):
        if column.field == field:
            return _trimmed(index)
    return "NULL::text"


def _trimmed(index: int) -> str:
    """Return the cell's text, without the apostrophe that kept a program for tables from reading it as a formula."""
    is_kept_apart = rf"left(c{index}, 2) IN ('''=', '''+', '''-', '''@', E'''\t', E'''\r')"
    text = f"CASE WHEN {is_kept_apart} THEN substr(c{index}, 2) ELSE c{index} END"
    return f"nullif(btrim({text}, {_BLANKS}), '')"


def attributes_value(columns: Sequence[Column]) -> tuple[str, list[str]]:
    """Return the object of the given attributes, and the parameters it needs: the names as the file has them."""
    places = [index for index, column in enumerate(columns) if column.field == "attribute"]
    several = text_value(columns, "several")
    more = "" if several.startswith("NULL") else f" || coalesce({pairs_value(several)}, '{{}}')"
    if not places:
        return f"('{{}}'::jsonb{more})", []
    names = ", ".join("%s" for _ in places)
    values = ", ".join(_trimmed(index) for index in places)
    return f"(jsonb_strip_nulls(jsonb_object(ARRAY[{names}]::text[], ARRAY[{values}])){more})", [
        columns[index].name for index in places
    ]


#: A cell of several pairs, one a line: "Color: Red".
PAIRS = r"^([^:\n]*[^:\s][^:\n]*:[^\n]*\S[^\n]*(\n|$))*$"


def pairs_value(field: str) -> str:
    """Return the object that the lines of a cell make, NULL if it is blank or its lines are no pairs."""
    name, value = "split_part(pair, ':', 1)", "substr(pair, strpos(pair, ':') + 1)"
    return f"""CASE WHEN {field} ~ '{PAIRS}' THEN (
        SELECT jsonb_object_agg(btrim({name}, {_BLANKS}), btrim({value}, {_BLANKS}))
        FROM regexp_split_to_table({field}, '\\n') AS pair
        WHERE pair <> ''
    ) END"""  # noqa: S608 - names of our own


#: A name of a label in a cell of several, parted by semicolons or lines. One that holds such a mark itself stands in
#: quotation marks, and its own are doubled.
_LABEL = r'(?:^|[;\n])([\s\u00a0\ufeff]*"(?:[^"]|"")*"(?=[ \t\r\u00a0\ufeff]*(?:[;\n]|$))|[^;\n]*)'

#: What may stand before or behind an amount.
_UNIT = "^[A-Za-z]{3}|^[$€£¥]|[A-Za-z]{3}$|[$€£¥]$"
#: Prices beside which nothing stands.
_BARE = r"^[0-9.,]*$"


def named_currency(columns: Sequence[Column]) -> str:
    """Return the currency that the name of the column for prices says, "" if it says none."""
    return next((currency_in(column.name) for column in columns if column.field == "price"), "")


def said_currency(field: str, columns: Sequence[Column], *, at_home: str) -> str:
    """Return the currency of a price as its cell says it, else as its column does: NULL where neither does.

    What is no currency is returned as it is, so that it can be told.
    """
    named = named_currency(columns)
    signs = " ".join(f"WHEN '{sign}' THEN '{meant_by(sign, at_home=at_home)}'" for sign in SIGNS)
    unit = f"upper(substring({field} from '{_UNIT}'))"
    otherwise = f"'{named}'" if named else "NULL"
    return f"""CASE
        WHEN {field} IS NULL THEN NULL
        WHEN {field} ~ '{_BARE}' THEN {otherwise}
        ELSE coalesce(CASE {unit} {signs} ELSE {unit} END, {otherwise})
    END"""


def is_currency(field: str) -> str:
    """Return whether the text is the code of a currency."""
    codes = "', '".join(sorted(CURRENCIES))
    return f"{field} IN ('{codes}')"


def plain_number(field: str, mark: str) -> str:
    """Return the number in `field` as digits with a decimal point, NULL if it cannot be one.

    A currency sign or code at either end, blanks and thousands marks are taken off: "$1,234.50", "1.234,50 EUR".
    """
    thousands = "," if mark == "." else "."
    bare = rf"regexp_replace({field}, '^([A-Za-z]{{3}}|[$€£¥])|([A-Za-z]{{3}}|[$€£¥])$|[\s\u00a0\u202f'']', '', 'g')"
    return rf"""CASE
        WHEN {field} IS NULL THEN NULL
        WHEN {field} ~ '^[0-9]+([{mark}][0-9]*)?$' THEN replace({field}, '{mark}', '.')
        WHEN {bare} ~ '^([0-9]+|[0-9]{{1,3}}([{thousands}][0-9]{{3}})+)?([{mark}][0-9]*)?$' AND {bare} ~ '[0-9]'
            THEN replace(replace({bare}, '{thousands}', ''), '{mark}', '.')
    END"""


def number_value(plain: str, *, decimals: int) -> str:
    """Return the number of a plain one, NULL if it is too long; decimals that are zeros do not count."""
    digits = _MAX_WHOLE_DIGITS[decimals]
    some = f"[0-9]{{0,{decimals}}}" if decimals else ""
    return rf"CASE WHEN {plain} ~ '^[0-9]{{0,{digits}}}([.]{some}0*)?$' THEN {plain}::numeric END"


def labels_value(field: str) -> str:
    """Return the names in a cell as an array, each once; NULL if it is blank. Most cells hold one, found at once."""
    return rf"""CASE
        WHEN {field} ~ '[;\n"]' THEN ARRAY(
            SELECT DISTINCT name
            FROM regexp_matches({field}, '{_LABEL}', 'g') AS part, btrim(part[1], {_BLANKS}) AS said, LATERAL (
                SELECT CASE
                    WHEN said ~ '^"([^"]|"")*"$' THEN replace(substr(said, 2, length(said) - 2), '""', '"') ELSE said
                END
            ) AS meant (name)
            WHERE name <> ''
        )
        WHEN {field} IS NOT NULL THEN ARRAY[{field}]
    END"""  # noqa: S608 - names of our own


def images_value(field: str) -> str:
    """Return the addresses in a cell as a list: they are parted by blanks, bars or semicolons."""
    return rf"CASE WHEN {field} IS NOT NULL THEN to_jsonb(regexp_split_to_array({field}, '[\s|;]+')) END"
