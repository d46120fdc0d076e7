"""The first account, and three of django-allauth's pages made stricter. All else is django-allauth's own."""

from allauth.account import views as allauth_views
from allauth.account.models import get_emailconfirmation_model
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from tracker.people import actions, queries
from tracker.people.forms import FirstAccountForm
from tracker.people.models import SetUpAddress
from tracker.people.requests import LearnerRequest

# With an answer that ends a session: the browser deletes all that it keeps of this site but cookies.
CLEAR_SITE_DATA = '"cache", "storage"'


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest, token: str) -> HttpResponse:
    """Whoever opens the printed address makes the first account: learner, staff, address verified."""
    known = SetUpAddress.objects.filter(token_hash=actions.token_hash(token)).exists()
    if not known or queries.anyone_here():
        raise Http404
    form = FirstAccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = actions.make_first_account(
            token=token,
            email=form.cleaned_data["email"],
            password=form.cleaned_data["password"],
            zone=form.cleaned_data["zone"],
        )
        if user is None:
            raise Http404
        login(request, user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return redirect("start")
    return render(request, "people/set_up.html", {"form": form}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def address(request: LearnerRequest) -> HttpResponseBase:
    """The address of the account, and the one it is changing to.

    django-allauth's page can also make an unconfirmed address the account's own. Here only confirming does.
    """
    if "action_primary" in request.POST:
        return redirect("account_email")
    answer: HttpResponseBase = allauth_views.email(request)
    return answer


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_address(request: HttpRequest, key: str) -> HttpResponseBase:
    """The link of a confirmation mail: GET asks and changes nothing, POST confirms.

    django-allauth's own GET logs out whoever is logged in with another account; a link in a mail must not.
    """
    confirmation = get_emailconfirmation_model().from_key(key)
    if request.method == "POST" and confirmation is not None:
        answer: HttpResponseBase = allauth_views.confirm_email(request, key=key)
        return answer
    return render(request, "account/email_confirm.html", {"confirmation": confirmation})


@login_not_required
def log_out(request: HttpRequest) -> HttpResponseBase:
    """Logs out, and asks the browser to delete all that it keeps of this site but its cookies.

    Browsers follow the header only over https and on the machine itself; static/offline.js deletes as well.
    """
    answer: HttpResponseBase = allauth_views.logout(request)
    if request.method == "POST":
        answer["Clear-Site-Data"] = CLEAR_SITE_DATA
    return answer
