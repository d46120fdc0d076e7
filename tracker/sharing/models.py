"""What a learner lets others see, and by which links; what a mentor said.

Nothing is kept of who opens a link.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from tracker.milestones.models import Completion
from tracker.sharing.rules import COMMENT_LONGEST, INTRO_LONGEST, NAME_LONGEST


class Link(models.Model):
    """An address with a random token that shows something of its learner's. What stays of it is the hash.

    `hint` are the token's last four characters, so that its owner can tell it from others.
    """

    token_hash = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=4)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


class Portfolio(Link):
    """Chosen milestones behind one link: those of the learner that are public, and the ones chosen for it."""

    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="portfolios")
    title = models.CharField(max_length=NAME_LONGEST)
    intro = models.TextField(max_length=INTRO_LONGEST, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(title=""), name="portfolio_has_a_title")]
        indexes = [models.Index(fields=["learner", "-made_at"], name="portfolios_in_order")]

    def __str__(self) -> str:
        return self.title


class SharedMilestone(models.Model):
    """A completion that others may see. One without a row is private, and so is the next of its milestone.

    `shows_evidence`: names and hashes of files, and what tool a report is of. `shows_details`: links,
    commits, notes and the names of targets.
    """

    class Visibility(models.TextChoices):
        LINK = "link", "By link"
        PUBLIC = "public", "In every portfolio"

    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="shared_milestones")
    completion = models.OneToOneField(Completion, models.CASCADE, related_name="sharing")
    visibility = models.CharField(max_length=10, choices=Visibility)
    shows_evidence = models.BooleanField(default=True)
    shows_details = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(visibility__in=["link", "public"]), name="visibility_is_known")
        ]

    def __str__(self) -> str:
        return f"completion {self.completion_id}: {self.visibility}"


class PortfolioItem(models.Model):
    """A milestone chosen for one portfolio. It counts while the milestone is shown by link."""

    portfolio = models.ForeignKey(Portfolio, models.CASCADE, related_name="items")
    shared = models.ForeignKey(SharedMilestone, models.CASCADE, related_name="items")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["portfolio", "shared"], name="one_item_a_milestone")]

    def __str__(self) -> str:
        return f"{self.shared_id} in {self.portfolio_id}"


class MentorLink(Link):
    """Lets a mentor see plan against actual and milestones, comment and confirm. `name`: as the learner said.

    `shows_evidence` and `shows_details` are as for a shared milestone; `may_download`: the files themselves.
    """

    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="mentor_links")
    name = models.CharField(max_length=NAME_LONGEST)
    shows_evidence = models.BooleanField(default=False)
    shows_details = models.BooleanField(default=False)
    may_download = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="mentor_has_a_name"),
            models.CheckConstraint(
                condition=Q(may_download=False) | Q(shows_evidence=True), name="downloads_what_is_shown"
            ),
            # A confirmation carries the name alone, so that two who can confirm are never of one name.
            models.UniqueConstraint(
                "learner", Lower("name"), condition=Q(revoked_at__isnull=True), name="one_mentor_a_name"
            ),
        ]
        indexes = [models.Index(fields=["learner", "-made_at"], name="mentor_links_in_order")]

    def __str__(self) -> str:
        return self.name


class MentorMail(models.Model):
    """Where a mentor wants a copy of the weekly mail. It is sent once whoever reads there has confirmed it.

    `token_hash` is of the token in the mail that asks. The unsubscribe token can do nothing but end this
    mail, and stands in each, so it is kept as it is.
    """

    link = models.OneToOneField(MentorLink, models.CASCADE, related_name="mail")
    address = models.EmailField(max_length=254)
    token_hash = models.CharField(max_length=64, unique=True)
    asked_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    unsubscribe_token = models.CharField(max_length=64, unique=True)
    left_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"copy for {self.link_id}"


class MentorCopy(models.Model):
    """One week's copy for one mentor. The row is there before the mail leaves, so that none goes twice."""

    class State(models.TextChoices):
        HANDING_OVER = "handing_over", "Handing over"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"

    link = models.ForeignKey(MentorLink, models.CASCADE, related_name="copies")
    iso_year = models.PositiveSmallIntegerField()
    iso_week = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=20, choices=State, default=State.HANDING_OVER)
    begun_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["link", "iso_year", "iso_week"], name="one_copy_a_week"),
            models.CheckConstraint(
                condition=Q(state__in=["handing_over", "sent", "failed"]), name="copy_state_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.iso_year}-W{self.iso_week:02}: {self.state}"


class Comment(models.Model):
    """What a mentor or the learner wrote about a milestone, as Markdown.

    `mentor` is None where the learner wrote it. `author` is the mentor's name at that time.
    """

    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="milestone_comments")
    mentor = models.ForeignKey(MentorLink, models.CASCADE, null=True, related_name="comments")
    author = models.CharField(max_length=NAME_LONGEST, blank=True)
    module_key = models.CharField(max_length=80)
    text = models.TextField(max_length=COMMENT_LONGEST)
    submission = models.UUIDField()
    written_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="comment_says_something"),
            models.CheckConstraint(
                condition=Q(mentor__isnull=True, author="") | Q(mentor__isnull=False) & ~Q(author=""),
                name="comment_of_a_mentor_is_named",
            ),
            models.UniqueConstraint(fields=["learner", "submission"], name="one_comment_a_submission"),
        ]
        indexes = [models.Index(fields=["learner", "module_key", "written_at"], name="comments_in_order")]

    def __str__(self) -> str:
        return f"{self.author or 'the learner'} on {self.module_key}"
