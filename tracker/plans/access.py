"""What of the curriculum is a learner's own to open: the modules of the track they follow."""

from django.http import Http404

from curriculum.catalogue import Catalogue, Module, current
from tracker.people.requests import LearnerRequest
from tracker.plans.models import Plan
from tracker.plans.queries import active_plan


def own_module(request: LearnerRequest, module_key: str) -> tuple[Plan, Catalogue, Module]:
    """The module in the learner's own track, as it reads today; a 404 for any other, and without a plan."""
    plan = active_plan(request.user.pk)
    if plan is None:
        raise Http404
    content = current(plan.revision)
    if module_key not in content.track(plan.track_key).module_keys:
        raise Http404
    return plan, content, content.module(module_key)
