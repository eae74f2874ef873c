"""The triggers of capture.sql. Before the first release that file is edited in place; afterwards it is not."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "capture.sql").read_text(encoding="utf-8")

# Dropping a function with CASCADE drops its trigger.
REVERSE_SQL = (
    "".join(
        f"DROP FUNCTION IF EXISTS inventory_capture_{table}_{event}() CASCADE;\n"
        for table in ("item", "stock", "labelitem")
        for event in ("insert", "update", "delete")
    )
    + "DROP FUNCTION IF EXISTS inventory_capture_label_update() CASCADE;\n"
)


class Migration(migrations.Migration):
    dependencies = [("inventory", "0001_initial")]
    operations = [migrations.RunSQL(SQL, REVERSE_SQL)]
