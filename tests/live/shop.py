"""One seller of ours in the live test: signed in, with goods, and a channel on the real server."""

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal

from smoke.browser import Browser
from smoke.seller import Seller
from smoke.stack import Stack
from tests.live.backoffice import BackOffice, Login
from tests.live.goods import Good, as_csv, make_goods
from tests.live.pages import OrderPages

PASSWORD = "a-password-for-the-live-test"
LABEL = "On the server"
#: Items of one parent: the file that sellers import has no column for it.
_GROUP = """
from django.utils.timezone import now
from inventory import catalogue
from inventory.models import Item, Seller
seller = Seller.objects.get(slug={slug!r})
for parent, skus in {parents!r}.items():
    values = {{"sku": parent, "title": parent, "is_parent": True}}
    above = catalogue.create_item(seller, values, now=now())
    for sku, variation in skus.items():
        Item.objects.filter(seller=seller, sku=sku).update(parent=above, variation=variation)
"""


class Shop:
    """`free` is what buyers should be shown, moved along with everything that is done."""

    def __init__(self, stack: Stack, office: BackOffice, login: Login, slug: str, *, singles: int, groups: int) -> None:
        self.stack = stack
        self.office = office
        self.login = login
        self.slug = slug
        self.goods: dict[str, Good] = make_goods(slug.upper(), singles=singles, groups=groups)
        self.free = Counter({sku: good.quantity for sku, good in self.goods.items()})
        self.unlabelled: set[str] = set()

    def open(self) -> None:
        """The seller can sign in and has the goods, all on one label."""
        owner = f"{self.slug}@live.example"
        self.stack.manage("add_seller", self.slug, "--owner", owner, NEW_PASSWORD=PASSWORD)
        self.seller = Seller(Browser(self.stack.web), self.slug)
        self.seller.sign_in(owner, PASSWORD)
        self.orders = OrderPages(self.seller)
        self.seller.import_items(as_csv(self.goods))
        self._group()
        self.seller.make_label(LABEL)
        self.seller.label_all_items(LABEL)

    def _group(self) -> None:
        parents: dict[str, dict[str, dict[str, str]]] = {}
        for good in self.goods.values():
            if good.parent:
                variation = {"Size": good.size, "Colour": good.colour}
                parents.setdefault(good.parent, {})[good.sku] = variation
        self.stack.manage("shell", "-c", _GROUP.format(slug=self.slug, parents=parents))

    def connect(self, *, secret: str) -> int:
        """Save the account information with this secret and activate. Returns the status of the answer."""
        if not self.seller.channel:
            self.seller.add_channel("medusa", name="Live")
        page, form = self.seller._settings()
        values = {
            "label-label": form.value_of("label-label", LABEL),
            "account-flavour": self.login.flavour,
            "account-base_url": self.login.base_url,
            "account-email": self.login.email,
            "account-secret": secret,
        }
        self.seller.browser.submit(page, form, values, button=("action", "save"), expect=(200, 422))
        self.seller.switch(listings=True, orders=True, fulfillments=True)
        return self.seller.press("activate").status

    def bring(self, goods: Mapping[str, Good]) -> None:
        """The goods are as given, brought by a file; `free` follows."""
        for sku, good in goods.items():
            self.free[sku] += good.quantity - self.goods[sku].quantity
        self.goods |= goods
        # A file says what is on hand: what was sold and has not left is part of it.
        self.seller.import_items(as_csv(dict(goods)))

    def wrong(self) -> list[str]:
        """Return where the server shows something else than it should."""
        shown = self.office.listings(self.login)
        wanted = {sku: (good.price, self.free[sku]) for sku, good in self.goods.items() if sku not in self.unlabelled}
        found = {sku: (row["price"], row["free"]) for sku, row in shown.items()}
        return [
            f"{sku}: {found.get(sku, 'nothing')} instead of {wanted.get(sku, 'nothing')}"
            for sku in sorted(wanted.keys() | found.keys())
            if wanted.get(sku) != found.get(sku)
        ]

    def misplaced(self) -> list[str]:
        """Return variations that are not variants of the one product of their parent."""
        shown = self.office.listings(self.login)
        return [
            sku
            for sku, good in self.goods.items()
            if sku in shown
            and (shown[sku]["external_id"], shown[sku]["variants"]) != (good.parent or sku, 4 if good.parent else 1)
        ]

    def price_of(self, sku: str) -> Decimal:
        return self.goods[sku].price
