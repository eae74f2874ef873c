"""How log lines look: JSON objects in production (ts, level, event, and what they are about), plain text for people.

Who or what a line is about is bound once, not repeated in each call:

    with bound(seller=seller.slug, channel=channel.pk):
        logger.info("feed sent", extra={"lines": 200})
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from pythonjsonlogger.json import JsonFormatter

_bound: ContextVar[dict[str, Any] | None] = ContextVar("bound", default=None)

#: Attributes every record has; whatever else it carries was given as `extra`.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "data"}


@contextmanager
def bound(**about: Any) -> Iterator[None]:
    """Inside the block, every log line of this thread carries `about` (seller, channel, job_run, request)."""
    token = _bound.set({**(_bound.get() or {}), **about})
    try:
        yield
    finally:
        _bound.reset(token)


class AddBound(logging.Filter):
    """Puts what is bound onto the record; what the call itself says wins."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name, value in (_bound.get() or {}).items():
            if not hasattr(record, name):
                setattr(record, name, value)
        return True


class ConsoleFormatter(logging.Formatter):
    """`12:30:01 INFO channels_app.flows.feed: feed sent  channel=7 lines=200`"""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", datefmt="%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is logging's
        about = {name: value for name, value in vars(record).items() if name not in _STANDARD and name != "request"}
        extra = " ".join(f"{name}={value}" for name, value in about.items())
        line = super().formatMessage(record)
        return f"{line}  {extra}" if extra else line


def json_formatter() -> logging.Formatter:
    """`{"ts": .., "level": .., "event": .., "logger": .., "channel": 7, ..}`"""
    return JsonFormatter(
        "%(asctime)s %(levelname)s %(message)s %(name)s",
        rename_fields={"asctime": "ts", "levelname": "level", "message": "event", "name": "logger"},
        datefmt="%Y-%m-%dT%H:%M:%S%z",
        json_default=str,
    )


def logging_config(*, level: str, form: str) -> dict[str, Any]:
    """The dict for `logging.config.dictConfig`: everything goes to standard error, the system keeps it."""
    formatter = "console" if form == "console" else "json"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"bound": {"()": AddBound}},
        "formatters": {"json": {"()": json_formatter}, "console": {"()": ConsoleFormatter}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": formatter, "filters": ["bound"]},
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
            # httpx names every address it calls at INFO; addresses may hold secrets.
            "httpx": {"level": "WARNING"},
            # A tick each second is not worth a line when it is sent, fetched and done.
            "celery.beat": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
        },
    }
