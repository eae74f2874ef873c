"""Lists to look up what was sold: orders, what marketplaces were told of them, parcels, returns."""

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from channels_app.admin.base import ChannelRowsAdmin, LookOnlyInline
from channels_app.models import Command, Order, OrderLine, RawOrder, Return, ReturnLine, ShippingFile
from inventory.admin.base import SellerRowsAdmin, own_currency
from inventory.admin.values import spell
from inventory.shelves import LOOK_UP


def _currency_of_order(row: Any) -> str:
    return str(row.order.currency)


class OrderLineInline(LookOnlyInline):
    model = OrderLine
    fk_column = "order"
    currency_of = staticmethod(_currency_of_order)
    fields = readonly_fields = (
        *("item_link", "title", "quantity", "shipped", "cancelled", "remote_shipped", "remote_cancelled"),
        *("amount", "refunded"),
    )

    @admin.display(description="SKU")
    def item_link(self, line: OrderLine) -> SafeString | str:
        if line.item_id is None:
            return line.sku
        return format_html('<a href="{}">{}</a>', reverse("admin:inventory_item_change", args=[line.item_id]), line.sku)


@admin.register(Order)
class OrderAdmin(ChannelRowsAdmin):
    """Without who bought and where it goes: that is seen on the seller's page, by a visit on record."""

    exclude = ("buyer", "ship_to", "printed_sheet")
    shelf = LOOK_UP
    currency_of = staticmethod(own_currency)
    list_display = ("remote_id", "of_channel", "placed_at", "payment_status", "shipping_status", "total", "attention")
    list_filter = ("shipping_status", "payment_status", "managed_by")
    search_fields = ("remote_id__exact",)
    search_help_text = "The channel's order number."
    inlines = (OrderLineInline,)
    groups = (
        ("", ("remote_id", "channel", "payment_status", "shipping_status", "total", "attention", "oversold")),
        ("When", ("placed_at", "ship_by", "imported_at", "updated_at", "accepted_at", "printed_at", "printed_by")),
        ("How the channel has it", ("remote_status", "version", "managed_by", "tax_included", "shipping")),
    )

    def heading(self, row: Order) -> str:
        return f"Order {row.remote_id} of {row.channel}"


@admin.register(RawOrder)
class RawOrderAdmin(ChannelRowsAdmin):
    """Without the body: it holds buyers' data, which support does not need."""

    words = "Orders as downloaded"
    list_display = ("remote_id", "version", "of_channel", "state", "reason", "fetched_at")
    list_filter = ("state",)
    search_fields = ("remote_id__exact",)
    search_help_text = "The channel's order number."
    exclude = ("body",)
    groups = (("", ("remote_id", "version", "channel", "state", "reason", "fetched_at")),)

    def heading(self, row: RawOrder) -> str:
        return f"Order {row.remote_id} of {row.channel} as downloaded, {spell(row.fetched_at)}"


@admin.register(Command)
class CommandAdmin(ChannelRowsAdmin):
    words = "What marketplaces were told of orders"
    list_display = ("created_at", "of_channel", "order", "kind", "state", "quantity", "reason")
    list_filter = ("state", "kind", "overdue")
    search_fields = ("order__remote_id__exact",)
    search_help_text = "The channel's order number."
    list_select_related = ("channel__seller", "order")
    currency_of = staticmethod(_currency_of_order)
    groups = (
        ("", ("order", "channel", "kind", "state", "code", "reason", "overdue")),
        ("What was to be told", ("line", "quantity", "amount", "shipping_amount", "reason_code", "restock")),
        ("When and by whom", ("created_at", "created_by", "sent_at", "closed_at", "attempts", "not_before")),
    )

    def heading(self, row: Command) -> str:
        return (
            f"{row.get_kind_display()} of order {row.order}, {spell(row.created_at)}: {row.get_state_display().lower()}"
        )


@admin.register(ShippingFile)
class ShippingFileAdmin(SellerRowsAdmin):
    words = "Files of parcels"
    shelf = LOOK_UP
    list_display = ("created_at", "seller", "file_name", "state", "confirmed_at", "finished_at")
    list_filter = ("state",)
    search_fields = ("seller__name", "file_name")
    search_help_text = "The seller, or part of the file's name."


class ReturnLineInline(LookOnlyInline):
    model = ReturnLine
    fk_column = "of_return"
    fields = readonly_fields = ("remote_id", "sku", "gtin", "quantity", "reason", "decision", "decided_at")


@admin.register(Return)
class ReturnAdmin(ChannelRowsAdmin):
    shelf = LOOK_UP
    list_display = ("remote_id", "of_channel", "order_remote_id", "order", "requested_at", "imported_at")
    search_fields = ("remote_id__exact", "order_remote_id__exact")
    search_help_text = "The channel's number of the return or of the order."
    list_select_related = ("channel__seller", "order")
    inlines = (ReturnLineInline,)

    def heading(self, row: Return) -> str:
        return f"Return {row.remote_id} of order {row.order_remote_id}"
