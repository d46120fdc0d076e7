"""`/sharing/`: the learner's own page of links and of what is shared."""

from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.template import RequestContext, Template
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import NOW, browser_of, make_plan
from tests.sharing.factories import make_completion, make_mentor_link, make_portfolio, share
from tracker.people.models import User
from tracker.sharing import actions
from tracker.sharing.models import MentorLink, Portfolio, PortfolioItem, SharedMilestone
from tracker.sharing.rules import MOST_LINKS

pytestmark = pytest.mark.usefixtures("now")


def test_a_milestone_is_private_until_it_is_shared(alice: User, curriculum: Catalogue) -> None:
    completion = make_completion(alice, make_plan(alice, curriculum), curriculum)
    web = browser_of(alice)
    assert "No milestone" not in web.get(reverse("sharing")).text
    answer = web.post(
        reverse("share-milestones"), {f"visibility-{completion.pk}": "link", f"evidence-{completion.pk}": "1"}
    )
    assert answer.status_code == 302
    row = SharedMilestone.objects.get()
    assert (row.visibility, row.shows_evidence, row.shows_details) == ("link", True, False)
    web.post(reverse("share-milestones"), {f"visibility-{completion.pk}": "private"})
    assert not SharedMilestone.objects.exists()


def test_nonsense_changes_nothing(alice: User, curriculum: Catalogue) -> None:
    completion = make_completion(alice, make_plan(alice, curriculum), curriculum)
    shared = share(alice, "mindset", visibility="link")
    portfolio, _ = make_portfolio(alice)
    web = browser_of(alice)
    web.post(
        reverse("share-milestones"), {f"visibility-{completion.pk}": "everybody", "visibility-x": "link"}
    )
    shared.refresh_from_db()
    assert shared.visibility == "link"
    said = {"title": "A", "days": "keep", "shows": ["x", "-1", "9" * 30, "٣", "", str(10**17)]}
    assert web.post(reverse("change-portfolio", args=[portfolio.pk]), said).status_code == 302
    assert not PortfolioItem.objects.exists()
    assert web.get(f"/sharing/portfolios/{'9' * 40}/").status_code == 404
    assert web.post(f"/sharing/comments/{'9' * 40}/delete/").status_code == 404


def test_charlie_can_share_and_choose_nothing_of_alices(
    alice: User, charlie: User, curriculum: Catalogue
) -> None:
    completion = make_completion(alice, make_plan(alice, curriculum), curriculum)
    shared = share(alice, "mindset", visibility="link")
    portfolio, _ = make_portfolio(charlie, title="Charlie")
    link, _ = make_mentor_link(alice)
    web = browser_of(charlie)
    web.post(reverse("share-milestones"), {f"visibility-{completion.pk}": "private"})
    actions.share_milestones(charlie, {completion.pk: actions.Shown("private", True, True)})
    assert SharedMilestone.objects.get() == shared
    said = {"title": "Charlie", "days": "keep", "shows": [str(shared.pk)]}
    web.post(reverse("change-portfolio", args=[portfolio.pk]), said)
    assert not PortfolioItem.objects.exists()
    assert web.post(reverse("revoke-mentor-link", args=[link.pk])).status_code == 404
    assert MentorLink.objects.get().revoked_at is None


def test_a_form_with_a_mistake_says_so_and_keeps_what_was_typed(alice: User) -> None:
    web = browser_of(alice)
    for name, said, sentence in (
        ("make-portfolio", {"title": " ", "intro": "kept words", "days": "30"}, "Give it a title."),
        ("make-portfolio", {"title": "kept words", "days": "7"}, "Choose one of the lengths"),
        ("make-portfolio", {"title": "kept words" * 13, "days": "30"}, "longer than 120 characters"),
        ("make-portfolio", {"title": "kept words", "intro": "x" * 4001, "days": "0"}, "longer than 4,000"),
        ("make-mentor-link", {"name": "", "days": "30"}, "Give a name"),
    ):
        answer = web.post(reverse(name), said)
        assert answer.status_code == 422
        assert sentence in answer.text
        if any("kept words" in value for value in said.values()):
            assert "kept words" in answer.text
    assert not Portfolio.objects.exists()


def test_a_change_that_is_refused_keeps_what_was_ticked(alice: User, curriculum: Catalogue) -> None:
    make_completion(alice, make_plan(alice, curriculum), curriculum)
    shared = share(alice, "mindset", visibility="link")
    portfolio, _ = make_portfolio(alice)
    said = {"title": "", "days": "keep", "shows": [str(shared.pk)]}
    answer = browser_of(alice).post(reverse("change-portfolio", args=[portfolio.pk]), said)
    assert answer.status_code == 422
    assert f'name="shows" value="{shared.pk}" checked' in answer.text
    assert not PortfolioItem.objects.exists()


def test_there_are_so_many_links_and_no_more(alice: User) -> None:
    for number in range(MOST_LINKS):
        make_portfolio(alice, title=f"Number {number}")
        make_mentor_link(alice, name=f"Number {number}")
    with pytest.raises(actions.Refused):
        make_portfolio(alice)
    with pytest.raises(actions.Refused):
        make_mentor_link(alice, name="One more")
    first = Portfolio.objects.earliest("pk")
    actions.revoke_portfolio(alice, first.pk, now=NOW)
    make_portfolio(alice)


def test_the_database_holds_to_it(alice: User) -> None:
    link, _ = make_mentor_link(alice, name="Grace")
    with pytest.raises(IntegrityError), transaction.atomic():
        MentorLink.objects.create(learner=alice, name="grace", token_hash="1" * 64, hint="0000", made_at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        MentorLink.objects.filter(pk=link.pk).update(may_download=True)


def test_more_rows_take_no_more_queries(alice: User, curriculum: Catalogue) -> None:
    plan = make_plan(alice, curriculum)
    web = browser_of(alice)
    make_completion(alice, plan, curriculum)
    share(alice, "mindset", visibility="link")
    portfolio, _ = make_portfolio(alice)
    make_mentor_link(alice)

    def asked() -> list[int]:
        found = []
        for address in (reverse("sharing"), reverse("change-portfolio", args=[portfolio.pk])):
            with CaptureQueriesContext(connection) as queries:
                web.get(address)
            found.append(len(queries))
        return found

    few = asked()
    make_completion(alice, plan, curriculum, "foundations")
    share(alice, "foundations", visibility="link", portfolios=[portfolio])
    make_portfolio(alice, title="Another")
    make_mentor_link(alice, name="Another")
    assert asked() == few
    assert max(few) <= 10


def test_comments_stand_on_a_milestones_page(alice: User, curriculum: Catalogue) -> None:
    make_completion(alice, make_plan(alice, curriculum), curriculum)
    link, _ = make_mentor_link(alice, name="Grace")
    actions.comment(alice, "mindset", "Look *again*.", submission=uuid4(), now=NOW, mentor=link)
    request = RequestFactory().get("/")
    request.user = alice
    page = Template("{% load sharing %}{% milestone_comments 'mindset' %}")
    with CaptureQueriesContext(connection) as queries:
        shown = page.render(RequestContext(request, {"user": alice, "csrf_token": "t" * 64}))
    assert len(queries) == 1
    assert "Look <em>again</em>." in shown
    assert "Grace" in shown
    assert 'name="csrfmiddlewaretoken"' in shown
    assert f'action="{reverse("comments", args=["mindset"])}"' in shown
