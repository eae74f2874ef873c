"""How many examples a property test tries: few at every run, many where there is time for it."""

import os

#: Set `CI_FULL=1` to try this many times as much.
FACTOR = 20 if os.environ.get("CI_FULL") == "1" else 1


def examples(usual: int) -> int:
    """Return the number of examples for a test that is usually content with `usual`."""
    return usual * FACTOR
