"""An edit is held by one transaction at a time, and so is what it changes."""

from collections.abc import Mapping, Sequence

from inventory import labels
from inventory.models import BulkEdit, Item, Label

Action = BulkEdit.Action

#: Actions that change the same thing of an item.
_KIN = (
    (Action.BLOCK, Action.UNBLOCK),
    (Action.ARCHIVE, Action.BRING_BACK),
    (Action.LABEL, Action.UNLABEL),
    (Action.PRICE,),
)


class LabelGone(Exception):
    """The label that the edit is about was deleted."""


def kin_of(action: str) -> list[str]:
    """Return the actions that change what this one changes."""
    return next(list(actions) for actions in _KIN if action in actions)


def hold(edit_id: int) -> BulkEdit | None:
    """Return the edit, locked until the transaction ends, its label before it: whoever writes labels locks them first.

    None if there is no such edit any more. Raises LabelGone.
    """
    label_id = BulkEdit.objects.filter(pk=edit_id).values_list("label_id", flat=True).first()
    label = labels.lock(label_id) if label_id is not None else None
    held = BulkEdit.objects.select_for_update(no_key=True).filter(pk=edit_id).first()
    if held is None:
        return None
    if label is None and Action.LABEL in kin_of(held.action):
        raise LabelGone
    held.label = label
    return held


def hold_items(made: BulkEdit, item_ids: Sequence[int]) -> Mapping[int, Label]:
    """The items are locked, and all labels after them if the edit takes items off whichever they are on.

    Of an edit about one label that label is held, and nothing else has to be. Returns the held labels by id.
    """
    if made.label is not None:
        return {made.label.pk: made.label}
    # In order, so that two writers never wait for each other in a circle.
    list(Item.objects.select_for_update(no_key=True).filter(pk__in=item_ids).order_by("pk").values_list("pk"))
    return labels.lock_all(made.seller_id) if Action.ARCHIVE in kin_of(made.action) else {}
