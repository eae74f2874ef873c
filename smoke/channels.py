"""The channels that the proof can be run through: how each is connected, and what its marketplace does not do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from math import ceil


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of channel. `account` are the fields of its account form; {url} is where its marketplace answers."""

    name: str
    account: Mapping[str, str]
    secret: str
    #: What the marketplace refuses.
    bad_secret: str = "bad"  # noqa: S105 - refused everywhere
    #: Whether the sandbox's own protocol is spoken, which the product's stack always runs.
    is_native: bool = False
    #: So many times faster than the real marketplace allows.
    speed_up: int = 600
    #: Settings of the simulator.
    marketplace: Mapping[str, object] = field(default_factory=dict)
    buyers_ask: bool = True
    refunds: bool = True
    #: Whether buyers send goods back for money; the seller decides about it.
    returns: bool = False
    #: Whether each line of an order is cancelled by a call of its own.
    cancels_lines_apart: bool = False
    #: How many new listings it takes at least, however fast it is asked.
    listings_per_second: float = 100
    #: The marketplace has a currency of its own, and takes no price below this in it.
    lowest_price: Decimal | None = None
    parcels: bool = True
    #: Whether Fulfillments may be switched off.
    third_party: bool = True
    #: Its category that some items go out in, with what it asks of them.
    category: str = ""
    #: Whether the decision about a return pays the buyer back; if not, that is a refund of its own.
    returns_pay_back: bool = True
    #: What the journey must have used of the protocol, by our statement of it: for each capability (as the adapter
    #: names it) its operations, and under "" those of every connection.
    uses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def operations(self) -> frozenset[str]:
        return frozenset(name for names in self.uses.values() for name in names)

    def rate(self, prices: Iterable[Decimal]) -> int:
        """Return how much of the marketplace's currency one of the seller's is: so much that all prices are taken."""
        return 1 if self.lowest_price is None else max(2, ceil(self.lowest_price / min(prices)))

    def fields(self, url: str, *, good: bool = True) -> dict[str, str]:
        """Return what is entered into the account form."""
        entered = {name: value.format(url=url) for name, value in self.account.items()}
        if not good:
            entered[self.secret] = self.bad_secret
        return {f"account-{name}": value for name, value in entered.items()}


KINDS = {
    "sandbox": Kind(
        name="sandbox",
        account={"client_id": "smoke", "client_secret": "a-good-secret"},
        secret="client_secret",  # noqa: S106 - the name of a field
        is_native=True,
        speed_up=1,
    ),
    "mirakl": Kind(
        name="mirakl",
        account={
            "base_url": "{url}",
            "api_key": "a-good-key-of-the-smoke",
            "offer_state": "11",
            "product_id_type": "EAN",
            "multi_shipment": "on",
        },
        secret="api_key",  # noqa: S106 - the name of a field
        # One inventory has one currency; this operator sells in it.
        marketplace={"quotas": False, "default_currency": "USD"},
        buyers_ask=False,
        third_party=False,
        returns=True,
        returns_pay_back=False,
        category="MUGS",
        uses={
            "": ("A01", "OF61", "PC01", "RE01", "SH21", "SH12", "OF01", "OF02", "STO01", "STO02", "OR11"),
            "reconcile": ("OF52", "OF53", "OF54"),
            "new_products": ("H11", "PM11"),
            "accept": ("OR21",),
            "ship_partial": ("ST01",),
            "cancel_line": ("OR30",),
            "cancel_partial": ("OR30",),
            "refund": ("OR28",),
            "refund_partial": ("OR28",),
            "returns": ("RT11", "RT21", "RT25", "RT26"),
        },
    ),
    "walmart": Kind(
        name="walmart",
        account={
            "base_url": "{url}",
            "client_id": "smoke",
            "client_secret": "a-good-secret",
            "default_weight": "1",
            "item_spec_version": "5.0.20260826-17_15_31-api",
        },
        secret="client_secret",  # noqa: S106 - the name of a field
        # Each round reads the orders of the last minutes anew: more often would leave time for nothing else.
        speed_up=30,
        marketplace={"quotas": False},
        third_party=False,
        returns=True,
        category="Mugs",
        # Quantities and withdrawals go as feeds or one by one, as many as there are.
        uses={
            "": ("token", "token_detail", "partner_profile", "feed", "feed_status", "orders", "order"),
            "reconcile": ("items", "inventories"),
            "new_products": ("taxonomy", "item_spec"),
            "accept": ("acknowledge",),
            "ship_partial": ("ship",),
            "cancel_line": ("cancel",),
            "cancel_partial": ("cancel",),
            "refund": ("refund",),
            "refund_partial": ("refund",),
            "cancellation_requests": ("cancel",),
            "returns": ("returns", "return_refund"),
        },
    ),
    "bol": Kind(
        name="bol",
        account={"base_url": "{url}", "client_id": "smoke", "client_secret": "a-good-secret"},
        secret="client_secret",  # noqa: S106 - the name of a field
        speed_up=60,
        # An offer is two calls, one after the other.
        listings_per_second=5,
        marketplace={"quotas": False},
        refunds=False,
        returns=True,
        cancels_lines_apart=True,
        third_party=False,
        lowest_price=Decimal(1),
        uses={
            "": ("token", "create_offer", "change_offer", "end_offer", "orders", "order", "process_status"),
            "reconcile": ("offers", "not_for_sale_reasons"),
            "ship_partial": ("ship",),
            "cancel_line": ("cancel",),
            "cancellation_requests": ("cancel",),
            "returns": ("returns", "handle_return"),
        },
    ),
}
