"""SQL that makes values of the text of cells. Pure: builds expressions, runs nothing."""

from collections.abc import Sequence

from inventory.csv_import.header import Column

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
    return f"nullif(btrim(c{index}, {_BLANKS}), '')"


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


def images_value(field: str) -> str:
    """Return the addresses in a cell as a list: they are parted by blanks, bars or semicolons."""
    return rf"CASE WHEN {field} IS NOT NULL THEN to_jsonb(regexp_split_to_array({field}, '[\s|;]+')) END"
