"""Brings a file as a seller would, in tests."""

from inventory.csv_import import imports
from inventory.models import CsvImport
from tests.factories import NOW


def bring(seller, content, *, confirm=True, label=None, location=None, part_bytes=1_000_000):
    """Receive and read `content` (text or bytes), and apply it if it can be. Returns the import as it then stands."""
    data = content.encode() if isinstance(content, str) else content
    parts = [data[start : start + part_bytes] for start in range(0, len(data), part_bytes)]
    csv_import = imports.receive(
        seller, parts, file_name="items.csv", location=location, label=label, actor=None, now=NOW
    )
    imports.run(csv_import.pk, now=NOW)
    if confirm and imports.confirm(csv_import):
        imports.run(csv_import.pk, now=NOW)
    return CsvImport.objects.get(pk=csv_import.pk)


def reasons(csv_import):
    """Return line -> all reasons, as one text."""
    return {
        problem.line: " ".join(reason["reason"] for reason in problem.reasons)
        for problem in csv_import.problems.order_by("line")
    }
