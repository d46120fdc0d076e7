"""Copies of the weekly mail, for mentors."""

import logging
from datetime import datetime
from smtplib import (
    SMTPDataError,
    SMTPRecipientsRefused,
    SMTPSenderRefused,
)
from typing import Any

from celery import shared_task
from django.core.mail import get_connection

from tracker import clock
from tracker.plans import queries as plans_queries
from tracker.sharing import actions, mail, queries
from tracker.sharing.models import MentorCopy, MentorMail

log = logging.getLogger(__name__)

COPIES_A_RUN = 200
# Said about one mail, by a server that goes on to take others. Every SMTPException is an OSError too.
REFUSED = (SMTPRecipientsRefused, SMTPSenderRefused, SMTPDataError)


@shared_task
def send_copies() -> int:
    """Sends the copies that are due, each once at most; how many left.

    One that the mail server refused, or whose fate is not known, is not sent again: the next week's comes.
    While the server is away none is begun, and a later run sends them.
    """
    now, sent = clock.now(), 0
    due = queries.copies_due(now, COPIES_A_RUN)
    connection = get_connection()
    try:
        if due:
            connection.open()
        for wish, iso_year, iso_week in due:
            copy = actions.begin_copy(wish, iso_year, iso_week, now=now)
            if copy is None:
                continue
            try:
                _send(wish, connection, now)
            except (OSError, ValueError) as error:
                # The address is the mentor's and stays out of the log.
                log.warning("A copy for a mentor was not sent: %s", type(error).__name__)
                actions.end_copy(copy, MentorCopy.State.FAILED)
                if isinstance(error, OSError) and not isinstance(error, REFUSED):
                    break
            else:
                actions.end_copy(copy, MentorCopy.State.SENT)
                sent += 1
    except OSError as error:
        log.warning("The mail server does not answer: copies for mentors wait (%s).", type(error).__name__)
    finally:
        connection.close()
    return sent


def _send(wish: MentorMail, connection: Any, now: datetime) -> None:
    learner = wish.link.learner
    standing = plans_queries.standing(learner.pk, now.astimezone(learner.zone_info).date())
    message = mail.copy_of(wish, standing)
    message.connection = connection
    message.send()
