"""The settings table: every environment variable the product reads, with its default and its meaning.

This is the only list. `settings.py` reads its values from here, the README's table is printed from it
(``python -m marketplace_integration.environment``), and a test holds docker-compose.yml against it.
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent

#: Written by `make run`: how a command in this checkout reaches the stack that runs (or ran) here.
POINTER = ROOT / ".local" / "stack.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One environment variable. `required` ones have no default outside development."""

    name: str
    cast: Callable[[Any], Any] | type = str
    default: Any
    meaning: str
    required: bool = False


SETTINGS: tuple[Setting, ...] = (
    Setting(
        name="SECRET_KEY",
        default="",
        required=True,
        meaning="Signs sessions and forms. Long and random.",
    ),
    Setting(
        name="FIELD_KEYS",
        cast=list,
        default=[],
        required=True,
        meaning="Fernet keys that encrypt marketplace credentials and keys of two-step sign-in, newest first, "
        "separated by commas. "
        "To rotate, put a new key in front and keep the old ones.",
    ),
    Setting(
        name="DATABASE_URL",
        default="",
        required=True,
        meaning="PostgreSQL 18 or newer: postgres://user:password@host:port/name",
    ),
    Setting(
        name="REDIS_URL",
        default="redis://127.0.0.1:6379/0",
        meaning="Valkey or Redis: queue of jobs, rate limits, tokens. It may lose its data at any time.",
    ),
    Setting(
        name="DEBUG",
        cast=bool,
        default=False,
        meaning="Development only: error pages with code, no HTTPS, keys made up when unset.",
    ),
    Setting(
        name="ALLOWED_HOSTS",
        cast=list,
        default=[],
        meaning="Host names this site answers to, separated by commas. In development: localhost and 127.0.0.1.",
    ),
    Setting(
        name="CSRF_TRUSTED_ORIGINS",
        cast=list,
        default=[],
        meaning="Addresses with scheme (https://shop.example.com) that may post forms, when behind a proxy.",
    ),
    Setting(
        name="HTTPS_ONLY",
        cast=bool,
        default=True,
        meaning="Redirect to HTTPS, secure cookies, HSTS. Off only for a demo on your own machine.",
    ),
    Setting(
        name="HSTS_SECONDS",
        cast=int,
        default=31_536_000,
        meaning="How long browsers remember that this site is HTTPS only.",
    ),
    Setting(
        name="BEHIND_PROXY",
        cast=bool,
        default=False,
        meaning="Trust X-Forwarded-Proto and X-Forwarded-For. Only behind a proxy that sets both itself.",
    ),
    Setting(
        name="SUPPORT_SECOND_STEP",
        cast=bool,
        default=False,
        meaning="Support staff need two-step sign-in; those without are led to set it up before they reach the desk.",
    ),
    Setting(
        name="TESTING_DAYS",
        cast=int,
        default=30,
        meaning="How many days of 24 hours a channel stays in Testing before it goes Live by itself.",
    ),
    Setting(
        name="KEEP_LINES_DAYS",
        cast=int,
        default=30,
        meaning="Days that feed lines and submissions are kept once they have ended; refusals that stand stay.",
    ),
    Setting(
        name="KEEP_RUNS_DAYS",
        cast=int,
        default=30,
        meaning="Days that the runs of jobs are kept.",
    ),
    Setting(
        name="KEEP_RECONCILER_DAYS",
        cast=int,
        default=30,
        meaning="Days that decided plans of the reconciler are kept; so long can an ended listing be put back.",
    ),
    Setting(
        name="KEEP_IMPORTS_DAYS",
        cast=int,
        default=90,
        meaning="Days that ended CSV imports, their bad rows, and files of parcels are kept.",
    ),
    Setting(
        name="KEEP_MOVEMENTS_DAYS",
        cast=int,
        default=400,
        meaning="Days that stock movements are kept; older ones become one opening balance.",
    ),
    Setting(
        name="KEEP_ORDER_BODIES_DAYS",
        cast=int,
        default=400,
        meaning="Days that orders as the channel gave them, with buyers' data, are kept; what we read from them stays.",
    ),
    Setting(
        name="KEEP_SIGN_INS_DAYS",
        cast=int,
        default=90,
        meaning="Days that the log of sign-ins is kept.",
    ),
    Setting(
        name="CLOCK_OFFSET_SECONDS",
        cast=int,
        default=0,
        meaning="Added to the clock everywhere; for demos and tests. Give every process the same value.",
    ),
    Setting(
        name="SPEED_UP",
        cast=int,
        default=1,
        meaning="Jobs run, and calls go out, so many times as often as marketplaces allow. For simulators only: real "
        "marketplaces lock accounts out.",
    ),
    Setting(
        name="OUTBOUND_ALLOWED_HOSTS",
        cast=list,
        default=[],
        meaning="host:port pairs that channels may call although they are private addresses: the sandbox, "
        "self-hosted shops.",
    ),
    Setting(
        name="SANDBOX_URL",
        default="",
        meaning="Address of the sandbox marketplace, offered when a sandbox channel is made. Empty: not offered.",
    ),
    Setting(
        name="EMAIL_URL",
        default="consolemail://",
        meaning="How e-mail is sent: smtp+tls://user:password@host:587, or consolemail:// to print it.",
    ),
    Setting(
        name="DEFAULT_FROM_EMAIL",
        default="marketplace@localhost",
        meaning="The sender of e-mail.",
    ),
    Setting(
        name="LOG_LEVEL",
        default="INFO",
        meaning="DEBUG, INFO, WARNING or ERROR.",
    ),
    Setting(
        name="LOG_FORMAT",
        default="json",
        meaning="json: one object per line. console: for people.",
    ),
)


def load() -> dict[str, Any]:
    """All values, typed. Raises ImproperlyConfigured, naming what is missing and what to do about it."""
    _follow_pointer()
    env = environ.Env()
    values = {setting.name: _read(env, setting) for setting in SETTINGS}
    if not values["DEBUG"]:
        missing = [setting.name for setting in SETTINGS if setting.required and not values[setting.name]]
        if missing:
            raise ImproperlyConfigured(
                f"Not set in the environment: {', '.join(missing)}. "
                "Set them (the table of settings is in README.md), or run `make run`, "
                "which makes them up for this checkout, or set DEBUG=1 for a single command in development."
            )
    return values


def markdown() -> str:
    """The table as it stands in the README."""
    lines = ["| name | default | meaning |", "| --- | --- | --- |"]
    lines += [f"| `{setting.name}` | {_shown_default(setting)} | {setting.meaning} |" for setting in SETTINGS]
    return "\n".join(lines)


def _read(env: environ.Env, setting: Setting) -> Any:
    try:
        return env.get_value(setting.name, cast=setting.cast, default=setting.default)
    except ValueError as error:
        raise ImproperlyConfigured(f"{setting.name}: {error}. It means: {setting.meaning}") from error


def _follow_pointer() -> None:
    """When no database is named, take the environment of the stack that `make run` keeps for this checkout."""
    if os.environ.get("DATABASE_URL") or not POINTER.is_file():
        return
    for name, value in json.loads(POINTER.read_text())["environment"].items():
        os.environ.setdefault(name, value)


def _shown_default(setting: Setting) -> str:
    if setting.required:
        return "none: must be set"
    if setting.default in ("", []):
        return "empty"
    if isinstance(setting.default, bool):
        return "on" if setting.default else "off"
    return f"`{setting.default}`"


if __name__ == "__main__":
    print(markdown())
