"""Everything that is a learner's own, as plain values for one JSON file."""

from base64 import b64encode
from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmation
from django.db.models import Model, QuerySet

from tracker.badges.models import Badge
from tracker.cohorts.models import Answer, Cohort, Membership, Proposal
from tracker.coverage.models import Claim
from tracker.evidence.models import (
    Artefact,
    FilePart,
    HandIn,
    HandInFile,
    Result,
    Run,
    Statement,
    StoredFile,
    Upload,
)
from tracker.journal.models import ImportBatch, SessionCorrection, StudySession, Timer, WaitingFile
from tracker.milestones.models import (
    Completion,
    Confirmation,
    CriterionTick,
    Retrospective,
    RetrospectiveAddition,
)
from tracker.people.models import ApiToken, KeptAnswer, User
from tracker.plans.models import Baseline, Mark, Pause, Plan, PlanChange, SelfCheckAnswer, SkillRating
from tracker.recall.models import Card, OwnWeights, Review
from tracker.reminders.models import CalendarFeed, Channel, Consent, MailTrial, Recipient, Reminder
from tracker.sharing.models import (
    Comment,
    MentorCopy,
    MentorLink,
    MentorMail,
    Portfolio,
    PortfolioItem,
    SharedMilestone,
)

FORMAT = "cairn-export/1"
# Secrets that act for the learner, and what only the machinery needs.
LEFT_OUT = {
    "password", "unsubscribe_token", "token_hash", "log_token_hash", "log_password_stamp", "request_hash",
    "content_hash", "invite_hash", "uid_secret", "secret", "confirm_token", "lease_token", "leased_until",
    "groups", "user_permissions",
}  # fmt: skip
# A row of the first is nothing but a secret that acts for the learner; of the second a piece of a file, which
# is downloaded by itself.
MODELS_LEFT_OUT = {EmailConfirmation, FilePart}


def own_rows(learner: User) -> dict[str, QuerySet[Any]]:
    """Every row that belongs to the learner, by name. A model that has a learner must be named here."""
    return {
        "email_addresses": EmailAddress.objects.filter(user=learner),
        "api_tokens": ApiToken.objects.filter(learner=learner),
        "kept_answers": KeptAnswer.objects.filter(learner=learner),
        "plans": Plan.objects.filter(learner=learner),
        "pauses": Pause.objects.filter(plan__learner=learner),
        "baselines": Baseline.objects.filter(plan__learner=learner),
        "plan_changes": PlanChange.objects.filter(plan__learner=learner),
        "marks": Mark.objects.filter(learner=learner),
        "skill_ratings": SkillRating.objects.filter(learner=learner),
        "self_check_answers": SelfCheckAnswer.objects.filter(learner=learner),
        "recall_cards": Card.objects.filter(learner=learner),
        "recall_reviews": Review.objects.filter(card__learner=learner),
        "recall_weights": OwnWeights.objects.filter(learner=learner),
        "study_sessions": StudySession.objects.filter(learner=learner),
        "session_corrections": SessionCorrection.objects.filter(session__learner=learner),
        "timer": Timer.objects.filter(learner=learner),
        "waiting_file": WaitingFile.objects.filter(learner=learner),
        "import_batches": ImportBatch.objects.filter(learner=learner),
        # Their contents are downloaded one by one: they may be larger than all else together.
        "stored_files": StoredFile.objects.filter(learner=learner),
        "uploads": Upload.objects.filter(learner=learner),
        "runs": Run.objects.filter(learner=learner),
        "results": Result.objects.filter(run__learner=learner),
        "hand_ins": HandIn.objects.filter(learner=learner),
        "hand_in_files": HandInFile.objects.filter(hand_in__learner=learner),
        "statements": Statement.objects.filter(learner=learner),
        "artefacts": Artefact.objects.filter(learner=learner),
        "claims": Claim.objects.filter(learner=learner),
        "criterion_ticks": CriterionTick.objects.filter(learner=learner),
        "completions": Completion.objects.filter(learner=learner),
        "confirmations": Confirmation.objects.filter(completion__learner=learner),
        "retrospectives": Retrospective.objects.filter(completion__learner=learner),
        "retrospective_additions": RetrospectiveAddition.objects.filter(
            retrospective__completion__learner=learner
        ),
        "recipient": Recipient.objects.filter(learner=learner),
        "consents": Consent.objects.filter(learner=learner),
        "reminders": Reminder.objects.filter(learner=learner),
        "calendar_feed": CalendarFeed.objects.filter(learner=learner),
        "channel": Channel.objects.filter(learner=learner),
        "mail_trial": MailTrial.objects.filter(learner=learner),
        "cohorts": Cohort.objects.filter(lead=learner),
        "proposals": Proposal.objects.filter(cohort__lead=learner),
        "memberships": Membership.objects.filter(learner=learner),
        "proposal_answers": Answer.objects.filter(membership__learner=learner),
        "badges": Badge.objects.filter(learner=learner),
        "portfolios": Portfolio.objects.filter(learner=learner),
        "shared_milestones": SharedMilestone.objects.filter(learner=learner),
        "portfolio_items": PortfolioItem.objects.filter(portfolio__learner=learner),
        "mentor_links": MentorLink.objects.filter(learner=learner),
        "mentor_mails": MentorMail.objects.filter(link__learner=learner),
        "mentor_copies": MentorCopy.objects.filter(link__learner=learner),
        "milestone_comments": Comment.objects.filter(learner=learner),
    }


def everything_of(learner: User) -> dict[str, Any]:
    """The learner and every row of theirs, as plain values."""
    return {
        "format": FORMAT,
        "learner": values_of(learner),
        **{name: [values_of(row) for row in rows.order_by("pk")] for name, rows in own_rows(learner).items()},
    }


def values_of(row: Model) -> dict[str, Any]:
    """A row's fields by name; foreign keys as numbers, bytes in Base64."""
    values = {
        field.name: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.name not in LEFT_OUT
    }
    return {
        name: b64encode(value).decode() if isinstance(value, bytes | memoryview) else value
        for name, value in values.items()
    }
