"""What stands about a milestone on a page of a feature below this one."""

from typing import Any
from uuid import uuid4

from django import template

from tracker.sharing import queries
from tracker.sharing.forms import CommentForm

register = template.Library()


@register.inclusion_tag("sharing/_comments.html", takes_context=True)
def milestone_comments(context: dict[str, Any], module_key: str) -> dict[str, Any]:
    """The comments on one of the reader's milestones, with the form for another. One query."""
    user = context["user"]
    return {
        "user": user,
        "csrf_token": context.get("csrf_token"),
        "module_key": module_key,
        "comments": queries.comments_on(user.pk, module_key),
        "form": CommentForm(auto_id="comment-%s"),
        "submission": uuid4(),
    }
