"""The product's one signal: something in the inventory changed and was committed. A nudge, not a fact to rely on."""

from django.dispatch import Signal

changed = Signal()
