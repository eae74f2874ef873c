"""What is to be done about one SKU on one channel: pure, so the feed, the fan-out and the ledger agree.

`needs` compares what should be with what was sent, newest first. `decide` says what the job at hand does about it now.
"""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from hashlib import md5
from typing import NamedTuple, Self

from channels_app.adapters.types import Kind
from channels_app.flows.price import LARGEST_PRICE, NO_PRICE, PriceRule, price_to_send, why_no_price
from channels_app.flows.quantity import QuantityRule, quantity_to_send
from channels_app.flows.wanted import Truth
from channels_app.models import Channel, ChannelJob, PendingChange

Urgency = PendingChange.Urgency

_ALL_KINDS = tuple(Kind)


class LastWord(Enum):
    """What a deactivated channel was told to do with its listings, if anything."""

    NONE = ""
    ZERO = Channel.OnDeactivate.ZERO.value
    END = Channel.OnDeactivate.END.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """All of a channel that a decision rests on."""

    quantity: QuantityRule
    price: PriceRule
    #: The same, for items priced in the channel's own currency.
    price_without_rate: PriceRule
    last_word: LastWord = LastWord.NONE
    #: Submissions are worked off in the order they came in: nothing needs to wait for an open line.
    ordered: bool = False
    #: The channel's orders are known well enough to tell it of more stock.
    rises_allowed: bool = True
    #: How the channel takes price and quantity: together, or each by itself.
    offer_kinds: tuple[Kind, ...] = (Kind.OFFER,)
    #: Whether content brings the quantity too; if not, it follows once the listing is there.
    content_brings_quantity: bool = True

    @classmethod
    def of(cls, channel: Channel) -> Self:
        price = PriceRule.of(channel)
        return cls(
            quantity=QuantityRule.of(channel), price=price, price_without_rate=price.for_currency(channel.currency)
        )

    def price_for(self, currency: str) -> PriceRule:
        return self.price_without_rate if currency == self.price.currency else self.price


class Needs(NamedTuple):
    """Where what was sent differs from what should be."""

    withdraw: bool = False
    #: It is not listed and should be.
    new: bool = False
    content: bool = False
    price_differs: bool = False
    quantity_differs: bool = False
    price: Decimal | None = None
    quantity: int | None = None
    #: Why it cannot be offered (or not at a new price), in the seller's words.
    refusal: str = ""
    #: An old refusal still stands on it, though it is neither wanted nor listed, or is listed just as it is wanted.
    forget: bool = False

    @property
    def offer(self) -> bool:
        return self.price_differs or self.quantity_differs

    @property
    def changes(self) -> list[str]:
        """What would change of a listing, in the seller's words; nothing of one that is new."""
        differs = {"details": self.content, "price": self.price_differs, "quantity": self.quantity_differs}
        return [] if self.new else [name for name, is_so in differs.items() if is_so]


def payload_hash(
    kind: str, *, price: Decimal | None = None, quantity: int | None = None, content_hash: str = ""
) -> str:
    """Return a name for what a line says. Its first letter is the kind's; of content the quantity is left out,
    since no channel refuses an item for it."""
    said = f"{price}" if price is None else f"{price:.4f}"
    if kind != Kind.CONTENT:
        said += f"|{quantity}"
    return kind[0] + md5(f"{said}|{content_hash}".encode(), usedforsecurity=False).hexdigest()[:31]


def refusal_hash(reason: str, truth: Truth) -> str:
    """Return a name for a refusal of our own: the same item refused for the same reason is not news."""
    return payload_hash("local", price=truth.price, content_hash=f"{truth.currency}|{reason}")


def needs(truth: Truth, rules: Rules) -> Needs:
    """Return where `truth` differs from what was sent last."""
    if rules.last_word is LastWord.ZERO:
        zero = truth.is_up and truth.sent_quantity != 0
        return Needs(quantity_differs=zero, price=truth.known_price, quantity=0)
    if rules.last_word is LastWord.END or not truth.on_label or truth.price is None:
        return _needs_of_unwanted(truth, ending=rules.last_word is LastWord.END)
    quantity = quantity_to_send(truth.available, rules.quantity)
    price, refusal = _price(truth.price, truth.currency, rules)
    if price is None:
        # Stock goes on flowing at the price that the channel has: a price problem must never oversell.
        flows = truth.is_up and truth.known_price is not None
        differs = flows and quantity != truth.sent_quantity
        return Needs(quantity_differs=differs, price=truth.known_price, quantity=quantity, refusal=refusal)
    if not truth.is_up:
        return Needs(new=True, price=price, quantity=quantity)
    found = Needs(
        content=truth.content_hash != truth.sent_content_hash,
        price_differs=price != truth.sent_price,
        quantity_differs=quantity != truth.sent_quantity,
        price=price,
        quantity=quantity,
    )
    is_as_wanted = not (found.content or found.offer or truth.has_open_line)
    return found._replace(forget=is_as_wanted and truth.rejected_hash != "")


def _price(price: Decimal, currency: str, rules: Rules) -> tuple[Decimal | None, str]:
    """Return the price to send, or None and why there is none."""
    rule = rules.price_for(currency)
    if currency == rule.currency or rule.rate is not None:
        found = price_to_send(price, rule)
        if 0 < found <= LARGEST_PRICE:
            return found, ""
    return None, why_no_price(price, currency, rules.price)


def _needs_of_unwanted(truth: Truth, *, ending: bool) -> Needs:
    refusal = NO_PRICE if truth.on_label and truth.price is None and not ending else ""
    if truth.is_up:
        return Needs(withdraw=True, refusal=refusal)
    return Needs(refusal=refusal, forget=not refusal and truth.rejected_hash != "")


def judge_urgency(truth: Truth, rules: Rules, *, stock_changed: bool) -> Urgency:
    """Return how soon the feed should look at it."""
    found = needs(truth, rules)
    if found.withdraw:
        return Urgency.WITHDRAW
    if found.new:
        return Urgency.NEW
    if found.quantity_differs and found.quantity is not None:
        if found.quantity == 0:
            return Urgency.TO_ZERO
        fell = truth.sent_quantity is not None and found.quantity < truth.sent_quantity
        return Urgency.FELL if fell else Urgency.ROSE
    if found.price_differs:
        return Urgency.PRICE
    return Urgency.ROSE if stock_changed and not found.content else Urgency.CONTENT


class Do(Enum):
    NOTHING = auto()
    SEND = auto()
    #: A line of it is open and the channel may work off the next one first.
    WAIT_FOR_LINE = auto()
    #: More stock, but the channel may have sold what we do not know yet.
    WAIT_FOR_ORDERS = auto()
    #: The other job sends this: see `then`.
    HAND_OVER = auto()
    #: The brake holds this withdrawal until a person decides.
    HOLD = auto()


class Decision(NamedTuple):
    """What one job does about one SKU."""

    do: Do = Do.NOTHING
    kinds: tuple[Kind, ...] = ()
    price: Decimal | None = None
    quantity: int | None = None
    #: What is still to be done once this is, and so how urgent the change remains; None: nothing.
    then: Urgency | None = None
    #: What remains has to wait for the channel's orders.
    then_waits: bool = False
    refusal: str = ""
    forget: bool = False


def decide(truth: Truth, rules: Rules, job: str) -> Decision:
    """Return what `job` (offers or content) does about `truth` now. A withdrawal beats everything else."""
    found = needs(truth, rules)
    refusal = found.refusal
    if refusal and refusal_hash(refusal, truth) == truth.rejected_hash:
        refusal = ""
    if found.withdraw:
        decision = _withdraw(truth, rules, job)
    elif found.new:
        decision = _list(truth, rules, job, found)
    elif job == ChannelJob.Kind.OFFERS:
        decision = _offer(truth, rules, found)
    else:
        decision = _content(truth, rules, found)
    return decision._replace(refusal=refusal, forget=found.forget) if refusal or found.forget else decision


def _withdraw(truth: Truth, rules: Rules, job: str) -> Decision:
    if truth.rejected_hash == payload_hash(Kind.WITHDRAW):
        return Decision()
    if job != ChannelJob.Kind.OFFERS:
        return Decision(do=Do.HAND_OVER, then=Urgency.WITHDRAW)
    # An open offer changes a listing that is about to end; open content would bring it back.
    if _must_wait(truth, rules, (Kind.CONTENT, Kind.WITHDRAW)):
        return Decision(do=Do.WAIT_FOR_LINE, then=Urgency.WITHDRAW)
    return Decision(do=Do.SEND, kinds=(Kind.WITHDRAW,))


def _list(truth: Truth, rules: Rules, job: str, found: Needs) -> Decision:
    if content_was_refused(truth, found):
        return Decision()
    if job != ChannelJob.Kind.CONTENT:
        return Decision(do=Do.HAND_OVER, then=Urgency.NEW)
    if _must_wait(truth, rules, _ALL_KINDS):
        return Decision(do=Do.WAIT_FOR_LINE, then=Urgency.NEW)
    if truth.state is not None and found.quantity and not rules.rises_allowed:
        return Decision(do=Do.WAIT_FOR_ORDERS, then=Urgency.NEW)
    if not rules.content_brings_quantity:
        return Decision(do=Do.SEND, kinds=(Kind.CONTENT,), price=found.price, then=_urgency_of_quantity(truth, found))
    return Decision(do=Do.SEND, kinds=(Kind.CONTENT,), price=found.price, quantity=found.quantity)


def _offer(truth: Truth, rules: Rules, found: Needs) -> Decision:
    waits = _rise_waits(truth, rules, found)
    quantity = truth.sent_quantity if waits else found.quantity
    later = Urgency.CONTENT if found.content and not content_was_refused(truth, found) else None
    kinds = _offer_kinds(truth, rules, price=found.price, quantity=quantity)
    if not kinds:
        if waits:
            return Decision(do=Do.WAIT_FOR_ORDERS, then=Urgency.ROSE)
        return Decision(do=Do.HAND_OVER, then=later) if later else Decision()
    if _must_wait(truth, rules, (*kinds, Kind.OFFER, Kind.CONTENT, Kind.WITHDRAW)):
        return Decision(do=Do.WAIT_FOR_LINE, then=_urgency_of(truth, found))
    then = Urgency.ROSE if waits else later
    return Decision(do=Do.SEND, kinds=kinds, price=found.price, quantity=quantity, then=then, then_waits=waits)


def _content(truth: Truth, rules: Rules, found: Needs) -> Decision:
    waits = _rise_waits(truth, rules, found)
    quantity = truth.sent_quantity if waits else found.quantity
    if not found.content or content_was_refused(truth, found):
        if waits or _offer_kinds(truth, rules, price=found.price, quantity=quantity):
            return Decision(do=Do.HAND_OVER, then=_urgency_of(truth, found))
        return Decision()
    if _must_wait(truth, rules, _ALL_KINDS):
        return Decision(do=Do.WAIT_FOR_LINE, then=Urgency.CONTENT)
    then = Urgency.ROSE if waits else None
    if not rules.content_brings_quantity:
        quantity, then = None, _urgency_of_quantity(truth, found) if found.quantity_differs else None
    return Decision(
        do=Do.SEND, kinds=(Kind.CONTENT,), price=found.price, quantity=quantity, then=then, then_waits=waits
    )


def _rise_waits(truth: Truth, rules: Rules, found: Needs) -> bool:
    if rules.rises_allowed or found.quantity is None or truth.sent_quantity is None:
        return False
    return found.quantity > truth.sent_quantity


def content_was_refused(truth: Truth, found: Needs) -> bool:
    """Say whether this very content, at this price, was refused before."""
    return truth.rejected_hash != "" and truth.rejected_hash == payload_hash(
        Kind.CONTENT, price=found.price, content_hash=truth.content_hash
    )


def _offer_kinds(truth: Truth, rules: Rules, *, price: Decimal | None, quantity: int | None) -> tuple[Kind, ...]:
    """Return the kinds of lines that bring the channel this price and quantity, without what it has or has refused."""
    if (price, quantity) == (truth.sent_price, truth.sent_quantity) or price is None:
        return ()
    differs = {Kind.OFFER: True, Kind.PRICE: price != truth.sent_price, Kind.QUANTITY: quantity != truth.sent_quantity}
    return tuple(
        kind
        for kind in rules.offer_kinds
        if differs[kind]
        and (truth.rejected_hash == "" or truth.rejected_hash != offer_hash(kind, price=price, quantity=quantity))
    )


def offer_hash(kind: Kind, *, price: Decimal | None, quantity: int | None) -> str:
    """Return the payload hash of an offer line, from the values that its kind carries."""
    return payload_hash(
        kind,
        price=None if kind == Kind.QUANTITY else price,
        quantity=None if kind == Kind.PRICE else quantity,
    )


def _must_wait(truth: Truth, rules: Rules, kinds: Collection[str]) -> bool:
    return not rules.ordered and any(kind in kinds for kind in truth.open_kinds)


def _urgency_of(truth: Truth, found: Needs) -> Urgency:
    return _urgency_of_quantity(truth, found) if found.quantity_differs else Urgency.PRICE


def _urgency_of_quantity(truth: Truth, found: Needs) -> Urgency:
    if found.quantity == 0:
        return Urgency.TO_ZERO
    return Urgency.FELL if (found.quantity or 0) < (truth.sent_quantity or 0) else Urgency.ROSE
