"""The Celery app. How it runs, and the few ticks that beat sends, stand in `celery_config.py`.

Rows are the truth and messages are nudges: a message that is lost, doubled or late costs time and nothing else. So
nothing is retried here, no result is kept, a task gets ids only, and a broker that is away is logged, not raised.
"""

import gc
import logging
import os
import threading
import warnings
from typing import Any

from celery import Celery
from celery.contrib.django.task import DjangoTask
from celery.exceptions import SecurityWarning
from celery.signals import worker_init, worker_process_init, worker_shutting_down
from kombu.exceptions import OperationalError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace_integration.settings")

# Celery warns a worker that runs as root because pickled messages could run code. Here messages are JSON and ids.
warnings.filterwarnings("ignore", category=SecurityWarning)

logger = logging.getLogger(__name__)

#: Set once this worker was asked to stop: tasks that could go on for long end after what they have in hand.
stopping = threading.Event()


@worker_shutting_down.connect
def _note_stop(**_: Any) -> None:
    stopping.set()


@worker_init.connect
@worker_process_init.connect
def collect_garbage_seldom(**_: Any) -> None:
    """Look for garbage in circles once in 100,000 new objects instead of 700, and never among what is there now.

    A batch makes some hundred thousand small objects that all live to its end: looking through them again and again
    took an eighth of a first feed's time, and found nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


class Nudge(DjangoTask):  # type: ignore[type-arg]
    """A task whose message may get lost: when the broker is away, sending logs a warning and returns None."""

    abstract = True

    def apply_async(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().apply_async(*args, **kwargs)
        except (OperationalError, ConnectionError, TimeoutError) as error:
            logger.warning("nudge lost", extra={"task": self.name, "reason": str(error)})
            return None


app = Celery("marketplace_integration", task_cls=Nudge)
app.config_from_object("marketplace_integration.celery_config")
app.autodiscover_tasks()
