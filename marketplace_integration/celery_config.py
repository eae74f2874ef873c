"""How the background jobs run. Read by Celery on first use, so that importing the project needs no settings."""

from celery.schedules import crontab
from django.conf import settings
from kombu import Exchange, Queue

#: Lanes. The first three wait for the network (threads), the last one computes (processes).
LANES = ("urgent", "orders", "feeds", "bulk")

broker_url = settings.REDIS_URL
broker_connection_retry = True
broker_connection_retry_on_startup = True
broker_connection_max_retries = None
broker_connection_timeout = 2
broker_transport_options = {"socket_connect_timeout": 2, "socket_timeout": 3, "max_retries": 0}
task_publish_retry = False

task_acks_late = False
task_ignore_result = True
task_serializer = "json"
accept_content = ["json"]
task_queues = [Queue(lane, Exchange(lane), routing_key=lane) for lane in LANES]
task_default_queue = "feeds"
task_create_missing_queues = False
#: Imports and rules compute; everything else is told its lane by whoever sends it.
task_routes = {
    "inventory.send_mail": {"queue": "feeds"},  # it waits for a mail server
    "inventory.*": {"queue": "bulk"},
    "channels.check_channel_ledger": {"queue": "bulk"},
    "channels.record_parcels": {"queue": "orders"},
}

worker_prefetch_multiplier = 1
worker_cancel_long_running_tasks_on_connection_loss = False
worker_hijack_root_logger = False
worker_redirect_stdouts = False
worker_send_task_events = False
timezone = "UTC"

# A tick that was not fetched in time is dropped: ticks do not pile up while the workers are away.
beat_schedule = {
    "tick": {"task": "channels.tick", "schedule": 1.0, "options": {"queue": "urgent", "expires": 2}},
    "sweep-changes": {"task": "channels.sweep_changes", "schedule": 1.0, "options": {"queue": "urgent", "expires": 2}},
    "sweep-imports": {"task": "inventory.sweep_imports", "schedule": 5.0, "options": {"queue": "bulk", "expires": 5}},
    "prune-lacks": {
        "task": "inventory.prune_lacks",
        "schedule": crontab(minute="*/10"),
        "options": {"queue": "bulk", "expires": 300},
    },
    "sweep-mail": {"task": "inventory.sweep_mail", "schedule": 30.0, "options": {"queue": "orders", "expires": 30}},
    "sweep-parcels": {
        "task": "channels.sweep_parcels",
        "schedule": 10.0,
        "options": {"queue": "orders", "expires": 10},
    },
    "promote-due": {"task": "channels.promote_due", "schedule": 10.0, "options": {"queue": "orders", "expires": 10}},
    "tell-of-stops": {
        "task": "channels.tell_of_stops",
        "schedule": 60.0,
        "options": {"queue": "orders", "expires": 60},
    },
    "write-digests": {
        "task": "channels.write_digests",
        "schedule": crontab(minute="*/5"),
        "options": {"queue": "bulk", "expires": 300},
    },
    "warn-of-expiry": {
        "task": "channels.warn_of_expiry",
        "schedule": crontab(minute="2-59/10"),
        "options": {"queue": "bulk", "expires": 600},
    },
    "check-ledger": {
        "task": "channels.check_ledger",
        "schedule": crontab(hour="3", minute="10"),
        "options": {"queue": "bulk", "expires": 6 * 3600},
    },
    "purge": {
        "task": "channels.purge",
        "schedule": crontab(minute="40"),  # each run has an end, so that it never holds the lane
        "options": {"queue": "bulk", "expires": 1800},
    },
}
