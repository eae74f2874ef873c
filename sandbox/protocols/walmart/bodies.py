"""What is told to Walmart about an order, in its own shapes."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Strict(BaseModel):
    """A body in which a word that Walmart does not know is an error."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)


class Units(Strict):
    unit_of_measurement: str
    amount: str


class CarrierName(Strict):
    carrier: str | None = None
    other_carrier: str | None = None


class Tracking(Strict):
    ship_date_time: int
    carrier_name: CarrierName
    method_code: str
    tracking_number: str
    tracking_url: Annotated[str | None, Field(alias="trackingURL")] = None


class Status(Strict):
    status: str
    status_quantity: Units
    cancellation_reason: str | None = None
    tracking_info: Tracking | None = None


class Statuses(Strict):
    order_line_status: list[Status]


class Line(Strict):
    line_number: str
    seller_order_id: str | None = None
    intent_to_cancel_override: bool | None = None
    order_line_statuses: Statuses


class Lines(Strict):
    order_line: list[Line]


class Told(Strict):
    order_lines: Lines


class Shipment(Strict):
    order_shipment: Told


class Cancellation(Strict):
    order_cancellation: Told


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
    refund_charge: list[RefundCharge]


class Refund(Strict):
    refund_comments: str | None = None
    refund_charges: RefundCharges


class Refunds(Strict):
    refund: list[Refund]


class RefundLine(Strict):
    line_number: str
    is_full_refund: bool = False
    refunds: Refunds


class RefundLines(Strict):
    order_line: list[RefundLine]


class OrderRefund(Strict):
    purchase_order_id: str
    order_lines: RefundLines


class RefundRequest(Strict):
    order_refund: OrderRefund
