"""The building blocks of every page: badges, times, money, fields, dialogs, alerts, icons, navigation.

Load with `{% load ui %}`. What a block looks like stands in templates/components/, how it is coloured in app.css.
"""

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.forms import BoundField
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from inventory.money import spell
from marketplace_integration.clock import now

register = template.Library()

#: What is no longer than this stays on one line: SKUs break at their hyphens, but have up to 100 characters.
WHOLE_UP_TO = 24

#: A cell of a table of cards that holds nothing but the dash for "nothing".
_EMPTY_CELL = re.compile(r"<td(?=\s[^>]*data-label=)(?=[^>]*>(?:\s|<span[^>]*>)*–(?:\s|</span>)*</td>)")

#: Colour of every state there is, whichever model it belongs to: good, info, warn, bad; anything else is neutral.
TONES = {
    "testing": "info",
    "live": "good",
    # ledger, listings, runs
    "sent": "info",
    "unknown": "warn",
    "confirmed": "good",
    "rejected": "bad",
    "creating": "info",
    "listed": "good",
    "outdated": "warn",
    "ending": "warn",
    "running": "info",
    "done": "good",
    "retry": "warn",
    "blocked": "bad",
    "failed": "bad",
    "lost": "warn",
    "closed": "good",
    "overdue": "warn",
    # orders and shipments
    "unshipped": "warn",
    "partially_shipped": "info",
    "shipped": "good",
    "cleared": "good",
    "attention": "bad",
    "near": "warn",
    # change requests, plans, imports
    "open": "info",
    "applied": "good",
    "declined": "bad",
    "left": "warn",
    "preview": "warn",
    "uploaded": "info",
    "mapping": "warn",
    "undoing": "info",
    "undone": "warn",
    "stopped": "warn",
    # files of parcels
    "ready": "info",
    "wrong": "bad",
}

#: Our own line drawings on a 24 by 24 grid.
ICONS = {
    "home": "M4 11l8-7 8 7v9h-5v-6H9v6H4z",
    "items": "M4 8l8-4 8 4v8l-8 4-8-4zM4 8l8 4 8-4M12 12v8",
    "labels": "M4 4h8l8 8-8 8-8-8zM8.5 8.5v.01",
    "import": "M12 4v10M8 10l4 4 4-4M4 16v4h16v-4",
    "marketplaces": "M4 10v10h16V10M3 10l2-6h14l2 6zM10 20v-6h4v6",
    "orders": "M6 3h12v18l-3-2-3 2-3-2-3 2zM9 8h6M9 12h6",
    "activity": "M3 12h4l3-8 4 16 3-8h4",
    "menu": "M4 6h16M4 12h16M4 18h16",
    "close": "M6 6l12 12M18 6L6 18",
    "theme": "M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16",
    "person": "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4 4-6 8-6s8 2 8 6",
    "search": "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5L21 21",
    "check": "M5 13l4 4L19 7",
    "alert": "M12 4L2 20h20zM12 10v4M12 17v.01",
    "lock": "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
}

#: The main navigation: words, url name, icon.
SECTIONS = (
    ("Home", "home", "home"),
    ("Items", "items", "items"),
    ("Labels", "labels", "labels"),
    ("Import", "import_new", "import"),
    ("Marketplaces", "marketplaces", "marketplaces"),
    ("Orders", "orders", "orders"),
    ("Issues", "issues", "alert"),
    ("Activity", "activity", "activity"),
)


@register.inclusion_tag("components/nav.html", takes_context=True)
def nav(context: template.Context, seller: Any) -> dict[str, Any]:
    """Render the main navigation of `seller`, the section of this page marked as current, with `nav_counts` beside."""
    counts = context.get("nav_counts") or {}
    path = urlsplit(context["request"].path).path
    home = reverse("home", args=[seller.slug])
    entries = []
    for text, name, icon_name in SECTIONS:
        url = reverse(name, args=[seller.slug])
        is_current = path == home if url == home else path.startswith(url)
        entry = {"text": text, "url": url, "icon": icon_name, "is_current": is_current}
        entries.append(entry | {"count": counts.get(name, 0)})
    return {"entries": entries}


@register.simple_tag
def icon(name: str) -> SafeString:
    """Render a decorative drawing; the words beside it carry the meaning."""
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="{}"/></svg>', ICONS[name]
    )


@register.inclusion_tag("components/badge.html")
def badge(state: str, text: str = "", tone: str = "") -> dict[str, str]:
    """Render a state: `{% badge channel.state channel.get_state_display %}`. `tone` overrides the table above."""
    return {"text": text or state, "tone": tone or TONES.get(state, "neutral")}


def _zone(context: template.Context) -> Any:
    """Return the zone of the seller whose page this is."""
    seller = getattr(context.get("request"), "seller", None) or context.get("seller")
    try:
        return ZoneInfo(seller.time_zone) if seller else timezone.get_current_timezone()
    except (ZoneInfoNotFoundError, ValueError):
        return timezone.get_current_timezone()


def _spell(local: datetime, seconds: bool = False) -> str:
    return f"{local.day} {local:%b %Y, %H:%M:%S %Z}" if seconds else f"{local.day} {local:%b %Y, %H:%M %Z}"


@register.simple_tag(takes_context=True)
def when(context: template.Context, value: datetime | None, empty: str = "never") -> SafeString | str:
    """Render a time in the seller's zone, the zone named: `21 Nov 2025, 14:05 CET`."""
    if value is None:
        return empty
    local = value.astimezone(_zone(context))
    return format_html('<time datetime="{}">{}</time>', value.isoformat(timespec="seconds"), _spell(local))


@register.simple_tag(takes_context=True)
def short_when(context: template.Context, value: datetime | None, empty: str = "never") -> SafeString | str:
    """Render a time as lists have room for it, `21 Nov, 14:05`; year and zone stand in its title."""
    if value is None:
        return empty
    zone = _zone(context)
    local = value.astimezone(zone)
    day = f"{local.day} {local:%b}" if local.year == now().astimezone(zone).year else f"{local.day} {local:%b %Y}"
    return format_html(
        '<time class="nowrap" datetime="{}" title="{}">{}</time>',
        value.isoformat(timespec="seconds"),
        _spell(local, seconds=True),
        f"{day}, {local:%H:%M}",
    )


@register.simple_tag(takes_context=True)
def ago(context: template.Context, value: datetime | None, empty: str = "never") -> SafeString | str:
    """Render how long ago (or how far ahead) a time is; the exact time stands in its title."""
    if value is None:
        return empty
    seconds = (now() - value).total_seconds()
    if abs(seconds) < 5:
        text = "just now" if seconds > 0 else "now"
    else:
        text = f"{duration(seconds)} ago" if seconds > 0 else f"in {duration(seconds)}"
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        value.isoformat(timespec="seconds"),
        _spell(value.astimezone(_zone(context)), seconds=True),
        text,
    )


@register.simple_tag(takes_context=True)
def until(context: template.Context, value: datetime) -> SafeString | str:
    """Render how far ahead a time is, `in 5 minutes`; `now` once it has come."""
    return ago(context, value) if value > now() else "now"


@register.filter
def duration(value: float | timedelta) -> str:
    """Return a span in words, its largest unit only: `15 minutes`; nothing takes less than a second."""
    seconds = abs(value.total_seconds() if isinstance(value, timedelta) else value)
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size * 1.5 or seconds == size:
            count = round(seconds / size)
            return f"{count} {unit}{'' if count == 1 else 's'}"
    count = max(round(seconds), 1)
    return f"{count} second{'' if count == 1 else 's'}"


@register.simple_tag
def money(amount: Decimal | None, currency: str = "", empty: str = "–") -> SafeString | str:
    """Render an amount rounded to what its currency knows: `1,250.00 EUR`."""
    if amount is None or amount == "":
        return empty
    return format_html('<span class="money">{}</span>', spell(Decimal(amount), currency))


@register.filter
def count(value: int | None, most: int = 10_000) -> str:
    """Return a number with thousands separated; above `most` it reads `10,000+`, since nobody counted further."""
    if value is None:
        return "–"
    return f"{intcomma(most)}+" if value > most else str(intcomma(value))


@register.filter
def whole(value: object) -> SafeString:
    """Keep a short name, such as a SKU, on one line; a long one may break anywhere."""
    text = str(value)
    return format_html('<span class="{}">{}</span>', "nowrap" if len(text) <= WHOLE_UP_TO else "breaks", text)


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, label: str = "", suffix: str = "") -> dict[str, Any]:
    """Render label, input, help and error of one form field, tied together for screen readers."""
    widget = bound.field.widget
    return {
        "field": bound,
        "label": label or bound.label,
        "suffix": suffix,
        # A field may be left empty for now and yet be needed in the end: it says so by `is_needed`.
        "is_optional": not (bound.field.required or bound.field.disabled or getattr(bound.field, "is_needed", False)),
        "kind": "checkbox" if getattr(widget, "input_type", "") == "checkbox" and not bound.use_fieldset else "",
    }


@register.inclusion_tag("components/fields.html")
def fields(form: Any) -> dict[str, Any]:
    """Render a whole form: its own errors, then every field."""
    return {"form": form}


@register.inclusion_tag("components/errors.html")
def errors(form: Any) -> dict[str, Any]:
    """Render what is wrong with a form as a whole."""
    return {"form": form}


def _wrap(template_name: str, content: str, **context: Any) -> SafeString:
    # `content` was rendered, and thereby escaped, by the template that calls the tag.
    return render_to_string(template_name, {"content": mark_safe(content), **context})  # noqa: S308


@register.simple_block_tag
def dialog(content: str, id: str, title: str) -> SafeString:  # noqa: A002 - the attribute's name
    """Wrap content in a native dialog; `<button type="button" data-open-dialog="id">` opens it."""
    return _wrap("components/dialog.html", content, id=id, title=title)


@register.simple_block_tag
def alert(content: str, tone: str = "info", title: str = "") -> SafeString:
    """Wrap content in a notice: info, good, warn or bad."""
    return _wrap("components/alert.html", content, tone=tone, title=title)


@register.simple_block_tag
def card(content: str, title: str = "", id: str = "") -> SafeString:  # noqa: A002
    """Wrap content in a panel; with `id` it can be linked to."""
    return _wrap("components/card.html", content, title=title, id=id)


@register.simple_block_tag
def table(content: str, label: str, cards: bool = False) -> SafeString:
    """Wrap head and body rows in a table that scrolls inside itself; `cards=True` shows rows as cards on phones.

    For cards every `<td>` needs `data-label`, the head of its column; a card leaves out what is only a dash.
    """
    if cards:
        content = _EMPTY_CELL.sub("<td data-empty", content)
    return _wrap("components/table.html", content, label=label, cards=cards)


@register.simple_block_tag
def empty_state(content: str, title: str) -> SafeString:
    """Wrap what to do next when a list has nothing to show."""
    return _wrap("components/empty.html", content, title=title)
