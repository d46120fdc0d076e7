"""Levels that a learner brought along in a layer. All other levels are worked out, never stored."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from curriculum.schema import NAME_LENGTH, TOPIC_LENGTH

SOURCE_LENGTH = 120


class Claim(models.Model):
    """A level of a topic that a layer of the learner's names: shown beside their own, never counted.

    `source` is the name of the layer; what came with it is taken back as a whole.
    """

    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="claims")
    framework_key = models.CharField(max_length=NAME_LENGTH)
    edition = models.CharField(max_length=NAME_LENGTH)
    topic_id = models.CharField(max_length=TOPIC_LENGTH)
    level = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=SOURCE_LENGTH)
    claimed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["learner", "framework_key", "edition", "source", "topic_id"],
                name="one_claim_of_a_layer_on_a_topic",
            ),
            models.CheckConstraint(condition=Q(level__gte=1, level__lte=3), name="claim_is_a_level"),
        ]

    def __str__(self) -> str:
        return f"{self.topic_id}: {self.level}"
