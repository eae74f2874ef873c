"""An edit is held by one transaction at a time, and so is the label that it is about."""

from inventory import labels
from inventory.models import BulkEdit

#: Actions that change the same thing of an item.
_KIN = (
    (BulkEdit.Action.BLOCK, BulkEdit.Action.UNBLOCK),
    (BulkEdit.Action.LABEL, BulkEdit.Action.UNLABEL),
    (BulkEdit.Action.PRICE,),
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
    if label is None and BulkEdit.Action.LABEL in kin_of(held.action):
        raise LabelGone
    held.label = label
    return held
