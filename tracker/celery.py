"""The Celery application: settings come from Django's, tasks from each feature's `tasks.py`."""

import logging
import os
from collections.abc import Iterable
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError as BrokerIsAway

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")

app = Celery("cairn")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

log = logging.getLogger(__name__)

SOCKET_TIMEOUTS = ("socket_connect_timeout", "socket_timeout")
PAGE_WAITS = 1.0
TASK_WAITS = 5.0


def publish(task: Any, calls: Iterable[tuple[Any, ...]], *, expires: float | str, within: float) -> bool:
    """Sends workers one message for each of the calls' arguments, over one connection.

    expires: seconds, or a moment. within: seconds after which a broker that does not answer is given up;
    without an end of its own, one that takes connections and is silent would hold its caller for ever. False
    where not all could be sent: what they were about is in a table, and is looked for again.
    """
    options = {**app.conf.broker_transport_options, **dict.fromkeys(SOCKET_TIMEOUTS, within)}
    try:
        with app.connection_for_write(transport_options=options) as broker:
            for args in calls:
                task.apply_async(args, expires=expires, connection=broker)
    except BrokerIsAway as error:
        log.warning("The broker is away, %s waits: %s", task.name, error)
        return False
    return True
