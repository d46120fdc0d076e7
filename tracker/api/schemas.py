"""What goes in and what comes out, as the OpenAPI document says it. Keys are those of the curriculum."""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
)

from tracker.evidence.models import Run as EvidenceRun
from tracker.evidence.models import Upload
from tracker.journal.models import StudySession
from tracker.journal.rules import LONGEST_MINUTES
from tracker.journal.rules.quick_log import LONGEST_LINE
from tracker.people.models import ApiToken

LONGEST_NOTE = 4000
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


# Text as every database keeps it: of control characters, line ends and tabs.
PLAIN = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"


def _line_ends(text: str) -> str:
    """A line end is one character, whatever the program's system writes."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _whole(value: Any) -> Any:
    """JSON has one kind of number: 45.0 is 45. True is none."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _day(value: Any) -> date:
    """A day as `2026-11-19`; pydantic by itself would also read numbers and moments."""
    if isinstance(value, date):
        return value
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise ValueError("This is a day, such as 2026-11-19.")


Day = Annotated[date, BeforeValidator(_day)]
Key = Annotated[str, Field(max_length=120, pattern=PLAIN)]
Note = Annotated[str, Field(max_length=LONGEST_NOTE, pattern=PLAIN), AfterValidator(_line_ends)]
Line = Annotated[str, Field(min_length=1, max_length=LONGEST_LINE, pattern=PLAIN)]
# The bounds stand next to the type: behind a validator they are checked, but the document does not say them.
Minutes = Annotated[int, Field(strict=True, ge=1, le=LONGEST_MINUTES), BeforeValidator(_whole)]
Confidence = Annotated[int, Field(strict=True, ge=1, le=5), BeforeValidator(_whole)]
ConfirmLongDay = Annotated[
    bool, Field(strict=True, description="Yes to the question of a day that passes 16 hours.")
]


class Said(BaseModel):
    """A body: what it does not name is refused."""

    model_config = ConfigDict(extra="forbid")


class SubjectSaid(Said):
    """What study was on: a module, one of its activities, or neither."""

    module: Key = Field("", description="A module's key. With `activity` it may be left out.")
    activity: Key = Field("", description="An activity's key.")


class SessionFields(SubjectSaid):
    """A session, field by field."""

    minutes: Minutes = Field(description="How long, in whole minutes.")
    studied_on: Day | None = Field(None, description="Today where it is left out.")
    note: Note = Field("", description="Markdown.")
    confidence: Confidence | None = Field(None, description="1 shaky to 5 sure.")
    confirm_long_day: ConfirmLongDay = False


class LineSaid(Said):
    """One line of plain English, such as `45m garak encoding probes, confidence 3`."""

    line: Line = Field(description="How long and on what; a day, a note and a confidence where you like.")
    studied_on: Day | None = Field(
        None, description="The day that the line calls today, where it was typed on an earlier one."
    )


class SessionLine(LineSaid):
    """A session in one line, as it can be read without logging it."""

    confirm_long_day: ConfirmLongDay = False


def _is_line(value: Any) -> str:
    says_line = "line" in value if isinstance(value, dict) else isinstance(value, SessionLine)
    return "line-body" if says_line else "fields"


SessionSaid = Annotated[
    Annotated[SessionFields, Tag("fields")] | Annotated[SessionLine, Tag("line-body")],
    Discriminator(_is_line),
]


def _may_be_left_out(meaning: str | None = None) -> Any:
    """A field that is as it was where it is left out, and never null."""
    return Field(None, description=meaning, json_schema_extra=_without_default)


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


class SubjectChanged(Said):
    """What study was on, where it was on something else. What is left out stays."""

    module: Key = _may_be_left_out("A module's key; without `activity` it is the module as a whole.")
    activity: Key = _may_be_left_out('An activity\'s key, which brings its module along; "" takes it out.')


class SessionCorrected(SubjectChanged):
    """What a session says from now on. What is left out stays."""

    minutes: Minutes = _may_be_left_out()
    studied_on: Day = _may_be_left_out()
    note: Note = _may_be_left_out()
    confidence: Confidence | None = Field(None, description="null takes it out.")
    confirm_long_day: ConfirmLongDay = False


class TimerStarted(SubjectSaid):
    """What the timer is for."""

    line: Annotated[str, Field(max_length=LONGEST_LINE, pattern=PLAIN)] = Field(
        "", description="Instead of keys: words of a title, such as `garak encoding probes`."
    )


class TimerLogged(SubjectChanged):
    """What comes of the timer: its own minutes and subject, but for what is said here."""

    minutes: Minutes | None = Field(None, description="Needed where it ran for over six hours.")
    note: Note = ""
    confidence: Confidence | None = None
    confirm_long_day: ConfirmLongDay = False


class MarkSaid(Said):
    """What is said of an activity."""

    kind: Literal["done", "known"]


# --- what comes out ---------------------------------------------------------------------------------------


class Me(BaseModel):
    """Whose token it is, and what it may do."""

    email: str
    zone: str
    today: date
    scope: ApiToken.Scope
    token_name: str
    plan: bool


class Session(BaseModel):
    """A study session.

    `asks` is "" but for a session that was restored or corrected on an unusually long day: then it is a
    question, and the session is kept all the same.
    """

    id: int
    minutes: int
    studied_on: date
    zone: str
    module: str
    activity: str
    title: str
    note: str
    confidence: int | None
    source: StudySession.Source
    logged_at: datetime
    deleted: bool
    asks: str = ""


class Sessions(BaseModel):
    """A page of sessions, newest first, and the cursor of the next one."""

    items: list[Session]
    next: str | None


class Choice(BaseModel):
    """A module or an activity that a line may mean."""

    key: str
    title: str


class Question(BaseModel):
    """What a line leaves open."""

    field: str
    sentence: str


class Reading(BaseModel):
    """What a line was read as. Where `asks` is empty nothing in it is open; its day may still be too long."""

    minutes: int | None
    studied_on: date
    module: str
    activity: str
    title: str
    confidence: int | None
    note: str
    asks: list[Question]
    choices: list[Choice]


class Timer(BaseModel):
    """The learner's timer. `seconds` is what it has measured until now."""

    state: Literal["none", "running", "paused", "stopped"]
    module: str = ""
    activity: str = ""
    title: str = ""
    started_at: datetime | None = None
    seconds: int = 0
    asks: str = ""


class Span(BaseModel):
    """Two days, both of them included."""

    first_on: date
    last_on: date


class Break(BaseModel):
    """A pause of the plan. `last_on` is null while it is open."""

    first_on: date
    last_on: date | None


class Forecast(BaseModel):
    """Where the learner's own weeks lead. A day that cannot be said is null."""

    likely_on: date | None
    low_50_on: date | None
    high_50_on: date | None
    low_80_on: date | None
    high_80_on: date | None
    weeks_of_data: int


class PlannedModule(BaseModel):
    """A module on its dates: as first laid out, and now."""

    key: str
    number: int
    title: str
    state: str
    done_minutes: int
    open_minutes: int
    baseline: Span | None
    now: Span | None


class Plan(BaseModel):
    """The learner's plan. `finish_on` is where its own hours lead."""

    track: str
    track_title: str
    revision: int
    state: str
    start_on: date
    target_on: date | None
    weekday_minutes: list[int] = Field(description="Seven, Monday first.")
    finish_on: date | None
    forecast: Forecast | None
    remaining_minutes: int
    done_minutes: int
    percent: int
    pauses: list[Break]
    modules: list[PlannedModule]


class Week(BaseModel):
    """A week, Monday to Sunday. `number` counts from the plan's first; null before it and without one."""

    first_on: date = Field(serialization_alias="from", description="The Monday.")
    number: int | None
    logged_minutes: int
    target_minutes: int
    paused: bool


class Weeks(BaseModel):
    """Weeks, the newest first."""

    items: list[Week]


class DayOfWeek(BaseModel):
    """One day: what was logged and what the plan asks."""

    on: date
    logged_minutes: int
    target_minutes: int
    off: bool


class ThisWeek(Week):
    """This week, with its days and what its target still asks."""

    left_minutes: int
    days: list[DayOfWeek]


class Activity(BaseModel):
    """An activity of the plan. `logged_minutes` is null for tokens that may only log."""

    key: str
    title: str
    module: str
    minutes: int
    kind: str
    required: bool
    state: Literal["todo", "part", "done", "known"]
    logged_minutes: int | None


class Activities(BaseModel):
    """Activities in the plan's order."""

    items: list[Activity]


class Criterion(BaseModel):
    """One thing that a milestone asks.

    `ticked` is whether the learner's own word backs it; `state` counts labs, files and links too.
    """

    key: str
    text: str
    ticked: bool
    state: Literal["open", "claimed", "evidenced"]


class Milestone(BaseModel):
    """What finishing a module proves."""

    key: str
    title: str
    module: str
    state: Literal["todo", "part", "done"]
    completed_on: date | None
    criteria: list[Criterion]


class Milestones(BaseModel):
    """The milestones of the plan's track, in its order."""

    items: list[Milestone]


LevelWord = Literal["untouched", "studied", "practised", "evidenced"]


class LevelCounts(BaseModel):
    """How many topics have each level; `outside` are those that the curriculum does not teach."""

    evidenced: int
    practised: int
    studied: int
    untouched: int
    outside: int


class MapReason(BaseModel):
    """Why a topic has its level, and what that is about.

    `key` is that of an activity or lab, or the number of a run.
    """

    level: LevelWord
    sentence: str
    on: date | None
    about: Literal["activity", "lab", "run"]
    key: str
    carried_from: str | None = Field(description="The topic of another edition that it was shown for.")
    carried_from_edition: str | None


class MapClaim(BaseModel):
    """A level that a layer of the learner's names. It is no reason."""

    level: LevelWord
    source: str
    on: date


class MapTopic(BaseModel):
    """A topic with its own level: it inherits none from its parts, and they none from it."""

    id: str
    name: str
    kind: str
    parent: str
    groups: list[str] = Field(description="Topics of another kind that it stands under, such as tactics.")
    retired: bool
    level: LevelWord
    taught: bool = Field(description="Whether an activity of the curriculum teaches it.")
    reasons: list[MapReason]
    claims: list[MapClaim]


class CoverageMap(BaseModel):
    """One edition of a framework with the learner's levels."""

    format: Literal["cairn-map/1"] = "cairn-map/1"
    framework: str
    title: str
    edition: str
    counts: LevelCounts = Field(description="Of the topics that the map is of: of ATLAS its techniques.")
    topics: list[MapTopic]


class Rate(BaseModel):
    """A share between 0 and 1, and the ends of its 95 % interval (Wilson)."""

    share: float
    low: float
    high: float


class Result(BaseModel):
    """Outputs of one probe as one detector scored them. `passed` means that the target resisted.

    `attack_success_rate` is null where nothing was scored.
    """

    probe: str
    detector: str
    passed: int
    evaluated: int
    not_scored: int
    attack_success_rate: Rate | None


class Run(BaseModel):
    """What a tool's report showed. `started_at` is as the tool wrote it, often without a zone."""

    id: int
    tool: str
    version: str
    target: str
    state: EvidenceRun.State
    why_partial: str
    started_at: str
    read_at: datetime


class RunWithResults(Run):
    """A run with what was asked of it, and what came of that, in the order of the report."""

    requested: list[str] = Field(description="Probes and families, as they were asked for.")
    evaluated: list[str] = Field(description="Probes with a result.")
    not_evaluated: list[str] = Field(description="What was asked for and has no result.")
    results: list[Result]


class Report(BaseModel):
    """A report that was handed in. `sentence` says why it was refused.

    `was_known` is true where its run was here before; it counts once. `run` is null until it is read, and
    after the run was deleted.
    """

    id: UUID
    state: Upload.State
    sentence: str
    name: str
    size_bytes: int
    read_bytes: int = Field(description="How far the reading is.")
    sha256: str
    attack: str = Field(description="As it was said with the report.")
    target: str = Field(description="As it was said with the report.")
    keep: bool = Field(description="Whether the file itself is kept.")
    uploaded_at: datetime
    finished_at: datetime | None
    was_known: bool
    run: Run | None


class ReportWithResults(Report):
    """A report that was handed in, with the results of its run."""

    run: RunWithResults | None


class Reports(BaseModel):
    """A page of reports, newest first, and the cursor of the next one."""

    items: list[Report]
    next: str | None


class FieldError(BaseModel):
    """What is wrong with one field; "" is the whole body."""

    field: str
    detail: str


class ProblemOut(BaseModel):
    """What is answered to a request that cannot be done (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] = []
    choices: list[Choice] = Field([], description="With a line: what its words may mean.")
    timer: Timer | None = Field(None, description="With 409 of the timer: the one there is.")
