"""Whether the parts this process needs answer: asked by `/readyz`, by the supervisor and by containers."""

from django.conf import settings
from django.db import DatabaseError, connection
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

SECONDS = 1.0


def broker_client() -> Redis:
    """A client of the broker that gives up at once: by default redis-py tries for four seconds."""
    # Celery writes a Unix socket as redis+socket://, the client as unix://.
    given = settings.REDIS_URL.replace("redis+socket://", "unix://").replace("virtual_host=", "db=")
    return Redis.from_url(
        given or f"unix://{settings.BROKER_SOCKET}",
        socket_timeout=SECONDS,
        socket_connect_timeout=SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def database_answers() -> bool:
    """Whether the database answers one query."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return bool(cursor.fetchone())
    except DatabaseError:
        return False


def broker_answers() -> bool:
    """Whether the broker answers one ping within a second."""
    try:
        with broker_client() as client:
            return bool(client.ping())
    except (RedisError, OSError):
        return False
