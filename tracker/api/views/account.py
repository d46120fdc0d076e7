"""Whose token it is."""

from tracker.api.door import ApiRequest, May
from tracker.api.operations import Section
from tracker.api.schemas import Me
from tracker.people.models import ApiToken
from tracker.plans.queries import active_plan

section = Section("Account")


@section.operation("GET", "/me", name="api-me", may=May.ANY, answers={200: Me})
def me(request: ApiRequest) -> Me:
    """The learner, their day, and what this token may do."""
    return Me(
        email=request.learner.email,
        zone=request.learner.zone,
        today=request.today,
        scope=ApiToken.Scope(request.token.scope),
        token_name=request.token.name,
        plan=active_plan(request.learner.pk) is not None,
    )
