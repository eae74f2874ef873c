"""Support: staff who steer sellers' channels. Everything is looked at here and changed through the same flows."""

from channels_app.admin import change_requests, channel, orders, records

__all__ = ["change_requests", "channel", "orders", "records"]
