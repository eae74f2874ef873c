from inventory.models.bulk import BulkEdit, BulkEditItem, BulkEditSlice
from inventory.models.capture import BulkChange, ItemChange
from inventory.models.csv_import import CsvImport, CsvImportChunk, CsvImportProblem, ImportedItem, ImportMapping
from inventory.models.digest import DigestChoice, DigestDay
from inventory.models.item import Item
from inventory.models.label import Label, LabelItem
from inventory.models.lack import Lack
from inventory.models.mail import Mail
from inventory.models.saved_view import SavedView
from inventory.models.second_step import SecondStep
from inventory.models.seller import Membership, Role, Seller
from inventory.models.stock import Location, Reason, Stock, StockMovement
from inventory.models.support import SupportVisit
from inventory.models.team import Invitation, TeamChange
from inventory.models.warnings import WarningChoice

__all__ = [
    "BulkChange",
    "BulkEdit",
    "BulkEditItem",
    "BulkEditSlice",
    "CsvImport",
    "CsvImportChunk",
    "CsvImportProblem",
    "DigestChoice",
    "DigestDay",
    "ImportMapping",
    "ImportedItem",
    "Invitation",
    "Item",
    "ItemChange",
    "Label",
    "LabelItem",
    "Lack",
    "Location",
    "Mail",
    "Membership",
    "Reason",
    "Role",
    "SavedView",
    "SecondStep",
    "Seller",
    "Stock",
    "StockMovement",
    "SupportVisit",
    "TeamChange",
    "WarningChoice",
]
