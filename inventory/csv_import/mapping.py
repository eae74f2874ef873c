"""What a seller said the columns of a file mean: kept, and used for every file with the same header."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from inventory.csv_import.header import Column
from inventory.models import ImportMapping, Seller

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser


def find_columns(seller: Seller, names: Sequence[str]) -> list[Column] | None:
    """Return what the seller said that columns of these names mean; None if nobody did."""
    kept = ImportMapping.objects.filter(seller=seller, header_key=_key(names)).first()
    if kept is None:
        return None
    return [Column(name, field) for name, field in zip(names, kept.fields, strict=True)]


def keep_columns(seller: Seller, columns: Sequence[Column], *, actor: "AbstractBaseUser | None", now: datetime) -> None:
    """Files with this header are read so from now on. `columns` passed `check_columns`."""
    names = [column.name for column in columns]
    ImportMapping.objects.update_or_create(
        seller=seller,
        header_key=_key(names),
        defaults={
            "names": names,
            "fields": [column.field for column in columns],
            "changed_by_id": actor.pk if actor else None,
            "changed_at": now,
        },
    )


def _key(names: Sequence[str]) -> str:
    return hashlib.sha256("\x1f".join(names).encode()).hexdigest()
