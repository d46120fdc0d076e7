"""Ends with 0 where beat's tick came through the broker and a worker within five minutes, else 1.

Asks the table the reminders' tick writes to, at the database's own clock.
"""

import os
import sys

import psycopg

LAST_TICK = """
    SELECT extract(epoch FROM now() - beat_at)::int FROM operations_heartbeat WHERE name = 'wake-reminders'
"""

try:
    with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=4) as connection:
        row = connection.execute(LAST_TICK).fetchone()
except psycopg.Error as error:
    print(f"The database does not answer: {error}")
    sys.exit(1)
if row is None:
    print("No tick has been worked on yet.")
    sys.exit(1)
print(f"The last tick was worked on {row[0]} s ago.")
sys.exit(row[0] > 300)
