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
    *(f"lacks_item_{event}" for event in ("insert", "update")),
    *(f"lacks_{table}_{event}" for table in ("stock", "labelitem") for event in ("update", "delete")),
]


def _triggers(file: str, functions: list[str]) -> migrations.RunSQL:
    return migrations.RunSQL(
        (_FOLDER / file).read_text(encoding="utf-8"), "".join(_DROP.format(name=name) for name in functions)
    )


class Migration(migrations.Migration):
    dependencies = [("inventory", "0001_initial")]
    operations = [_triggers("capture.sql", _CAPTURES), _triggers("lacks.sql", _LACKS)]
