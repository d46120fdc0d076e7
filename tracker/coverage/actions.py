"""Writes of the maps: claims are brought along in a layer, and taken back as a whole."""

from datetime import datetime

from django.db import transaction

from tracker.coverage.models import Claim
from tracker.coverage.rules.layer import Layer
from tracker.people.actions import lock_learner
from tracker.people.models import User

MOST_LAYERS = 20


class TooManyLayers(Exception):
    """An edition has as many layers as it may. The message is for the learner."""


@transaction.atomic
def claim_layer(learner: User, framework_key: str, edition: str, layer: Layer, *, now: datetime) -> int:
    """Keeps what a layer claims in place of what one of the same name claimed. Returns how many topics.

    Raises `TooManyLayers`.
    """
    lock_learner(learner)
    own = Claim.objects.filter(learner=learner, framework_key=framework_key, edition=edition)
    own.filter(source=layer.name).delete()
    if own.values("source").distinct().count() >= MOST_LAYERS:
        raise TooManyLayers(f"There are {MOST_LAYERS} layers here already. Take one back first.")
    Claim.objects.bulk_create(
        Claim(
            learner=learner,
            framework_key=framework_key,
            edition=edition,
            topic_id=topic_id,
            level=int(level),
            source=layer.name,
            claimed_at=now,
        )
        for topic_id, level in layer.levels.items()
    )
    return len(layer.levels)


@transaction.atomic
def take_back_layer(learner: User, framework_key: str, edition: str, source: str) -> int:
    """Takes back everything that a layer claims. Returns how many claims there were."""
    deleted, _ = Claim.objects.filter(
        learner=learner, framework_key=framework_key, edition=edition, source=source
    ).delete()
    return deleted
