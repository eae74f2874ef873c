"""What the seller sells."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.expressions import RawSQL
from django.db.models.functions import Left, Upper

from inventory.models.fields import money_field, public_id_field
from inventory.models.seller import Seller

# One fingerprint of all that a content line carries; PostgreSQL keeps it, so triggers and feeds compare one column.
_CONTENT_HASH = RawSQL(  # noqa: S611 - a constant expression
    "md5(title || E'\\x1f' || description || E'\\x1f' || brand || E'\\x1f' || gtin || E'\\x1f'"
    " || images::text || E'\\x1f' || attributes::text || E'\\x1f' || variation::text"
    " || E'\\x1f' || coalesce(parent_id::text, ''))",
    [],
)

# What sellers call it in their files; the name that is ours goes first.
_CATEGORY = RawSQL("left(btrim(coalesce(attributes->>'category', attributes->>'Category', '')), 200)", [])

#: What a list by title is sorted by; longer titles that are alike so far stand by age.
TITLE_KEY = Left(Upper("title"), 60)


class Item(models.Model):
    """One thing the seller stocks, or the parent of its variations (a parent is not sellable)."""

    #: No index of its own: the unique one on (seller, SKU) serves.
    seller = models.ForeignKey(Seller, on_delete=models.CASCADE, related_name="items", db_index=False)
    public_id = public_id_field()
    sku = models.CharField("SKU", max_length=100)
    title = models.CharField(max_length=500)
    description = models.TextField(blank=True, default="")
    brand = models.CharField(max_length=200, blank=True, default="")
    #: EAN, UPC, ISBN or GTIN: 8 to 14 digits, or empty.
    gtin = models.CharField("barcode (GTIN)", max_length=14, blank=True, default="")
    #: NULL: no price yet; such an item is not sent.
    price = money_field(null=True, blank=True)
    currency = models.CharField(max_length=3)
    #: Image addresses, in order.
    images = models.JSONField(default=list, blank=True)
    #: Free attributes, name to text.
    attributes = models.JSONField(default=dict, blank=True)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="variations")
    #: Option name to value, when this is a variation of `parent`.
    variation = models.JSONField(default=dict, blank=True)
    #: A parent of variations is not sold itself.
    is_parent = models.BooleanField(default=False)
    #: Blocked items are offered nowhere.
    blocked = models.BooleanField(default=False)
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    content_hash = models.GeneratedField(
        expression=_CONTENT_HASH, output_field=models.CharField(max_length=32), db_persist=True
    )

    #: The seller's own category: the attribute of that name, where channels' categories are mapped from.
    category = models.GeneratedField(
        expression=_CATEGORY, output_field=models.CharField(max_length=200), db_persist=True
    )
    #: Says for the index below what `price` may not say: a column that an index names makes each change of it dear.
    is_priced = models.GeneratedField(
        expression=RawSQL("price IS NOT NULL", []), output_field=models.BooleanField(), db_persist=True
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["seller", "sku"], name="item_sku_once_per_seller"),
            models.CheckConstraint(condition=~models.Q(sku=""), name="item_has_sku"),
            models.CheckConstraint(
                condition=models.Q(price__gte=0) | models.Q(price=None), name="item_price_not_negative"
            ),
        ]
        indexes = [
            GinIndex(OpClass(Upper("sku"), name="gin_trgm_ops"), name="item_sku_trgm"),
            GinIndex(OpClass(Upper("title"), name="gin_trgm_ops"), name="item_title_trgm"),
            # In the orders in which the list of items can stand, beside that of SKUs.
            models.Index("seller", TITLE_KEY, "id", name="item_by_title"),
            models.Index(fields=["seller", "id"], name="item_by_age"),
            models.Index(fields=["seller", "gtin"], name="item_gtin", condition=~models.Q(gtin="")),
            # In the order in which one category is walked.
            models.Index(fields=["seller", "category", "sku"], name="item_category", condition=~models.Q(category="")),
            # The few that filters look for among many: half a second without it, at a million items. Others cost it
            # nothing.
            models.Index(
                fields=["seller", "sku"],
                name="item_set_aside",
                condition=models.Q(blocked=True) | models.Q(archived_at__isnull=False) | models.Q(is_priced=False),
            ),
        ]

    def __str__(self) -> str:
        return self.sku

    @property
    def is_sellable(self) -> bool:
        return not (self.is_parent or self.blocked or self.archived_at)
