"""What of the curriculum is a learner's own to open: modules and activities of the track they follow."""

from django.http import Http404

from curriculum.catalogue import Activity, Catalogue, Module, current
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


def own_activity(
    request: LearnerRequest, module_key: str, activity_key: str
) -> tuple[Plan, Catalogue, Activity]:
    """The activity in the learner's own track, as it reads today; a 404 for any other, and without a plan."""
    plan, content, module = own_module(request, module_key)
    activity = content.find_activity(activity_key)
    if activity is None or activity.module_key != module.key or plan.track_key not in activity.needs:
        raise Http404
    return plan, content, activity
