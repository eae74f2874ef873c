"""The bodies of the native protocol, as its OpenAPI document shows them."""

from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, Field


class TokenRequest(BaseModel):
    """Client credentials."""

    client_id: str = Field(description="Opens the account of that name; created at first use in open registration.")
    client_secret: str = Field(description='Any text but "bad", unless the account was made with a secret.')


class SubmissionLine(BaseModel):
    """One line; which fields are needed depends on the kind."""

    sku: str = Field(max_length=100, description="Ends in -REJECT: rejected. Ends in -SLOW: pending for three polls.")
    title: str | None = Field(None, description="content: needed, at most 255 characters")
    description: str | None = None
    brand: str | None = None
    gtin: str | None = Field(None, description="8, 12, 13 or 14 digits")
    images: list[str] | None = None
    attributes: dict[str, Any] | None = None
    price: Decimal | None = Field(None, description="offer, price: needed. content: optional")
    currency: str | None = Field(None, description="must be the account's")
    quantity: int | None = Field(None, description="absolute. offer, quantity: needed. content: optional, 0 if new")


class SubmissionRequest(BaseModel):
    """A file of lines."""

    kind: Literal["content", "offer", "quantity", "price", "withdraw"]
    lines: list[SubmissionLine] = Field(min_length=1, max_length=10_000)


class SubmissionIds(BaseModel):
    """Which submissions to look at."""

    submission_ids: list[str] = Field(max_length=500)


class ShipmentLine(BaseModel):
    """How many of a line are in the parcel."""

    line_id: str
    quantity: int = Field(ge=1)


class Shipment(BaseModel):
    """One parcel."""

    lines: list[ShipmentLine]
    carrier_code: str
    carrier_name: str | None = Field(None, description="needed with the carrier code OTHER")
    tracking_number: str | None = None
    shipped_at: str | None = Field(None, description="ISO 8601; now, if absent")


class CancellationLine(ShipmentLine):
    """How many of a line will not be shipped, and why."""

    reason: str = Field(description="a code of the account's cancel_reasons")


class Cancellation(BaseModel):
    """Lines that will not be shipped."""

    lines: list[CancellationLine]


class RefundLine(BaseModel):
    """Money given back for a line."""

    line_id: str
    quantity: int = Field(0, ge=0, description="how many the refund stands for; 0 for goodwill")
    amount: Decimal = Decimal(0)
    tax: Decimal | None = Field(None, description="only where prices do not include tax")
    shipping_amount: Decimal | None = None
    reason: str = Field(description="a code of the account's refund_reasons")
    restock: bool | None = None


class Refund(BaseModel):
    """Money given back."""

    lines: list[RefundLine]
