from .capture import BulkChange, ItemChange
from .csv_import import CsvImport
from .item import Item
from .label import Label, LabelItem
from .seller import Membership, Role, Seller
from .stock import Location, Reason, Stock, StockMovement

__all__ = [
    "BulkChange",
    "CsvImport",
    "Item",
    "ItemChange",
    "Label",
    "LabelItem",
    "Location",
    "Membership",
    "Reason",
    "Role",
    "Seller",
    "Stock",
    "StockMovement",
]
