"""Where the settings page leads: the three things to do, and the line of its parts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from channels_app.flows import activate
from channels_app.flows.permissions import Action, Actor, allowed
from channels_app.forms import Part, WordsPart
from channels_app.models import ChangeRequest, Channel

_SECTIONS = (
    ("status", "Status"),
    ("label", "Label"),
    ("rules", "Quantity and price"),
    ("account", "Account"),
    ("words", "Carriers and reasons"),
    ("frequency", "Frequency"),
    ("requests", "Change requests"),
    ("history", "History"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One of the three things that the page leads through."""

    text: str
    anchor: str
    is_done: bool
    note: str


def find_tasks(channel: Channel, missing: list[activate.MissingStep]) -> list[Task]:
    """Return the three things to do, and how far each is."""
    has_label = channel.label is not None and not any(step.anchor == "label" for step in missing)
    note = f"{len(missing)} to do first" if missing else "Ready"
    return [
        Task(
            text="Assign the label",
            anchor="label",
            is_done=has_label,
            note=str(channel.label) if has_label else "Not done yet",
        ),
        Task(
            text="Activate",
            anchor="status",
            is_done=channel.is_running,
            note="Active" if channel.is_running else note,
        ),
        Task(
            text="View communication frequency",
            anchor="frequency",
            is_done=channel.is_running,
            note="Jobs are running" if channel.is_running else "Starts with activation",
        ),
    ]


def find_sections(
    channel: Channel, parts: Mapping[str, Part], actor: Actor, *, requests: Sequence[ChangeRequest]
) -> list[tuple[str, str]]:
    """Return the anchors of the cards that the page shows, and how each is called in a line."""
    words = parts["words"]
    shown = {
        "words": isinstance(words, WordsPart) and bool(words.lists()),
        "requests": channel.state == Channel.State.LIVE or bool(requests),
    }
    found = [(anchor, words) for anchor, words in _SECTIONS if shown.get(anchor, True)]
    if channel.is_running:
        return [*found, ("end", "Deactivate")]
    return [*found, ("end", "Remove")] if allowed(channel.state, actor, Action.ARCHIVE) else found
