"""The triggers of capture.sql and lacks.sql. Before the first release those are edited in place; afterwards not."""

from pathlib import Path

from django.db import migrations

_FOLDER = Path(__file__).parent.parent

# Dropping a function with CASCADE drops its triggers.
_DROP = "DROP FUNCTION IF EXISTS inventory_{name}() CASCADE;\n"
_CAPTURES = [
    *(
        f"capture_{table}_{event}"
        for table in ("item", "stock", "labelitem")
        for event in ("insert", "update", "delete")
    ),
    "capture_label_update",
]
_LACKS = [
    *("lack_levels", "may_lack"),
    *(f"lacks_item_{event}" for event in ("insert", "update")),
    *(f"lacks_{table}_{event}" for table in ("stock", "labelitem") for event in ("update", "delete")),
]
_STATISTICS = ("label", "stock", "more_than_5", "more_than_20")
_DROP_STATISTICS = "".join(f"DROP STATISTICS IF EXISTS inventory_lack_{name};\n" for name in _STATISTICS)


def _triggers(file: str, functions: list[str], and_drop: str = "") -> migrations.RunSQL:
    dropped = "".join(_DROP.format(name=name) for name in functions)
    return migrations.RunSQL((_FOLDER / file).read_text(encoding="utf-8"), dropped + and_drop)


class Migration(migrations.Migration):
    dependencies = [("inventory", "0001_initial")]
    operations = [_triggers("capture.sql", _CAPTURES), _triggers("lacks.sql", _LACKS, _DROP_STATISTICS)]
