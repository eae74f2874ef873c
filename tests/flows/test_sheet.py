"""What makes a packing slip another one, and what is said of it."""

from channels_app.flows.sheet import changes, mark_of, sheet_of
from channels_app.models import Order, OrderLine

TO = {"street": "1 Main Street", "city": "Boston"}


def _line(sku: str, quantity: int, **counts: int) -> OrderLine:
    return OrderLine(sku=sku, quantity=quantity, **counts)


def test_lines_of_one_sku_are_one_and_what_is_done_with_stands_on_no_slip():
    gone, cancelled = _line("CUP-1", 2, shipped=2), _line("CAP-1", 1, remote_cancelled=1)
    lines = [_line("MUG-1", 2), _line("MUG-1", 1), gone, cancelled]

    assert sheet_of(Order(ship_to=TO), lines)["units"] == {"MUG-1": 3}


def test_only_address_and_units_make_it_another():
    sheet = sheet_of(Order(ship_to=TO), [_line("MUG-1", 2)])

    same = sheet_of(Order(ship_to=dict(reversed(TO.items())), remote_status="paid"), [_line("MUG-1", 3, cancelled=1)])
    moved = sheet_of(Order(ship_to=TO | {"city": "Salem"}), [_line("MUG-1", 2)])
    fewer = sheet_of(Order(ship_to=TO), [_line("MUG-1", 1)])

    assert same == sheet
    assert mark_of(same) == mark_of(sheet)
    assert len({mark_of(sheet), mark_of(moved), mark_of(fewer)}) == 3


def test_each_change_has_a_sentence():
    before = sheet_of(Order(ship_to=TO), [_line("MUG-1", 3), _line("CUP-1", 1), _line("PEN-1", 5)])
    after = sheet_of(Order(ship_to={}), [_line("MUG-1", 2), _line("CAP-1", 4), _line("PEN-1", 5)])

    assert list(changes(before, after)) == [
        "The address is another.",
        "4 × CAP-1 to ship in addition.",
        "1 × CUP-1 no longer to ship.",
        "2 × MUG-1 to ship instead of 3.",
    ]
    assert list(changes(before, before)) == []
