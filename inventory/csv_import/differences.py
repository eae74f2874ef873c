"""What a good row changes of its item, in SQL: `given` is the row, `item` what the inventory has of its SKU.

Only what is given changes an item; an empty cell leaves it as it is.
"""

#: Fingerprint of an item: equal as long as nobody changes it, and again once it is changed back.
STATE = """md5(concat_ws(
    '|', {0}.content_hash, {0}.price, {0}.currency, {0}.is_parent, {0}.blocked, {0}.archived_at IS NULL
))::uuid"""

#: An archived item that an undo archived, and nobody since: a file that has it may bring it back, if its row ({0})
#: could make the item anew; a count alone does not say that it is wanted again.
CAN_COME_BACK = """{0}.title IS NOT NULL AND EXISTS (
    SELECT FROM inventory_csvimport AS undone
    JOIN inventory_importeditem AS was
        ON was.csv_import_id = undone.id AND was.is_parent = item.is_parent AND was.item_id = item.id AND was.is_new
    WHERE undone.seller_id = item.seller_id AND undone.undone_at = item.archived_at
)"""

#: The row's item is not for sale in the shop that the file comes from, so it comes on no label.
IS_HIDDEN = "coalesce(lower(given.attributes ->> 'shop status') IN ('archived', 'draft', 'private'), false)"

FIELDS = "title, description, brand, gtin, price, currency, images, attributes, variation"

NEW_VALUES = """
    coalesce(given.title, item.title), coalesce(given.description, item.description), coalesce(given.brand, item.brand),
    coalesce(given.gtin, item.gtin), coalesce(given.price, item.price), coalesce(given.currency, item.currency),
    coalesce(given.images, item.images), item.attributes || given.attributes, coalesce(given.variation, item.variation)
"""
_OLD_VALUES = ", ".join(f"item.{field}" for field in FIELDS.split(", "))

# The parent is compared by its SKU: in a preview it may be still to come.
DIFFERS = f"""(
    ({_OLD_VALUES}) IS DISTINCT FROM ({NEW_VALUES})
    OR given.parent IS NOT NULL AND given.parent IS DISTINCT FROM (
        SELECT parent.sku FROM inventory_item AS parent WHERE parent.id = item.parent_id
    )
)"""  # noqa: S608 - names of our own

#: The names of the labels that the item is on, as an array.
LABELS = """ARRAY(
    SELECT label.name::text
    FROM inventory_labelitem AS member
    JOIN inventory_label AS label ON label.id = member.label_id
    WHERE member.item_id = item.id AND member.source IN ('hand', 'rule')
    ORDER BY label.name
)"""
#: The row puts its item on a label that it is not on.
IS_LABELLED = f"(given.labels IS NOT NULL AND NOT {IS_HIDDEN} AND NOT given.labels <@ {LABELS})"
