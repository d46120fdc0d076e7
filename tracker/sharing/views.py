"""`/p/` and `/mentor/`, open to who has the link; `/sharing/`, where the learner makes and ends links."""

from collections.abc import Callable, Sequence
from functools import wraps
from smtplib import SMTPException
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tracker import clock
from tracker.addresses import secret_url
from tracker.evidence.downloads import download
from tracker.milestones import queries as milestones_queries
from tracker.milestones.actions import MilestoneIsOpen
from tracker.people import limits
from tracker.people.models import User
from tracker.people.requests import LearnerRequest
from tracker.plans.access import own_module
from tracker.sharing import actions, documents, mail, queries
from tracker.sharing.forms import (
    VISIBILITIES,
    ChangePortfolioForm,
    CommentForm,
    ConfirmForm,
    CopiesForm,
    MentorForm,
    PortfolioForm,
    chosen_in,
)
from tracker.sharing.models import MentorLink, MentorMail, Portfolio
from tracker.sharing.resume import resume
from tracker.sharing.rules import is_good

# --- for whoever has the link -----------------------------------------------------------------------------

View = Callable[..., HttpResponseBase]

ASKED_MAILS = ((limits.HOUR, 3),)
COMMENTS = ((limits.MINUTE, 5), (limits.HOUR, 30))
KEPT = 201
TOO_MANY_COMMENTS = "That were many comments in a short time. Wait a minute, then send it again."


def by_link(methods: Sequence[str]) -> Callable[[View], View]:
    """A page that needs no log-in and no cookie: the token in its address is all that counts.

    So a form of another site can act for nobody, and no CSRF token (which takes a cookie) is asked for. No
    copy is kept, no search engine is let in, and no page that is linked to learns the address.
    """

    def decorate(view: View) -> View:
        allowed = require_http_methods(list(methods))(view)

        @csrf_exempt
        @login_not_required
        @wraps(view)
        def shared(request: HttpRequest, **kwargs: object) -> HttpResponseBase:
            answer = allowed(request, **kwargs)
            answer["Cache-Control"] = "private, no-store"
            answer["Referrer-Policy"] = "no-referrer"
            answer["X-Robots-Tag"] = "noindex, nofollow, noarchive"
            return answer

        return shared

    return decorate


def _gone(request: HttpRequest) -> HttpResponse:
    """A link that shows nothing: the same whether guessed, run out, revoked or without its account."""
    windows = [(limits.MINUTE, settings.API_REFUSALS_A_MINUTE)]
    left = limits.spend(f"refused:{limits.address_of(request)}", windows, clock.now())
    if left and left.is_over:
        sentence = "This was asked for too often. Try again later.\n"
        return HttpResponse(
            sentence, status=429, content_type="text/plain; charset=utf-8", headers=left.headers
        )
    return HttpResponse(documents.gone(), status=404)


@by_link(["GET", "HEAD"])
def portfolio(request: HttpRequest, token: str) -> HttpResponse:
    """A portfolio, for whoever has its link."""
    found = queries.portfolio_with(token, clock.now())
    if found is None:
        return _gone(request)
    return HttpResponse(documents.portfolio_page(queries.shown_portfolio(found)))


@by_link(["GET", "HEAD"])
def mentor(request: HttpRequest, token: str) -> HttpResponse:
    """Plan against actual and the milestones, for a mentor."""
    now = clock.now()
    link = queries.mentor_with(token, now)
    if link is None:
        return _gone(request)
    return _mentor_page(token, link)


def _mentor_page(
    token: str, link: MentorLink, *, copies: CopiesForm | None = None, status: int = 200
) -> HttpResponse:
    page = queries.mentor_page(link.learner_id, clock.today(link.learner.zone_info))
    content = {
        "page": page,
        "stands": page.standing,
        "token": token,
        "link": link,
        "copies": copies or CopiesForm(),
        "mail": MentorMail.objects.filter(link=link, left_at__isnull=True).first(),
    }
    return HttpResponse(render_to_string("sharing/mentor.html", content), status=status)


@by_link(["GET", "HEAD", "POST"])
def mentor_milestone(request: HttpRequest, token: str, module_key: str) -> HttpResponse:
    """One milestone, for a mentor. POST keeps a comment."""
    now = clock.now()
    link = queries.mentor_with(token, now)
    if link is None:
        return _gone(request)
    if request.method != "POST":
        return _mentor_milestone_page(request, token, link, module_key)
    if queries.mentor_milestone(link, module_key) is None:
        return _gone(request)
    form = CommentForm(request.POST)
    status = _commented(request, form, link.learner, module_key, mentor=link)
    if status == KEPT:
        return redirect(f"{reverse('mentor-milestone', args=[token, module_key])}#comments")
    return _mentor_milestone_page(request, token, link, module_key, form=form, status=status)


def _commented(
    request: HttpRequest, form: CommentForm, learner: User, module_key: str, *, mentor: MentorLink | None
) -> int:
    """Keeps the comment: 201, or the status of a page that shows the form with what is wrong."""
    if not form.is_valid():
        return 422
    now = clock.now()
    left = limits.spend(f"mentor:{mentor.pk}" if mentor else f"comments:{learner.pk}", COMMENTS, now)
    if left and left.is_over:
        form.add_error(None, TOO_MANY_COMMENTS)
        return 429
    text, submission = form.cleaned_data["text"], _submission_in(request)
    try:
        actions.comment(learner, module_key, text, submission=submission, now=now, mentor=mentor)
    except actions.Refused as refusal:
        form.add_error(None, str(refusal))
        return 422
    return KEPT


def _submission_in(request: HttpRequest) -> UUID:
    """The number that the page gave its form, by which a comment that is sent twice is kept once."""
    try:
        return UUID(request.POST.get("submission", ""))
    except ValueError:
        return uuid4()


def _mentor_milestone_page(
    request: HttpRequest,
    token: str,
    link: MentorLink,
    module_key: str,
    *,
    form: CommentForm | None = None,
    confirming: ConfirmForm | None = None,
    status: int = 200,
) -> HttpResponse:
    page = queries.mentor_milestone(link, module_key)
    if page is None:
        return _gone(request)
    content = {
        "page": page,
        "shown": page.shown,
        "token": token,
        "link": link,
        "form": form or CommentForm(),
        "confirming": confirming or ConfirmForm(),
        "submission": uuid4(),
        "zone": link.learner.zone_info,
    }
    return HttpResponse(render_to_string("sharing/mentor_milestone.html", content), status=status)


@by_link(["POST"])
def confirm_milestone(request: HttpRequest, token: str, module_key: str) -> HttpResponse:
    """The mentor confirms the completion that they were shown; once more changes nothing."""
    now = clock.now()
    link = queries.mentor_with(token, now)
    page = queries.mentor_milestone(link, module_key) if link else None
    if link is None or page is None:
        return _gone(request)
    form = ConfirmForm(request.POST)
    if page.completion_id is None or request.POST.get("completion", "") != str(page.completion_id):
        form.add_error(
            None, "It is not the milestone that you were shown: look at it again, then confirm it."
        )
    elif form.is_valid():
        try:
            if actions.confirm(link, page.completion_id, note=form.cleaned_data["note"], now=now) is None:
                return _gone(request)
            return redirect(f"{reverse('mentor-milestone', args=[token, module_key])}#confirmed")
        except MilestoneIsOpen as refusal:
            form.add_error(None, str(refusal))
    return _mentor_milestone_page(request, token, link, module_key, confirming=form, status=422)


@by_link(["POST"])
def ask_for_copies(request: HttpRequest, token: str) -> HttpResponse:
    """A mentor asks for copies of the weekly mail; the address is asked first, by mail."""
    now = clock.now()
    link = queries.mentor_with(token, now)
    if link is None:
        return _gone(request)
    form, status = CopiesForm(request.POST), 422
    if form.is_valid():
        left = limits.spend(f"mentor-mail:{link.pk}", ASKED_MAILS, now)
        if left and left.is_over:
            form.add_error(None, "That was asked often enough for now. Try again in an hour.")
            status = 429
        else:
            confirming = actions.ask_for_copies(link, form.cleaned_data["address"], now=now)
            asked = MentorMail.objects.get(link=link)
            try:
                mail.confirmation(asked, confirming).send()
                return redirect(f"{reverse('mentor', args=[token])}#copies")
            except (SMTPException, OSError, ValueError):
                form.add_error("address", "The mail server does not take mail for this address just now.")
    return _mentor_page(token, link, copies=form, status=status)


@by_link(["GET", "HEAD", "POST"])
def mentor_mail(request: HttpRequest, token: str) -> HttpResponse:
    """Opened from the mail that asks: GET shows, POST confirms the address."""
    now = clock.now()
    found = queries.mail_to_confirm(token)
    if found is None:
        return _gone(request)
    state = "confirmed" if found.confirmed_at else "asked"
    if request.method == "POST":
        actions.confirm_copies(found, now=now)
        state = "confirmed"
    content = {"state": state, "address": found.address}
    return HttpResponse(render_to_string("sharing/mentor_mail.html", content))


@by_link(["GET", "HEAD", "POST"])
def leave_mentor_mail(request: HttpRequest, token: str) -> HttpResponse:
    """Opened from a copy: GET shows, POST ends them (RFC 8058)."""
    found = queries.mail_to_leave(token)
    if found is None:
        return _gone(request)
    if request.method == "POST":
        actions.leave_copies(found, now=clock.now())
    has_left = request.method == "POST" or found.left_at is not None
    content = {"state": "left" if has_left else "ending"}
    return HttpResponse(render_to_string("sharing/mentor_mail.html", content))


@by_link(["GET", "HEAD"])
def mentor_file(request: HttpRequest, token: str, file_id: UUID) -> HttpResponseBase:
    """A file that backs a milestone, as it came, where the mentor may have it."""
    link = queries.mentor_with(token, clock.now())
    found = queries.file_for(link, file_id) if link else None
    if found is None:
        return _gone(request)
    return download(found)


# --- the learner's own ------------------------------------------------------------------------------------


@require_safe
def sharing(request: LearnerRequest) -> HttpResponse:
    """Every link of the learner's, what is shared, and forms for new links."""
    return _sharing_page(request)


def _sharing_page(request: LearnerRequest, *, status: int = 200, **more: Any) -> HttpResponse:
    now, learner_id = clock.now(), request.user.pk
    content = {
        "nav": "settings",
        "portfolios": queries.portfolios_of(learner_id, now),
        "mentors": queries.mentor_links_of(learner_id, now),
        "ended": queries.ended_links(learner_id, now),
        "choices": queries.choices_of(learner_id),
        "visibilities": VISIBILITIES,
        "portfolio_form": PortfolioForm(auto_id="portfolio-%s"),
        "mentor_form": MentorForm(auto_id="mentor-%s"),
        **more,
    }
    return render(request, "sharing/sharing.html", content, status=status)


@require_POST
def share_milestones(request: LearnerRequest) -> HttpResponse:
    """Keeps which completed milestones others may see, and how much of them."""
    chosen = chosen_in(request.POST, queries.choices_of(request.user.pk))
    actions.share_milestones(request.user, chosen)
    messages.success(request, "Kept. The pages behind your links show it from now on.")
    return redirect("sharing")


@require_POST
def make_portfolio(request: LearnerRequest) -> HttpResponse:
    """Makes a portfolio and shows its address, this once: the answer is the only place it is in."""
    now = clock.now()
    form = PortfolioForm(request.POST, auto_id="portfolio-%s")
    if form.is_valid():
        said = form.cleaned_data
        try:
            made, token = actions.make_portfolio(
                request.user,
                title=said["title"],
                intro=said["intro"],
                expires_at=form.expires_at(now),
                now=now,
            )
            return _portfolio_page(request, made, shown=secret_url("portfolio", token))
        except actions.Refused as refusal:
            form.add_error(None, str(refusal))
    return _sharing_page(request, status=422, portfolio_form=form)


def _own_portfolio(request: LearnerRequest, pk: int) -> Portfolio:
    found = queries.portfolio(request.user.pk, pk)
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "HEAD", "POST"])
def change_portfolio(request: LearnerRequest, pk: int) -> HttpResponse:
    """One portfolio: its words, its end, the milestones that it shows."""
    found = _own_portfolio(request, pk)
    if request.method != "POST":
        return _portfolio_page(request, found)
    form = ChangePortfolioForm(request.POST)
    if not form.is_valid():
        return _portfolio_page(request, found, form=form, status=422)
    said = form.cleaned_data
    chosen = {int(each) for each in request.POST.getlist("shows") if _is_number(each)}
    actions.change_portfolio(
        found,
        title=said["title"],
        intro=said["intro"],
        expires_at=form.new_end(found.expires_at, clock.now()),
        chosen=chosen,
    )
    messages.success(request, "Kept.")
    return redirect("change-portfolio", pk)


def _is_number(text: str) -> bool:
    # As long as the largest number of a row, and no longer: databases refuse what is larger.
    return text.isascii() and text.isdigit() and len(text) <= 18


def _portfolio_page(
    request: LearnerRequest,
    found: Portfolio,
    *,
    form: ChangePortfolioForm | None = None,
    shown: str = "",
    status: int = 200,
) -> HttpResponse:
    if form is None:
        form = ChangePortfolioForm(initial={"title": found.title, "intro": found.intro})
    choices = [choice for choice in queries.choices_of(request.user.pk) if choice.shared]
    chosen = queries.chosen_for(found)
    if form.is_bound:
        chosen = {int(each) for each in request.POST.getlist("shows") if _is_number(each)}
    content = {
        "nav": "settings",
        "portfolio": found,
        "is_good": is_good(found.expires_at, found.revoked_at, clock.now()),
        "form": form,
        "choices": choices,
        "chosen": chosen,
        "shown": shown,
    }
    return render(request, "sharing/change_portfolio.html", content, status=status)


@require_safe
def preview_portfolio(request: LearnerRequest, pk: int) -> HttpResponse:
    """What a stranger with the link sees, by the same function and template, below one banner."""
    found = _own_portfolio(request, pk)
    return HttpResponse(documents.portfolio_page(queries.shown_portfolio(found), preview_of=pk))


@require_safe
def portfolio_file(request: LearnerRequest, pk: int) -> HttpResponse:
    """What the link shows, as one HTML file to keep or to put on any web space."""
    found = _own_portfolio(request, pk)
    answer = HttpResponse(
        documents.portfolio_file(queries.shown_portfolio(found)), content_type="text/html; charset=utf-8"
    )
    answer["Content-Disposition"] = 'attachment; filename="portfolio.html"'
    return answer


@require_safe
def portfolio_pdf(request: LearnerRequest, pk: int) -> HttpResponse:
    """What the link shows, as a PDF."""
    # It takes fpdf2 and fontTools half a second to be imported: only who asks for a PDF waits for it.
    from tracker.sharing import pdf  # noqa: PLC0415

    shown = queries.shown_portfolio(_own_portfolio(request, pk))
    answer = HttpResponse(pdf.portfolio_pdf(shown), content_type="application/pdf")
    answer["Content-Disposition"] = 'attachment; filename="portfolio.pdf"'
    return answer


@require_safe
def portfolio_resume(request: LearnerRequest, pk: int) -> HttpResponse:
    """What the link shows, as a JSON Resume."""
    found = _own_portfolio(request, pk)
    answer = HttpResponse(resume(queries.shown_portfolio(found)), content_type="application/json")
    answer["Content-Disposition"] = 'attachment; filename="resume.json"'
    return answer


@require_POST
def renew_portfolio(request: LearnerRequest, pk: int) -> HttpResponse:
    """Another address for it, shown this once; the one before shows nothing from now on."""
    found = _own_portfolio(request, pk)
    try:
        token = actions.renew_portfolio(found, now=clock.now())
    except actions.Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("change-portfolio", pk)
    return _portfolio_page(request, _own_portfolio(request, pk), shown=secret_url("portfolio", token))


@require_POST
def revoke_portfolio(request: LearnerRequest, pk: int) -> HttpResponse:
    """Its link shows nothing from now on."""
    if not actions.revoke_portfolio(request.user, pk, now=clock.now()):
        raise Http404
    messages.success(request, "Revoked. The link shows nothing from now on.")
    return redirect("sharing")


@require_POST
def make_mentor_link(request: LearnerRequest) -> HttpResponse:
    """Makes a mentor's link and shows it, this once: the answer is the only place it is in."""
    now = clock.now()
    form = MentorForm(request.POST, auto_id="mentor-%s")
    if form.is_valid():
        said = form.cleaned_data
        try:
            made, token = actions.make_mentor_link(
                request.user,
                name=said["name"],
                shows_evidence=said["shows_evidence"],
                shows_details=said["shows_details"],
                may_download=said["may_download"],
                expires_at=form.expires_at(now),
                now=now,
            )
            return _sharing_page(request, made=made, shown=secret_url("mentor", token))
        except actions.Refused as refusal:
            form.add_error(None, str(refusal))
    return _sharing_page(request, status=422, mentor_form=form)


@require_POST
def revoke_mentor_link(request: LearnerRequest, pk: int) -> HttpResponse:
    """It opens nothing from now on. What was said with it stays."""
    if not actions.revoke_mentor_link(request.user, pk, now=clock.now()):
        raise Http404
    messages.success(request, "Revoked. The link opens nothing from now on.")
    return redirect("sharing")


@require_http_methods(["GET", "HEAD", "POST"])
def comments(request: LearnerRequest, module_key: str) -> HttpResponse:
    """What was said about one of the learner's milestones. POST keeps a comment of the learner's."""
    learner = request.user
    records = milestones_queries.records_of(learner.pk, module_key)
    title = records[0].snapshot.milestone if records else own_module(request, module_key)[2].milestone_title
    form, status = CommentForm(), 200
    if request.method == "POST":
        form = CommentForm(request.POST)
        status = _commented(request, form, learner, module_key, mentor=None)
        if status == KEPT:
            return redirect("comments", module_key)
    content = {
        "nav": "milestones",
        "title": title,
        "module_key": module_key,
        "comments": queries.comments_on(learner.pk, module_key),
        "confirmations": [row for record in records for row in record.confirmations],
        "form": form,
        "submission": uuid4(),
    }
    return render(request, "sharing/comments.html", content, status=status)


@require_POST
def delete_comment(request: LearnerRequest, pk: int) -> HttpResponse:
    """A comment about the learner's milestone is gone, whoever wrote it."""
    module_key = actions.delete_comment(request.user, pk)
    if module_key is None:
        raise Http404
    messages.success(request, "The comment is deleted.")
    return redirect("comments", module_key)
