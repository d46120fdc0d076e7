"""Mails to mentors: one that asks whether an address is theirs, and the copy of a learner's weekly mail."""

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from tracker.addresses import secret_url
from tracker.plans.queries import Standing
from tracker.reminders.mail import facts, finish_sentence, headline, plain, sentences, to_ascii_domain
from tracker.sharing.models import MentorMail


def confirmation(mail: MentorMail, token: str) -> EmailMultiAlternatives:
    """Asks whoever reads there whether copies are wanted. Nothing of the learner's is in it."""
    content = {"confirm_url": secret_url("mentor-mail", token)}
    return EmailMultiAlternatives(
        subject="Confirm: a copy of a weekly mail",
        body=render_to_string("emails/sharing/confirm.txt", content),
        to=[to_ascii_domain(mail.address)],
        headers={"Auto-Submitted": "auto-generated"},
    )


def copy_of(mail: MentorMail, standing: Standing) -> EmailMultiAlternatives:
    """What the learner's weekly mail says of plan and hours, without anything that acts for the learner."""
    leave = secret_url("leave-mentor-mail", mail.unsubscribe_token)
    content = {
        "standing": standing,
        "headline": headline(standing),
        "facts": facts(standing),
        "sentences": sentences(standing),
        "finish": finish_sentence(standing),
        "next": [(item.standing.activity.title, item.module.title) for item in standing.next],
        "name": mail.link.name,
        "leave_url": leave,
    }
    return EmailMultiAlternatives(
        subject=plain(f"Week {standing.week_number}, a copy: {headline(standing)}"),
        body=plain(render_to_string("emails/sharing/copy.txt", content)),
        to=[to_ascii_domain(mail.address)],
        headers={
            "List-Unsubscribe": f"<{leave}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
    )
