"""Making, changing and revoking links; what is shared; comments and a mentor's confirmation."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Lower

from tracker.milestones import actions as milestones_actions
from tracker.milestones.models import Completion, Confirmation
from tracker.people.actions import lock_learner, token_hash
from tracker.people.models import User
from tracker.sharing.models import (
    Comment,
    MentorCopy,
    MentorLink,
    MentorMail,
    Portfolio,
    PortfolioItem,
    SharedMilestone,
)
from tracker.sharing.queries import good_at
from tracker.sharing.rules import MOST_COMMENTS, MOST_LINKS


class Refused(ValueError):
    """Not done; the message is the sentence for whoever asked."""


# --- portfolios -------------------------------------------------------------------------------------------


@transaction.atomic
def make_portfolio(
    learner: User, *, title: str, intro: str, expires_at: datetime | None, now: datetime
) -> tuple[Portfolio, str]:
    """A new portfolio without a milestone by link, and its token, which is kept nowhere. Raises `Refused`."""
    lock_learner(learner)  # two made at the same moment count one another
    if Portfolio.objects.filter(good_at(now), learner=learner).count() >= MOST_LINKS:
        raise Refused(f"You have {MOST_LINKS} portfolios. Revoke one that you no longer need.")
    token = secrets.token_urlsafe(32)
    row = Portfolio.objects.create(
        learner=learner,
        title=title,
        intro=intro,
        token_hash=token_hash(token),
        hint=token[-4:],
        made_at=now,
        expires_at=expires_at,
    )
    return row, token


@transaction.atomic
def change_portfolio(
    portfolio: Portfolio, *, title: str, intro: str, expires_at: datetime | None, chosen: Collection[int]
) -> None:
    """Other words, another end, and which of the learner's milestones by link it shows.

    chosen: shared milestones; those that are another's or not by link are left out.
    """
    lock_learner(portfolio.learner)
    portfolio.title, portfolio.intro, portfolio.expires_at = title, intro, expires_at
    portfolio.save(update_fields=["title", "intro", "expires_at"])
    own = SharedMilestone.objects.filter(
        learner_id=portfolio.learner_id, visibility=SharedMilestone.Visibility.LINK, pk__in=chosen
    )
    wanted = set(own.values_list("pk", flat=True))
    PortfolioItem.objects.filter(portfolio=portfolio).exclude(shared__in=wanted).delete()
    PortfolioItem.objects.bulk_create(
        [PortfolioItem(portfolio=portfolio, shared_id=pk) for pk in sorted(wanted)], ignore_conflicts=True
    )


@transaction.atomic
def renew_portfolio(portfolio: Portfolio, *, now: datetime) -> str:
    """A new token for it; the address it had shows nothing from now on.

    Raises `Refused` once it was revoked.
    """
    lock_learner(portfolio.learner)
    token = secrets.token_urlsafe(32)
    changed = Portfolio.objects.filter(pk=portfolio.pk, revoked_at__isnull=True).update(
        token_hash=token_hash(token), hint=token[-4:], made_at=now
    )
    if not changed:
        raise Refused("It was revoked. Make a new one.")
    return token


def revoke_portfolio(learner: User, pk: int, *, now: datetime) -> bool:
    """It shows nothing from now on; once more changes nothing. False where the learner has no such one."""
    rows = Portfolio.objects.filter(learner=learner, pk=pk)
    return rows.filter(revoked_at__isnull=True).update(revoked_at=now) > 0 or rows.exists()


@dataclass(frozen=True, slots=True)
class Shown:
    """What the learner chose for one milestone. `visibility`: private, link or public."""

    visibility: str
    shows_evidence: bool
    shows_details: bool


@transaction.atomic
def share_milestones(learner: User, chosen: Mapping[int, Shown]) -> None:
    """Keeps what the learner chose, by completion. Another's completion is left out.

    What becomes private leaves every portfolio, and stays out when it is shared again.
    """
    lock_learner(learner)
    own = set(Completion.objects.filter(learner=learner, pk__in=chosen).values_list("pk", flat=True))
    private = [pk for pk in own if chosen[pk].visibility == "private"]
    SharedMilestone.objects.filter(learner=learner, completion__in=private).delete()
    for pk in own.difference(private):
        said = chosen[pk]
        SharedMilestone.objects.update_or_create(
            completion_id=pk,
            defaults={
                "learner": learner,
                "visibility": said.visibility,
                "shows_evidence": said.shows_evidence,
                "shows_details": said.shows_details,
            },
        )


def revoke_all(now: datetime) -> None:
    """Everybody's links show nothing from now on."""
    Portfolio.objects.filter(revoked_at__isnull=True).update(revoked_at=now)
    MentorLink.objects.filter(revoked_at__isnull=True).update(revoked_at=now)


# --- mentors ----------------------------------------------------------------------------------------------


@transaction.atomic
def make_mentor_link(
    learner: User,
    *,
    name: str,
    shows_evidence: bool,
    shows_details: bool,
    may_download: bool,
    expires_at: datetime | None,
    now: datetime,
) -> tuple[MentorLink, str]:
    """A link for a mentor and its token, which is kept nowhere. Raises `Refused`."""
    lock_learner(learner)
    # One that ran out gives its name free.
    ran_out = MentorLink.objects.filter(learner=learner, revoked_at__isnull=True, expires_at__lte=now)
    ran_out.update(revoked_at=F("expires_at"))
    live = MentorLink.objects.filter(learner=learner, revoked_at__isnull=True)
    # In the words of the constraint: databases differ in what they take for the same letter.
    if live.annotate(lower=Lower("name")).filter(lower=Lower(Value(name))).exists():
        raise Refused(f"{name} has a link already. Revoke it first, or give this one another name.")
    if live.count() >= MOST_LINKS:
        raise Refused(f"You have {MOST_LINKS} links for mentors. Revoke one that you no longer need.")
    token = secrets.token_urlsafe(32)
    row = MentorLink.objects.create(
        learner=learner,
        name=name,
        shows_evidence=shows_evidence,
        shows_details=shows_details,
        may_download=may_download,
        token_hash=token_hash(token),
        hint=token[-4:],
        made_at=now,
        expires_at=expires_at,
    )
    return row, token


def revoke_mentor_link(learner: User, pk: int, *, now: datetime) -> bool:
    """It opens nothing from now on; once more changes nothing. False where the learner has no such one.

    What was said with it stays.
    """
    rows = MentorLink.objects.filter(learner=learner, pk=pk)
    return rows.filter(revoked_at__isnull=True).update(revoked_at=now) > 0 or rows.exists()


@transaction.atomic
def confirm(link: MentorLink, completion_id: int, *, note: str, now: datetime) -> Confirmation | None:
    """The mentor's word that a completion of the learner's holds. None where there is no such completion.

    Raises `milestones.actions.MilestoneIsOpen` where it was opened again.
    """
    found = Completion.objects.filter(learner_id=link.learner_id, pk=completion_id).first()
    if found is None or not _still_open(link):
        return None
    return milestones_actions.confirm_milestone(found, name=link.name, note=note, now=now)


def _still_open(link: MentorLink) -> bool:
    """Whether the link was not revoked since it was looked up."""
    return MentorLink.objects.select_for_update().filter(pk=link.pk, revoked_at__isnull=True).exists()


@transaction.atomic
def comment(
    learner: User, module_key: str, text: str, *, submission: UUID, now: datetime, mentor: MentorLink | None
) -> Comment:
    """Keeps a comment, the learner's where `mentor` is None. The same submission again is the same comment.

    Raises `Refused`.
    """
    lock_learner(learner)
    there = Comment.objects.filter(learner=learner, submission=submission).first()
    if there is not None:
        return there
    if mentor is not None and not _still_open(mentor):
        raise Refused("This link was revoked, so nothing was kept.")
    if Comment.objects.filter(learner=learner, module_key=module_key).count() >= MOST_COMMENTS:
        raise Refused(f"There are {MOST_COMMENTS} comments here, which is as many as there can be.")
    return Comment.objects.create(
        learner=learner,
        mentor=mentor,
        author=mentor.name if mentor else "",
        module_key=module_key,
        text=text,
        submission=submission,
        written_at=now,
    )


def delete_comment(learner: User, pk: int) -> str | None:
    """Deletes a comment on the learner's milestone, whoever wrote it. Its module, or None."""
    found = Comment.objects.filter(learner=learner, pk=pk).first()
    if found is None:
        return None
    found.delete()
    return found.module_key


# --- copies of the weekly mail ----------------------------------------------------------------------------


@transaction.atomic
def ask_for_copies(link: MentorLink, address: str, *, now: datetime) -> str:
    """Keeps where the mentor wants copies, not yet confirmed. The token that confirms it is kept nowhere.

    Another address, or the same once more, begins anew: copies go nowhere until it is confirmed.
    """
    token = secrets.token_urlsafe(32)
    MentorMail.objects.update_or_create(
        link=link,
        defaults={
            "address": address,
            "token_hash": token_hash(token),
            "asked_at": now,
            "confirmed_at": None,
            "unsubscribe_token": secrets.token_urlsafe(32),
            "left_at": None,
        },
    )
    return token


def confirm_copies(mail: MentorMail, *, now: datetime) -> None:
    """Copies go to this address from now on; once more changes nothing."""
    MentorMail.objects.filter(
        pk=mail.pk, token_hash=mail.token_hash, confirmed_at__isnull=True, left_at__isnull=True
    ).update(confirmed_at=now)


def leave_copies(mail: MentorMail, *, now: datetime) -> None:
    """No copy goes there from now on; once more changes nothing."""
    MentorMail.objects.filter(pk=mail.pk, left_at__isnull=True).update(left_at=now)


def begin_copy(mail: MentorMail, iso_year: int, iso_week: int, *, now: datetime) -> MentorCopy | None:
    """Takes the copy of a week, for who is about to send it. None where it was taken, or is not wanted."""
    with transaction.atomic():
        wanted = MentorMail.objects.select_for_update().filter(
            pk=mail.pk,
            unsubscribe_token=mail.unsubscribe_token,
            confirmed_at__isnull=False,
            left_at__isnull=True,
        )
        if not wanted.exists():
            return None
        copy, is_new = MentorCopy.objects.get_or_create(
            link_id=mail.link_id, iso_year=iso_year, iso_week=iso_week, defaults={"begun_at": now}
        )
    return copy if is_new else None


def end_copy(copy: MentorCopy, state: str) -> None:
    """What became of it."""
    MentorCopy.objects.filter(pk=copy.pk).update(state=state)
