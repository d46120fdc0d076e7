"""Groups of learners who let a lead see how their plans go, and what the lead proposes to them."""

from django.conf import settings
from django.db import models
from django.db.models import Q

NAME_LONGEST = 80
NOTE_LONGEST = 1000
# What names are told apart by: the name without its case, by one rule on every database. One letter may
# become three.
KEY_LONGEST = 3 * NAME_LONGEST


class Cohort(models.Model):
    """A group and its lead. Its invitation is kept as a hash; a new one takes the place of the one before."""

    lead = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="cohorts")
    name = models.CharField(max_length=NAME_LONGEST)
    name_key = models.CharField(max_length=KEY_LONGEST)
    invite_hash = models.CharField(max_length=64, unique=True)
    invite_hint = models.CharField(max_length=4)
    invite_expires_at = models.DateTimeField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="cohort_has_a_name"),
            models.UniqueConstraint(fields=["lead", "name_key"], name="one_cohort_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A learner who agreed to share, by the name that they chose. It is gone once they leave."""

    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="memberships")
    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    name = models.CharField(max_length=NAME_LONGEST)
    name_key = models.CharField(max_length=KEY_LONGEST)
    joined_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="member_has_a_name"),
            models.UniqueConstraint(fields=["cohort", "learner"], name="one_membership_a_cohort"),
            models.UniqueConstraint(fields=["cohort", "name_key"], name="one_member_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Proposal(models.Model):
    """A revision of the curriculum that a lead proposes. The latest of a cohort counts."""

    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="proposals")
    revision = models.PositiveIntegerField()
    note = models.TextField(max_length=NOTE_LONGEST, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cohort", "revision"], name="one_proposal_a_revision")]

    def __str__(self) -> str:
        return f"revision {self.revision} to {self.cohort_id}"


class Answer(models.Model):
    """What a member made of a proposal: taken, or left."""

    class Choice(models.TextChoices):
        TAKEN = "taken", "Taken"
        LEFT = "left", "Left"

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="answers")
    membership = models.ForeignKey(Membership, models.CASCADE, related_name="answers")
    choice = models.CharField(max_length=10, choices=Choice)
    answered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["proposal", "membership"], name="one_answer_a_member"),
            models.CheckConstraint(condition=Q(choice__in=["taken", "left"]), name="answer_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.membership_id}: {self.choice}"
