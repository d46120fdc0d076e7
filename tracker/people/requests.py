"""The request that a view of somebody logged in gets, typed."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from tracker.people.models import User


class LearnerRequest(HttpRequest):
    """What every view gets that is not `login_not_required`."""

    user: User
    htmx: HtmxDetails
