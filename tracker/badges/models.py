"""Keys of this Cairn, the badges that were signed with them, and the places that say which are still good."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from tracker.milestones.models import Completion


class SigningKey(models.Model):
    """A key pair for Ed25519. `kid` is its thumbprint (RFC 7638), `public` the public part as a JWK.

    `sealed` is the private part, encrypted under SECRET_KEY: who reads the database alone can sign nothing.
    A key that is not the current one signs no more and is published for as long as there is a Cairn.
    """

    kid = models.CharField(max_length=43, unique=True)
    public = models.JSONField()
    sealed = models.TextField()
    is_current = models.BooleanField(default=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_current"], condition=Q(is_current=True), name="one_key_is_current"
            )
        ]

    def __str__(self) -> str:
        return self.kid


class StatusPlace(models.Model):
    """The place of one badge in the published lists. It outlives the badge: one that is gone is not good."""

    given_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"place {self.pk}"


class Badge(models.Model):
    """A signed credential of one completed milestone. `jwt` is what was handed out and never changes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="badges")
    completion = models.ForeignKey(Completion, models.CASCADE, related_name="badges")
    place = models.OneToOneField(StatusPlace, models.PROTECT, related_name="badge")
    jwt = models.TextField()
    names_files = models.BooleanField()
    issued_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["completion"], condition=Q(withdrawn_at__isnull=True), name="one_badge_a_completion"
            )
        ]

    def __str__(self) -> str:
        return f"badge of completion {self.completion_id}"
