"""The shelves of the support desk, from what support does every day to what only explains the rest."""

DESK, LOOK_UP, BEHIND = SHELVES = ("Desk", "Look up", "Behind the scenes")
