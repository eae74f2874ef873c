"""Column types that both apps share."""

from typing import Any

from django.db import models
from django.db.models import Func


class UuidV7(Func):
    """PostgreSQL's own time-ordered UUID (18 and later)."""

    function = "uuidv7"
    template = "%(function)s()"
    output_field = models.UUIDField()


def money_field(**kwargs: Any) -> "models.DecimalField[Any, Any]":
    """Return a column for an amount of money: numeric(14,4), quantized by its currency's exponent when it leaves."""
    return models.DecimalField(max_digits=14, decimal_places=4, **kwargs)


def public_id_field() -> "models.UUIDField[Any, Any]":
    """Return the id that stands in addresses and files; the bigint key never leaves the database."""
    return models.UUIDField(unique=True, editable=False, db_default=UuidV7())
