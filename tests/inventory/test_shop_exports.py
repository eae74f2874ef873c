"""What Shopify and WooCommerce export goes in as sellers have it: parents, variations, images, prices, stock."""

from decimal import Decimal
from pathlib import Path

import pytest

from inventory.csv_import import imports, staging
from inventory.csv_import.layouts.markup import text_of
from inventory.models import ImportedItem, Item, Stock
from tests.factories import NOW, make_item, make_label, make_seller, make_user
from tests.inventory.csv_files import bring, reasons

pytestmark = pytest.mark.django_db

SHOPIFY_APPAREL = Path(__file__).parents[3] / "shared" / "data" / "shopify_apparel.csv"

SHOPIFY = """\
Handle,Title,Body (HTML),Vendor,Type,Tags,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,\
Variant Grams,Variant Inventory Qty,Variant Price,Variant Barcode,Image Src,Image Position,Variant Image,Status
"""
SHIRT = """\
shirt,Shirt,<p>Soft &amp; warm.</p><ul><li>Cotton</li></ul>,Loom,Tops,"blue, men",Color,Navy blue,Size,S/M,,200,3,\
12.50,'4006381333931,https://cdn.test/back.jpg,2,https://cdn.test/navy.jpg,active
shirt,,,,,,,Red,,L,RED-L,,-2,13,,https://cdn.test/front.jpg,1,,
shirt,,,,,,,,,,,,,,,https://cdn.test/side.jpg,3,,
"""
MUG = "mug,Mug,Plain words,Kiln,Cups,,Title,Default Title,,,MUG-1,0,5,4,,https://cdn.test/mug.jpg,1,,draft\n"

WOO = """\
ID,Type,SKU,"GTIN, UPC, EAN, or ISBN",Name,Published,Short description,Description,In stock?,Stock,Weight (kg),\
Sale price,Regular price,Categories,Images,Parent,Attribute 1 name,Attribute 1 value(s)
"""


@pytest.fixture
def seller():
    return make_seller()


def item(sku):
    return Item.objects.select_related("parent").get(sku=sku)


# Shopify -------------------------------------------------------------------------------------------------------------


def test_a_product_of_shopify_is_a_parent_with_its_variations(seller):
    csv_import = bring(seller, SHOPIFY + SHIRT)

    parent, navy, red = item("shirt"), item("shirt_navy-blue_s-m"), item("RED-L")
    assert (csv_import.layout, csv_import.summary["errors"]) == ("shopify", 0)
    assert parent.is_parent
    assert (navy.parent, red.parent) == (parent, parent)
    assert navy.variation == {"Color": "Navy blue", "Size": "S/M"}
    assert red.title == "Shirt - Red / L"
    assert (navy.price, red.price, parent.price) == (Decimal("12.50"), Decimal("13"), None)


def test_what_a_variant_says_for_itself_and_what_its_product_says_stand_on_it(seller):
    bring(seller, SHOPIFY + SHIRT)

    navy = item("shirt_navy-blue_s-m")
    assert navy.description == "Soft & warm.\n\n• Cotton"
    assert (navy.brand, navy.gtin) == ("Loom", "4006381333931")
    assert navy.attributes == {"category": "Tops", "weight": "200 g", "tags": "blue, men"}
    assert navy.images == [f"https://cdn.test/{name}.jpg" for name in ("navy", "front", "back", "side")]


def test_a_count_below_zero_is_none_on_hand(seller):
    bring(seller, SHOPIFY + SHIRT)

    assert item("shirt_navy-blue_s-m").stock.get().on_hand == 3
    assert not item("RED-L").stock.filter(on_hand__gt=0).exists()
    assert not item("shirt").stock.exists()


def test_the_single_option_that_shopify_gives_every_product_makes_a_plain_item(seller):
    bring(seller, SHOPIFY + MUG)

    mug = Item.objects.get()
    assert (mug.sku, mug.title, mug.is_parent, mug.parent, mug.variation) == ("MUG-1", "Mug", False, None, {})
    assert mug.attributes == {"category": "Cups", "shop status": "draft"}
    assert mug.stock.get().on_hand == 5


def test_skus_are_proposed_once_and_are_the_same_the_next_time(seller):
    first = bring(seller, SHOPIFY + SHIRT)
    again = bring(seller, SHOPIFY + SHIRT)

    assert (first.summary["proposed_skus"], first.summary["proposed_example"]) == (1, "shirt_navy-blue_s-m")
    assert (again.summary["new"], again.summary["changed"]) == (0, 0)
    assert Item.objects.count() == 3


@pytest.mark.parametrize("status", ["draft", "Archived"])
def test_what_the_shop_does_not_show_stays_off_the_label_and_is_counted(seller, client, status):
    client.force_login(make_user(seller=seller))
    label = make_label(seller)
    text = SHOPIFY + SHIRT + MUG.replace("draft", status)

    preview = bring(seller, text, label=label, confirm=False)
    page = client.get(f"/s/{seller.slug}/imports/{preview.public_id}/").content.decode()
    imports.confirm(preview)
    imports.run(preview.pk, now=NOW)

    assert preview.summary["hidden"] == 1
    assert "so it is not put on" in page
    assert set(label.label_items.values_list("item__sku", flat=True)) == {"shirt", "shirt_navy-blue_s-m", "RED-L"}
    assert not ImportedItem.objects.filter(item_id=item("MUG-1").pk, labels_before__isnull=False).exists()


def test_what_nobody_counts_in_the_shop_keeps_the_count_it_has_here(seller):
    header = "Handle,Title,Option1 Value,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Price\n"
    make_item(seller, "M1", on_hand=7)
    make_item(seller, "M2", on_hand=7)

    bring(seller, f"{header}mug,Mug,,M1,,0,5\ncup,Cup,,M2,shopify,0,5\n")

    assert [item(sku).stock.get().on_hand for sku in ("M1", "M2")] == [7, 0]


def test_todays_names_of_the_columns_are_known_too(seller):
    header = "Title,URL handle,Description,Product category,Option1 name,Option1 value,SKU,Price,Inventory quantity"
    csv_import = bring(seller, f"{header}\nCap,cap,<b>Warm</b>,Hats,Title,Default Title,,9,4\n")

    cap = Item.objects.get()
    assert csv_import.layout == "shopify"
    assert (cap.sku, cap.description, cap.price, cap.attributes) == ("cap", "Warm", Decimal(9), {"category": "Hats"})


def test_a_variant_with_the_handle_as_its_sku_leaves_another_to_the_parent(seller):
    rows = "cup,Cup,,,,,Size,S,,,cup,,1,4,,,,,\ncup,,,,,,,L,,,cup-l,,1,5,,,,,\n"

    bring(seller, SHOPIFY + rows)

    assert item("cup").parent == item("cup_parent")


def test_a_row_of_another_width_does_not_tear_its_product_apart(seller):
    lines = (SHOPIFY + SHIRT).splitlines()
    lines.insert(2, "shirt,broken")

    csv_import = bring(seller, "\n".join(lines))

    assert list(reasons(csv_import)) == [3]
    assert item("RED-L").parent == item("shirt")


def test_variations_of_a_refused_parent_are_refused_with_the_reason(seller):
    make_item(seller, "shirt", title="Sold itself", on_hand=2)

    csv_import = bring(seller, SHOPIFY + SHIRT + MUG)

    told = csv_import.problems.order_by("number")
    assert [problem.line for problem in told] == [2, 2, 3]
    assert "cannot be a parent" in reasons(csv_import)[2]
    assert "“shirt” is sold itself" in reasons(csv_import)[3]
    assert set(Item.objects.values_list("sku", flat=True)) == {"shirt", "MUG-1"}


def test_bad_rows_of_a_foreign_file_come_back_in_our_columns_and_go_in_once_mended(seller, client):
    client.force_login(make_user(seller=seller))
    csv_import = bring(seller, SHOPIFY + SHIRT.replace(",13,,", ",dear,,"))
    assert "no price" in reasons(csv_import)[3]

    bad = client.get(f"/s/{seller.slug}/imports/{csv_import.public_id}/bad-rows.csv")
    text = b"".join(bad.streaming_content).decode("utf-8-sig")
    mended = bring(seller, text.replace("dear", "13"))

    assert mended.summary["errors"] == 0
    assert (item("RED-L").parent, item("RED-L").variation) == (item("shirt"), {"Color": "Red", "Size": "L"})


@pytest.mark.skipif(not SHOPIFY_APPAREL.exists(), reason="the real file is not here")
def test_a_real_export_of_shopify_goes_in_whole(seller):
    csv_import = bring(seller, SHOPIFY_APPAREL.read_bytes())

    assert csv_import.summary["errors"] == 0
    assert item("classic-varsity-top").variations.count() == 3
    assert item("classic-varsity-top_small").variation == {"Size": "Small"}
    assert not Stock.objects.exists()  # its tracker is empty throughout: nobody counts there
    assert csv_import.summary["proposed_skus"] == Item.objects.filter(is_parent=False).count()


STOCK = (
    "Handle,Title,Option1 Name,Option1 Value,SKU,HS Code,Location,"
    "Available (not editable),On hand (current),On hand (new)\n"
)
COUNTS = """\
shirt,Shirt,Color,Navy blue,,,Main warehouse,3,5,
shirt,Shirt,Color,Navy blue,,,Shop,1,2,
shirt,Shirt,Color,Red,RED,,Main warehouse,0,-4,
shirt,Shirt,Color,Red,RED,,Shop,0,1,
mug,Mug,Title,Default Title,,,Main warehouse,1,1,9
mug,Mug,Title,Default Title,,,Shop,not stocked,not stocked,
"""


def test_the_counts_of_all_locations_of_shopify_come_together(seller):
    for sku in ("shirt_navy-blue", "RED", "mug"):
        make_item(seller, sku)

    csv_import = bring(seller, STOCK + COUNTS)

    assert (csv_import.layout, csv_import.summary["errors"]) == ("shopify_stock", 0)
    assert [item(sku).stock.first() and item(sku).stock.get().on_hand for sku in ("shirt_navy-blue", "RED", "mug")] == [
        7,
        None,
        9,
    ]


def test_where_the_seller_has_several_locations_the_one_of_the_same_name_counts(seller):
    shop = seller.locations.create(code="shop", name="Shop")
    for sku in ("shirt_navy-blue", "RED", "mug"):
        make_item(seller, sku)

    bring(seller, STOCK + COUNTS, location=shop)

    counted = Stock.objects.order_by("item__sku").values_list("item__sku", "location__name", "on_hand")
    assert list(counted) == [("RED", "Shop", 1), ("shirt_navy-blue", "Shop", 2)]


def test_a_location_that_the_file_does_not_have_is_told(seller):
    other = seller.locations.create(code="outlet", name="Outlet")

    csv_import = bring(seller, STOCK + COUNTS, location=other)

    assert csv_import.state == "failed"
    assert "counts at “Main warehouse”, “Shop”, not at “Outlet”" in csv_import.error


def test_a_location_that_came_after_the_preview_changes_nothing_of_it(seller):
    make_item(seller, "RED")
    csv_import = bring(seller, STOCK + COUNTS.replace("Shop,0,1,", "Shop,0,9,"), confirm=False)
    seller.locations.create(code="outlet", name="Outlet")
    staging.drop_tables(csv_import)

    imports.confirm(csv_import)
    imports.run(csv_import.pk, now=NOW)

    assert item("RED").stock.get().on_hand == 5


def test_a_stock_export_makes_no_items_and_tells_counts_that_are_none(seller):
    make_item(seller, "RED")

    csv_import = bring(seller, STOCK + COUNTS.replace("Shop,0,1,", "Shop,0,some,"))

    assert Item.objects.count() == 1
    assert "not in your inventory" in reasons(csv_import)[2]
    assert "“some” is no quantity" in reasons(csv_import)[4]


# WooCommerce ---------------------------------------------------------------------------------------------------------


def test_a_variable_product_of_woocommerce_is_a_parent_with_its_variations(seller):
    rows = (
        '44,variable,TEE,,Tee,1,,"<p>One\\nTwo</p>",1,,.5,,,"Clothing > Tees, Sale",'
        '"https://shop.test/a.jpg, https://shop.test/b.jpg",,Color,"Red, Blue"\n'
        "76,variation,TEE-R,4006381333931,Tee - Red,1,,,1,7,,18,20,,,TEE,Color,Red\n"
        "77,variation,,,Tee - Blue,1,,,1,parent,,,21,,https://shop.test/blue.jpg,id:44,Color,Blue\n"
    )

    csv_import = bring(seller, WOO + rows)

    tee, red, blue = item("TEE"), item("TEE-R"), item("TEE_blue")
    assert (csv_import.layout, csv_import.summary["errors"]) == ("woocommerce", 0)
    assert (tee.is_parent, red.parent, blue.parent) == (True, tee, tee)
    assert (red.variation, red.price, red.gtin) == ({"Color": "Red"}, Decimal(20), "4006381333931")
    assert red.attributes == {"category": "Clothing > Tees, Sale", "weight": ".5 kg", "sale price": "18"}
    assert red.description == "One Two"
    assert (red.images, blue.images) == (tee.images, ["https://shop.test/blue.jpg"])
    assert (red.stock.get().on_hand, blue.stock.count()) == (7, 0)


def test_variations_may_come_before_their_parent(seller):
    rows = "9,variation,,,Tee - Red,1,,,1,1,,,20,,,id:44,Color,Red\n44,variable,,,Tee,1,,,1,,,,,,,,Color,Red\n"

    bring(seller, WOO + rows)

    assert item("woo-44_red").parent == item("woo-44")


def test_a_simple_product_keeps_its_attributes_and_what_the_shop_says_of_it(seller):
    rows = '12,"simple, virtual",\'+CUP,,Cup,-1,Short <b>words</b>,,1,-3,,,"4,50",Cups,,,Material,"Clay\\, glazed"\n'

    bring(seller, WOO + rows)

    cup = Item.objects.get()
    assert (cup.sku, cup.description, cup.price) == ("+CUP", "Short words", Decimal("4.50"))
    assert cup.attributes == {"Material": "Clay, glazed", "category": "Cups", "shop status": "draft"}


def test_products_that_are_not_sold_themselves_are_left_out_and_told(seller):
    rows = (
        "1,grouped,SET,,Set,1,,,1,,,,,,,,,\n2,external,ELSE,,Else,1,,,1,,,,5,,,,,\n3,simple,CUP,,Cup,1,,,1,2,,,5,,,,,\n"
    )

    csv_import = bring(seller, WOO + rows)

    assert "shows other products" in reasons(csv_import)[2]
    assert "sold in another shop" in reasons(csv_import)[3]
    assert Item.objects.get().sku == "CUP"


# Our own file --------------------------------------------------------------------------------------------------------


def test_a_file_of_our_own_may_name_parents_and_options_too(seller):
    text = (
        "sku,parentage,parent sku,title,variation options,more attributes\n"
        'V-1,,P,Red one,"Size: L\nColor: Red",Fabric: Wool: fine\nP,parent,,Parent,,\n'
    )

    bring(seller, text)

    assert item("V-1").parent == item("P")
    assert item("V-1").variation == {"Size": "L", "Color": "Red"}
    assert item("V-1").attributes == {"Fabric": "Wool: fine"}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("A,,NONE,Apple,", "Its parent “NONE” is neither"),
        ("A,,A,Apple,", "not its own parent"),
        ("A,parent,B,Apple,", "A parent has no parent"),
        ("A,,PLAIN,Apple,", "“PLAIN” is sold itself"),
        ("OLD,,,,", "This item is a parent in your inventory"),
        ("A,,,Apple,Large", "Options are written like"),
    ],
)
def test_a_family_that_does_not_hold_together_is_told(seller, row, words):
    make_item(seller, "PLAIN")
    make_item(seller, "OLD", is_parent=True)

    csv_import = bring(seller, f"sku,parentage,parent sku,title,variation options\n{row}\nB,parent,,Parent,\n")

    assert words in reasons(csv_import)[2]


def test_parents_do_not_become_each_others_variations(seller):
    make_item(seller, "P", is_parent=True)
    make_item(seller, "Q", is_parent=True)

    csv_import = bring(seller, "sku,parent sku\nP,Q\nQ,P\n")

    assert "A parent has no parent" in reasons(csv_import)[2]
    assert "A parent has no parent" in reasons(csv_import)[3]
    assert set(Item.objects.values_list("parent", flat=True)) == {None}


def test_an_item_changes_its_parent(seller):
    parent = make_item(seller, "P", is_parent=True)
    make_item(seller, "A")

    csv_import = bring(seller, "sku,parent sku\nA,P\n")

    assert csv_import.summary["changed"] == 1
    assert item("A").parent == parent
    assert bring(seller, "sku,parent sku\nA,P\n").summary["unchanged"] == 1


# Markup --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("Plain\nlines & more", "Plain\nlines & more"),
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("One<br>Two<br/>\n  Three", "One\nTwo\nThree"),
        ("<ul><li>A</li>\n<li>B</li></ul>", "• A\n• B"),
        ("<style>p{}</style><p>5 &gt; 4&nbsp;&euro;</p><script>x()</script>", "5 > 4 €"),
        ("A <b>bold</b> word\nand a line", "A bold word\nand a line"),
        ("<p>Never closed <b>bold", "Never closed bold"),
        ("<table><tr><td>Size</td><td>L</td></tr><tr><td>Fit</td><td>Slim</td></tr></table>", "Size L\nFit Slim"),
        ("3 < 4", "3 < 4"),
    ],
)
def test_html_becomes_the_words_in_it(html, text):
    assert text_of(html) == text
