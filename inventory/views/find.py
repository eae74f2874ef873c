"""Finding a seller's own rows by the ids that stand in addresses: 404 for what belongs to others."""

from uuid import UUID

from django.shortcuts import get_object_or_404

from inventory.models import CsvImport, Item, Label
from inventory.tenancy import SellerRequest


def find_item(request: SellerRequest, public_id: UUID) -> Item:
    return get_object_or_404(Item.objects.select_related("parent"), seller=request.seller, public_id=public_id)


def find_label(request: SellerRequest, public_id: UUID) -> Label:
    return get_object_or_404(Label, seller=request.seller, public_id=public_id)


def find_import(request: SellerRequest, public_id: UUID) -> CsvImport:
    rows = CsvImport.objects.select_related("seller", "label", "location", "created_by", "undone_by")
    return get_object_or_404(rows, seller=request.seller, public_id=public_id)
