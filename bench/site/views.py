"""Three pages of known cost. `hello` asks the database nothing, `bare` twice, `six` twice and six times."""

from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from bench.site.data import LAST_DAY
from bench.site.models import Entry


def hello(request: HttpRequest) -> HttpResponse:
    """The least a template can do: no session, no user, no query."""
    return render(request, "hello.html")


@login_required
def bare(request: HttpRequest) -> HttpResponse:
    """A signed-in page without matter of its own. Two queries: session, user."""
    return render(request, "bare.html")


@login_required
def six(request: HttpRequest) -> HttpResponse:
    """An ordinary overview. Eight queries: session, user, and six that each use one of the indexes."""
    own = Entry.objects.filter(user_id=request.user.pk)
    lately = own.filter(day_on__gt=LAST_DAY - timedelta(days=90))
    context = {
        "entry_count": own.count(),
        "week_amount": own.filter(day_on__gt=LAST_DAY - timedelta(days=7)).aggregate(sum=Sum("amount"))[
            "sum"
        ],
        "kinds": lately.values("kind").annotate(entries=Count("pk"), amount=Sum("amount")).order_by("kind"),
        "open_entries": own.filter(state="open").order_by("day_on")[:5],
        "last_reading": own.filter(kind="Reading").order_by("-day_on").first(),
        "entries": own.order_by("-day_on")[:32],
    }
    return render(request, "six.html", context)
