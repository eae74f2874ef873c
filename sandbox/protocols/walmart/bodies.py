"""What is told to Walmart about an order, in its own shapes."""

from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from sandbox.protocols.walmart import carriers


class Strict(BaseModel):
    """A body in which a word that Walmart does not know is an error."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)


class Units(Strict):
    unit_of_measurement: Literal["EACH", "EA"]
    amount: Annotated[str, Field(pattern=r"^[1-9]\d*$")]


class CarrierName(Strict):
    """A carrier that Walmart knows, or another."""

    carrier: str | None = None
    other_carrier: str | None = None

    @model_validator(mode="after")
    def is_one_carrier(self) -> Self:
        """Exactly one of the two names is there, and Walmart's is one of its list."""
        if bool(self.carrier) == bool(self.other_carrier):
            raise ValueError("name a carrier, or another carrier")
        if self.carrier and self.carrier not in carriers.NAMES:
            raise ValueError(f"{self.carrier!r} is none of Walmart's carriers")
        return self


class Tracking(Strict):
    ship_date_time: int
    carrier_name: CarrierName
    method_code: Literal["Standard", "Express", "OneDay", "Freight", "WhiteGlove", "Value"]
    tracking_number: Annotated[str, Field(min_length=1)]
    tracking_url: Annotated[str | None, Field(alias="trackingURL")] = None

    @model_validator(mode="after")
    def can_be_followed(self) -> Self:
        """Where a parcel of another carrier is, only the seller can tell."""
        if self.carrier_name.other_carrier and not self.tracking_url:
            raise ValueError("another carrier needs a trackingURL")
        return self


class Shipped(Strict):
    status: Literal["Shipped"]
    status_quantity: Units
    tracking_info: Tracking
    asn: dict[str, str] | None = None
    return_center_address: dict[str, Any] | None = None


class ShippedStatuses(Strict):
    order_line_status: Annotated[list[Shipped], Field(min_length=1)]


class ShippedLine(Strict):
    line_number: str
    seller_order_id: Annotated[str, Field(min_length=1, max_length=30)]
    intent_to_cancel_override: bool = False
    order_line_statuses: ShippedStatuses


class ShippedLines(Strict):
    order_line: Annotated[list[ShippedLine], Field(min_length=1)]


class ToldShipment(Strict):
    order_lines: ShippedLines


class Shipment(Strict):
    order_shipment: ToldShipment


class Cancelled(Strict):
    status: Literal["Cancelled"]
    status_quantity: Units
    cancellation_reason: str


class CancelledStatuses(Strict):
    order_line_status: Annotated[list[Cancelled], Field(min_length=1)]


class CancelledLine(Strict):
    line_number: str
    order_line_statuses: CancelledStatuses


class CancelledLines(Strict):
    order_line: Annotated[list[CancelledLine], Field(min_length=1)]


class ToldCancellation(Strict):
    order_lines: CancelledLines


class Cancellation(Strict):
    order_cancellation: ToldCancellation


class Money(Strict):
    currency: str
    amount: Decimal


class Tax(Strict):
    tax_name: str
    tax_amount: Money


class Charge(Strict):
    charge_type: str
    charge_name: str
    charge_amount: Money
    tax: Tax | None = None


class RefundCharge(Strict):
    refund_reason: str
    charge: Charge


class RefundCharges(Strict):
    refund_charge: Annotated[list[RefundCharge], Field(min_length=1)]


class Refund(Strict):
    refund_comments: str | None = None
    refund_charges: RefundCharges


class Refunds(Strict):
    refund: Annotated[list[Refund], Field(min_length=1)]


class RefundLine(Strict):
    line_number: str
    is_full_refund: bool = False
    refunds: Refunds


class RefundLines(Strict):
    order_line: Annotated[list[RefundLine], Field(min_length=1)]

    @model_validator(mode="after")
    def is_of_one_kind(self) -> Self:
        """Lines are refunded in full or in part, all of a call the same; none is named twice."""
        if len({line.is_full_refund for line in self.order_line}) > 1:
            raise ValueError("isFullRefund is the same for all lines")
        if len({line.line_number for line in self.order_line}) < len(self.order_line):
            raise ValueError("a line is named twice")
        return self


class OrderRefund(Strict):
    purchase_order_id: str
    order_lines: RefundLines


class RefundRequest(Strict):
    order_refund: OrderRefund
