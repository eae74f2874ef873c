"""Why a person should look at an order: one sentence a line, kept until it is mended or dismissed. Pure."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

#: Sums are compared to the cent: channels round each line on its own.
_CENT = Decimal("0.01")


def unknown_sku(sku: str) -> str:
    """Return the sentence for a line whose SKU is none of the seller's."""
    return f"The SKU {sku} is not in your inventory: link the line to an item, so that its stock is kept."


def oversold(short: int) -> str:
    """Return the sentence for an order that promised more than was there."""
    return f"Oversold: {short} more {'unit was' if short == 1 else 'units were'} ordered than you had in stock."


def sum_is_wrong(total: Decimal, expected: Decimal, currency: str) -> str:
    """Return the sentence for amounts that do not add up."""
    return f"The marketplace's total of {total:.2f} {currency} is not the sum of its lines, {expected:.2f} {currency}."


NO_LINES = "The marketplace shows no lines for this order."


_COMMANDS = {
    "accept": "acceptance",
    "ship": "shipping notice",
    "cancel": "cancellation",
    "refund": "refund",
    "answer": "answer to the cancellation request",
    "return": "decision about the return",
}


def command_name(kind: str) -> str:
    """Return what the seller calls a command of this kind."""
    return _COMMANDS[kind]


def refused(kind: str, sku: str, reason: str) -> str:
    """Return the sentence for a command that the channel rejected."""
    return f"The marketplace refused the {command_name(kind)} of {sku}: {reason or 'no reason was given.'}"


def lost(kind: str, sku: str) -> str:
    """Return the sentence for a command of which neither we nor the channel can say whether it was done."""
    return (
        f"Nobody can say whether the {command_name(kind)} of {sku} reached the marketplace: its answer was lost. "
        "Look there, then say below what you found."
    )


def moot_once_cancelled(text: str) -> list[str]:
    """Return what of `text` nobody need look at any more once the order is cancelled: nobody waits to be accepted."""
    start = f"The marketplace refused the {command_name('accept')} "
    return [line for line in text.splitlines() if line.startswith(start)]


def raised(text: str, *, before: Iterable[str], after: Sequence[str]) -> str:
    """Return `text` with the problems `before` replaced by those `after`.

    What stood in both keeps its place if it still stands there: dismissed once, a problem is not raised again.
    """
    standing = text.splitlines()
    earlier = set(before)
    kept = [line for line in standing if line not in earlier or line in after]
    new = [line for line in dict.fromkeys(after) if line not in earlier and line not in kept]
    return "\n".join([*kept, *new])


def expected_totals(
    lines: Iterable[tuple[Decimal, Decimal, int, int]], *, shipping: Decimal, tax_included: bool
) -> tuple[Decimal, Decimal]:
    """Return what the order's total may be: with all its lines, and without their cancelled units.

    `lines` are (amount, tax, quantity, cancelled units); channels differ in whether a cancellation lowers the total.
    """
    whole, net = shipping, shipping
    for amount, tax, quantity, cancelled in lines:
        worth = amount if tax_included else amount + tax
        whole += worth
        net += worth * (quantity - min(cancelled, quantity)) / quantity if quantity else worth
    return whole, net


def adds_up(total: Decimal, expected: Iterable[Decimal]) -> bool:
    """Say whether the total is one of those expected, to the cent."""
    return any(abs(total - value) < _CENT for value in expected)
