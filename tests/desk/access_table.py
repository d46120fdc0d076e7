"""Who gets what at every address, by its name: the written table that tests/desk/test_access.py holds to.

A cell says what comes back: a status, or `>name` for a redirect to the address of that name. A cell with one
word holds for everybody; with four, for visitor, stranger, owner and staff in this order. The address and
the form are filled with what is Alice's: she is the owner, the stranger (Charlie) and staff (Bob) are
learners with plans of their own. A module's key is the same for all, so there everybody sees their own page.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

ACTORS = ("visitor", "stranger", "owner", "staff")
# A mail program posts here without ever having seen a form (RFC 8058); a program that posts to what it can
# only read is told so (405).
WITHOUT_TOKEN = {"unsubscribe", "calendar-feed", "api-openapi", "api-docs", "api-problem"}
# Here the token of the address is all that counts, and no cookie does.
WITHOUT_TOKEN |= {"portfolio", "mentor", "mentor-file", "mentor-milestone", "confirm-milestone"}
WITHOUT_TOKEN |= {"ask-for-copies", "mentor-mail", "leave-mentor-mail"}
# A question that changes nothing and acts for nobody.
WITHOUT_TOKEN |= {"check-badge"}

ASKED_TO_LOG_IN = ">account_login"
# The answers to the steps of a new plan that wait in everybody's session.
DRAFT = {
    "start": {"track": ["ai-security-engineer"]},
    "start-hours": {"monday": ["2"], "start_on": ["2026-11-23"], "target": [""]},
    "start-known": {},
    "start-reminder": {"weekday": ["7"], "hour": ["18"], "zone": ["Europe/Vienna"]},
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One address.

    filled: its parameters, by the name of the value that each gets. form: what POST sends, by field.
    asks: whether GET may send the form too, to be shown what it gives; the cell is the same.
    get (which HEAD shares), post, options: cells. other: PUT, PATCH and
    DELETE; put, patch, delete where one of them differs.
    """

    filled: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    asks: bool = False
    get: str
    post: str
    other: str
    options: str
    put: str = ""
    patch: str = ""
    delete: str = ""

    def expected(self, method: str, actor: str) -> str:
        """The word for this method and actor."""
        cells = {"GET": self.get, "HEAD": self.get, "POST": self.post, "OPTIONS": self.options}
        cells |= {"PUT": self.put, "PATCH": self.patch, "DELETE": self.delete}
        cell = cells[method] or self.other
        words = cell.split()
        return words[ACTORS.index(actor)] if len(words) > 1 else words[0]


NOTHING: Mapping[str, str] = {}


def private(
    get: str = "405",
    post: str = "405",
    *,
    filled: Mapping[str, str] = NOTHING,
    form: Mapping[str, str] = NOTHING,
    asks: bool = False,
) -> Row:
    """An address of ours for who is logged in. A cell here says what stranger, owner and staff get."""

    def for_all(cell: str) -> str:
        words = cell.split()
        return " ".join([ASKED_TO_LOG_IN, *(words if len(words) > 1 else words * 3)])

    refused = for_all("405")
    return Row(
        filled=filled,
        form=form,
        asks=asks,
        get=for_all(get),
        post=for_all(post),
        other=refused,
        options=refused,
    )


def public(
    get: str = "405",
    post: str = "405",
    *,
    filled: Mapping[str, str] = NOTHING,
    form: Mapping[str, str] = NOTHING,
) -> Row:
    """An address of ours for everybody."""
    return Row(filled=filled, form=form, get=get, post=post, other="405", options="405")


def page(get: str = "200") -> Row:
    """A page of django-allauth that only shows something."""
    return Row(get=get, post="405", other="405", options="200")


def form_page(get: str, post: str, *, other: str = "405", **form: str) -> Row:
    """A form page of django-allauth, which takes PUT for POST (with nothing in it) as Django's views do."""
    return Row(get=get, post=post, put=get, other=other, options=get, form=form)


def program(*methods: str, filled: Mapping[str, str] = NOTHING) -> Row:
    """An address for programs: whoever is logged in, what counts is a token, and nobody here has one."""

    def cell(method: str) -> str:
        return "401" if method in methods else "405"

    return Row(
        filled=filled,
        get=cell("GET"),
        post=cell("POST"),
        put=cell("PUT"),
        patch=cell("PATCH"),
        delete=cell("DELETE"),
        other="405",
        options="405",
    )


OWN_SESSION = {"pk": "session"}
API_SESSION = {"session_id": "session"}
MODULE = {"module_key": "ready"}
LAB = {"module_key": "garak", "slug": "lab"}
CRITERION = {"module_key": "ready", "criterion_key": "criterion"}
ACTIVITY = {"module_key": "completed", "slug": "slug"}
COMPLETION = {"module_key": "completed", "number": "number"}
EDITION = {"framework_key": "framework", "edition": "edition"}
PORTFOLIO = {"pk": "portfolio-pk"}

# For programs. tests/api/test_scopes.py says who of them may what.
PROGRAMS: dict[str, Row] = {
    "api-me": program("GET"),
    "api-sessions": program("GET", "POST"),
    "api-read-line": program("POST"),
    "api-session": program("GET", "PATCH", "DELETE", filled=API_SESSION),
    "api-restore": program("POST", filled=API_SESSION),
    "api-timer": program("GET", "DELETE"),
    "api-start-timer": program("POST"),
    "api-pause-timer": program("POST"),
    "api-resume-timer": program("POST"),
    "api-stop-timer": program("POST"),
    "api-log-timer": program("POST"),
    "api-plan": program("GET"),
    "api-weeks": program("GET"),
    "api-this-week": program("GET"),
    "api-activities": program("GET"),
    "api-next": program("GET"),
    "api-mark": program("PUT", "DELETE", filled={"key": "activity"}),
    "api-milestones": program("GET"),
    "api-map": program("GET", filled={"framework": "framework", "edition": "edition"}),
    "api-reports": program("GET", "POST"),
    "api-report": program("GET", filled={"report_id": "upload"}),
}

TABLE: dict[str, Row] = {
    **PROGRAMS,
    # What programs can do, for everybody to read.
    "api-docs": public(get="200"),
    "api-openapi": public(get="200"),
    "api-problem": public(get=">api-docs", filled={"name": "problem"}),
    # For machines.
    "healthz": public(get="200"),
    "readyz": public(get="200"),
    # Accounts: ours.
    "set-up": public(get="404", post="404", filled={"token": "set-up"}),  # somebody is here
    "account_email": private(get="200", post=">account_email"),
    # The key is the reader's proof that the mail reached them: whoever has it confirms.
    "account_confirm_email": public(
        get="200",
        post=">account_login >account_login >account_email >account_login",
        filled={"key": "confirm"},
    ),
    # Accounts: django-allauth's own.
    "account_login": form_page(
        "200 >home >home >home",
        ">home",
        other="405 >home >home >home",
        login="alice@example.org",
        password="a long enough password",
    ),
    "account_signup": form_page(
        "200 >home >home >home",
        ">home",
        other="405 >home >home >home",
        email="new@example.org",
        password1="a long enough password",
    ),
    "account_logout": Row(get=">home 200 200 200", post=">home", other="405", options="200"),
    "account_inactive": page(),
    "account_reauthenticate": form_page(
        ">account_login 200 200 200", ">account_login 200 200 200", other=">account_login 405 405 405"
    ),
    "account_email_verification_sent": page(),
    "account_change_password": form_page(
        ">account_login 200 200 200", ">account_login 200 200 200", other=">account_login 405 405 405"
    ),
    # Everybody has a password, so there is none to set for the first time.
    "account_set_password": form_page(
        ">account_login >account_change_password >account_change_password >account_change_password",
        ">account_login >account_change_password >account_change_password >account_change_password",
        other=">account_login >account_change_password >account_change_password >account_change_password",
    ),
    "account_reset_password": form_page("200", ">account_reset_password_done", email="alice@example.org"),
    "account_reset_password_done": page(),
    # The key goes from the address into the session at once.
    "account_reset_password_from_key": Row(
        filled={"uidb36": "uid", "key": "reset"},
        get=">account_reset_password_from_key",
        post=">account_reset_password_from_key",
        other=">account_reset_password_from_key",
        options=">account_reset_password_from_key",
    ),
    "account_reset_password_from_key_done": page(),
    # Logging in by a mailed code is off.
    "account_confirm_login_code": form_page(
        ">account_login >home >home >home",
        ">account_login >home >home >home",
        other=">account_login >home >home >home",
    ),
    # For everybody.
    "home": public(get="200 >today >today >today"),
    "theme": public(post=">home", form={"theme": "dark"}),
    "manifest": public(get="200"),
    "service-worker": public(get="200"),
    "offline": public(get="200"),
    "unsubscribe": public(get="200", post="200", filled={"token": "unsubscribe"}),
    "log-from-mail": public(
        get="200",
        post=">log-from-mail",
        filled={"token": "log"},
        form={"length": "45", "activity": "mindset.rate-six-skills", "day": "0"},
    ),
    # Whoever has it sees what it shows, which is none of Alice's own words.
    "calendar-feed": public(get="200", filled={"token": "calendar"}),
    # By link: Alice has shared neither her notes nor her files.
    "portfolio": public(get="200", filled={"token": "portfolio"}),
    "mentor": public(get="200", filled={"token": "mentor"}),
    "mentor-milestone": public(
        get="200",
        post=">mentor-milestone",
        filled={"token": "mentor", "module_key": "completed"},
        form={"text": "Well argued."},
    ),
    # Not the completion that was shown.
    "confirm-milestone": public(
        post="422", filled={"token": "mentor", "module_key": "completed"}, form={"completion": "0"}
    ),
    "ask-for-copies": public(post=">mentor", filled={"token": "mentor"}, form={"address": "bob@example.org"}),
    "mentor-mail": public(get="200", post="200", filled={"token": "copies"}),
    "leave-mentor-mail": public(get="200", post="200", filled={"token": "leave-copies"}),
    "mentor-file": public(get="404", filled={"token": "mentor", "file_id": "file"}),
    # Badges: who holds one may have it checked by anybody.
    "check-badge": public(get="200", post="422"),
    "badge-issuer": public(get="200"),
    "badge-keys": public(get="200"),
    "badge-key": public(get="200", filled={"kid": "kid"}),
    "badge-status": public(get="200", filled={"number": "status-list"}),
    # The curriculum, to read and to search.
    "curriculum": public(get="200"),
    "search": public(get="200"),
    "role": public(get="200"),
    "curriculum-module": public(get="200", filled=MODULE),
    "curriculum-activity": public(get="200", filled=ACTIVITY),
    "modules": public(get=">curriculum"),
    "frameworks": public(get="200"),
    "newest-edition": public(get=">framework", filled={"framework_key": "framework"}),
    "framework": public(get="200", filled=EDITION),
    "topic": public(get="200", filled={**EDITION, "topic_id": "topic"}),
    # Making a plan.
    "start": private(get="200", post=">start-hours", form={"track": "ai-security-engineer"}),
    "start-hours": private(
        get="200", post=">start-known", form={"monday": "2", "start_on": "2026-11-23", "target": ""}
    ),
    "start-known": private(get="200", post=">start-reminder"),
    "start-reminder": private(
        get="200", post=">start-preview", form={"weekday": "7", "hour": "18", "zone": "Europe/Vienna"}
    ),
    "start-preview": private(get="200", post=">today"),
    # Studying.
    "today": private(get="200"),
    "plan": private(get="200"),
    "add-pause": private(post=">plan", form={"first_on": "2026-11-19", "until_on": "2026-11-21"}),
    "plan-history": private(get="200"),
    "choose-order": private(post=">plan", form={"order": "side-by-side"}),
    "behind": private(get="200", post=">behind"),
    "change-plan": private(
        get="200", post=">plan", asks=True, form={"track": "security-aware-mle", "monday": "2", "target": ""}
    ),
    "move-up": private(post=">plan", form={"to": "2027-01-01"}),
    "take-in": private(post=">module", filled={"module_key": "completed", "activity_key": "activity"}),
    "undo-change": private(post="404 >plan 404", filled={"pk": "change"}),
    "own-ratio": private(post=">plan", form={"uses": "yes"}),
    "end-pause": private(post="404 >plan 404", filled={"pk": "pause"}),
    "newer-curriculum": private(get="200", post=">plan"),  # nothing newer is there
    "module": private(get="200", filled=MODULE),
    "activity": private(get="200", filled=ACTIVITY),
    "self-check": private(get="200", post="422", filled=MODULE),  # nothing is answered
    # Alice has answered; who has not is asked first.
    "self-check-result": private(
        get=">self-check 200 >self-check",
        post=">self-check >module >self-check",
        filled={"module_key": "completed"},
        form={"known": "x"},
    ),
    "mark-activity": private(
        post=">today",
        filled={"module_key": "completed", "activity_key": "activity"},
        form={"kind": "done"},
    ),
    "put-off": private(post=">today", filled={"module_key": "completed", "activity_key": "activity"}),
    "keys": private(get="200", post=">keys", form={"keys": "off"}),
    "preview-reminder": private(get="404 200 404"),
    "preview-reminder-html": private(get="404 200 404"),
    "send-reminder": private(post=">settings"),
    "timer": private(get="200"),
    "start-timer": private(post=">timer", form={"subject": "mindset"}),
    "pause-timer": private(post=">timer"),
    "resume-timer": private(post=">timer"),
    "stop-timer": private(post=">timer"),
    "discard-timer": private(post=">timer"),
    "journal": private(get="200"),
    "read-line": private(post="200", form={"length": "45"}),
    "log": private(get="200", post=">today", form={"length": "45"}),
    # The owner named is not theirs, and with that of Alice the entry has no number yet.
    "waiting": private(get="200", post="409"),
    "study-session": private(
        get="404 200 404", post="404 >study-session 404", filled=OWN_SESSION, form={"length": "50"}
    ),
    "delete-session": private(post="404 >study-session 404", filled=OWN_SESSION),
    "put-back-session": private(post="404 >journal 404", filled={"pk": "deleted"}),
    "import-file": private(get="200", post=">import-preview", form={"pasted": "2026-11-16,45,garak,Read."}),
    "import-preview": private(get="404 200 404", post="404 >import-preview 404", filled={"pk": "waiting"}),
    # Its subjects are matched already, and can be matched anew.
    "import-answers": private(get="404 200 404", post="404 >import-preview 404", filled={"pk": "waiting"}),
    "import-batch": private(get="404 200 404", filled={"pk": "batch"}),
    "take-back-import": private(post="404 >import-batch 404", filled={"pk": "batch"}),
    "put-back-import": private(post="404 >import-batch 404", filled={"pk": "batch"}),
    "journal-csv": private(get="200"),
    "journal-json": private(get="200"),
    "milestones": private(get="200"),
    "milestone": private(get="200", filled={"module_key": "completed"}),
    "complete-milestone": private(post=">milestone", filled=MODULE),
    # Alice has completed it; the others only follow the same module.
    "reopen-milestone": private(post=">milestone", filled={"module_key": "completed"}),
    "completion": private(get="404 200 404", filled=COMPLETION),
    "answer-retrospective": private(
        post="404 >completion 404",
        filled=COMPLETION,
        form={"surprised": "That.", "weak": "", "next_step": ""},
    ),
    "add-to-retrospective": private(
        post="404 >completion 404", filled=COMPLETION, form={"text": "It still holds."}
    ),
    "star-retrospective": private(post="404 >completion 404", filled=COMPLETION, form={"starred": "1"}),
    "compare-milestones": private(
        get="404 200 404", filled={"module_key": "completed", "other_key": "also-completed"}
    ),
    "year-in-review": private(get="200", filled={"year": "year"}),
    "year-pdf": private(get="200", filled={"year": "year"}),
    "add-artefact": private(
        post=">milestone", filled=CRITERION, form={"url": "https://example.org/", "title": "There"}
    ),
    "remove-artefact": private(
        post="404 >milestone 404", filled={"module_key": "ready", "artefact_id": "artefact"}
    ),
    "evidence": private(get="200", post="422"),
    "upload": private(get="404 200 404", filled={"upload_id": "upload"}),
    "run": private(get="404 200 404", filled={"run_id": "run"}),
    "delete-run": private(post="404 >evidence 404", filled={"run_id": "run"}),
    "compare-runs": private(get="404 200 404", filled={"run_id": "run", "other_id": "other-run"}),
    "stored-files": private(get="200"),
    "delete-file": private(post="404 >stored-files 404", filled={"file_id": "file"}),
    "stored-file": private(get="404 200 404", filled={"file_id": "file"}),
    "attack-result": private(get="200"),
    "lab": private(get="200", post="422", filled=LAB),
    "state-rule": private(post="404", filled=LAB),
    "take-back-statement": private(post=">lab", filled=LAB),
    "tick-criterion": private(post=">milestone", filled=CRITERION, form={"note": "Kept."}),
    "untick-criterion": private(post=">milestone", filled=CRITERION),
    "skills-matrix": private(get="200", post=">skills-matrix", form={"level-adversarial-ml": "2"}),
    # Re-checks: a key is the same for all, a grade is Alice's.
    "recall": private(get="200"),
    "recheck": private(get="404 200 404", filled={"item_key": "question"}),
    "grade-recheck": private(post="404 >recheck 404", filled={"item_key": "question"}, form={"grade": "3"}),
    "undo-grade": private(post="404 >recheck 404", filled={"item_key": "question", "pk": "review"}),
    "leave-hour": private(post="404 >recall 404", filled={"module_key": "completed"}),
    # Maps: of one's own study, so that nobody can name another's.
    "maps": private(get="200"),
    "newest-map": private(get=">map", filled={"framework_key": "framework"}),
    "map": private(get="200", filled=EDITION),
    "map-topic": private(get="200", filled={**EDITION, "topic_id": "topic"}),
    "map-layer": private(get="200", filled=EDITION),
    "map-csv": private(get="200", filled=EDITION),
    "map-svg": private(get="200", filled=EDITION),
    "claim-layer": private(post="422", filled=EDITION),  # no file
    "take-back-layer": private(post=">map", filled=EDITION, form={"source": "A layer"}),
    "badges": private(get="200"),
    "issue-badge": private(post="404 >badges 404", filled={"completion_id": "badged"}),
    "badge-jwt": private(get="404 200 404", filled={"badge_id": "badge"}),
    "badge-svg": private(get="404 200 404", filled={"badge_id": "badge"}),
    "withdraw-badge": private(post="404 >badges 404", filled={"badge_id": "badge"}),
    # Cohorts: Alice leads one with Charlie in it, and Bob leads another that she is in.
    "cohorts": private(get="200", post="422"),
    "cohort": private(get="404 200 404", filled={"pk": "cohort"}),
    "cohort-csv": private(get="404 200 404", filled={"pk": "cohort"}),
    "invite-anew": private(post="404 200 404", filled={"pk": "cohort"}),
    "end-cohort": private(post="404 >cohorts 404", filled={"pk": "cohort"}),
    "propose-revision": private(post="404 422 404", filled={"pk": "cohort"}),
    "remove-member": private(post="404 >cohort 404", filled={"pk": "cohort", "membership_id": "member"}),
    "join-cohort": private(get="200", post="422", filled={"token": "invitation"}),
    "leave-cohort": private(post="404 >cohorts 404", filled={"pk": "joined"}),
    "take-proposal": private(post="404 >cohorts 404", filled={"pk": "proposal"}),
    "leave-proposal": private(post="404 >cohorts 404", filled={"pk": "proposal"}),
    # What others see.
    "sharing": private(get="200"),
    "share-milestones": private(post=">sharing"),
    "make-portfolio": private(post="200", form={"title": "Work", "days": "30"}),
    "change-portfolio": private(
        get="404 200 404",
        post="404 >change-portfolio 404",
        filled=PORTFOLIO,
        form={"title": "W", "days": "keep"},
    ),
    "preview-portfolio": private(get="404 200 404", filled=PORTFOLIO),
    "portfolio-file": private(get="404 200 404", filled=PORTFOLIO),
    "portfolio-resume": private(get="404 200 404", filled=PORTFOLIO),
    "portfolio-pdf": private(get="404 200 404", filled=PORTFOLIO),
    "renew-portfolio": private(post="404 200 404", filled=PORTFOLIO),
    "revoke-portfolio": private(post="404 >sharing 404", filled=PORTFOLIO),
    "make-mentor-link": private(post="200", form={"name": "Grace", "days": "30"}),
    "revoke-mentor-link": private(post="404 >sharing 404", filled={"pk": "mentor-link"}),
    "comments": private(
        get="200", post=">comments", filled={"module_key": "completed"}, form={"text": "Noted."}
    ),
    "delete-comment": private(post="404 >comments 404", filled={"pk": "comment"}),
    # Settings.
    "settings": private(get="200"),
    "change-zone": private(post=">settings", form={"zone": "Europe/London"}),
    "change-reminder": private(post=">settings", form={"weekday": "1", "hour": "9"}),
    "mail": private(get="200"),
    # Staff see that there is a mail and what it says but for links; the file itself is its reader's alone.
    "letter": private(get="404 200 200", filled={"name": "letter"}),
    "letter-file": private(get="404 200 404", filled={"name": "letter"}),
    "tokens": private(get="200", post="200", form={"name": "laptop", "scope": "log", "days": "30"}),
    "revoke-token": private(post="404 >tokens 404", filled={"pk": "token"}),
    "calendar": private(get="200", post="200", form={"do": "replace"}),
    "end-calendar": private(post=">calendar"),
    "channel": private(get="200", post=">channel", form={"kind": "ntfy", "address": "https://ntfy.sh/alice"}),
    "test-channel": private(post=">channel"),  # nothing is chosen
    # Nobody's test brought this code.
    "confirm-channel": private(post="422", form={"code": "2345-6789"}),
    "my-data": private(get="200"),
    # Leaving asks for one's own address, and Alice's is another's to all but her.
    "leave": private(get="200", post="422 200 422", form={"address": "alice@example.org"}),
    "stay": private(post=">settings"),
    # Staff.
    "people": private(get="404 404 200"),
    "set-active": private(post="404 404 >people", filled={"pk": "alice"}, form={"active": "0"}),
    "status": private(get="404 404 200"),
    "send-test-mail": private(post="404 404 >status"),
}
