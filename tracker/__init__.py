"""Where a learner stands: the Django project and its features, stacked (see docs/architecture.md)."""

from tracker.celery import app as celery_app

__all__ = ["celery_app"]
