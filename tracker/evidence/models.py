"""What a learner has handed in, what was read out of it, and what was judged of it.

Files are kept in the database, in parts: every web process and worker finds them there, a backup has them,
and what belongs to an account goes with it (docs/decisions/0016-files-in-the-database.md).
"""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from tracker.people.models import ApiToken

NAME_LENGTH = 120
KEY_LENGTH = 120


class StoredFile(models.Model):
    """A file of a learner's, as it came. `media_type` is what its content says, not its name."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="stored_files")
    name = models.CharField(max_length=NAME_LENGTH)
    media_type = models.CharField(max_length=80)
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    stored_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(size_bytes__gt=0), name="no_empty_file")]
        indexes = [models.Index(fields=["learner", "-stored_at"], name="files_of_a_learner")]

    def __str__(self) -> str:
        return self.name


class FilePart(models.Model):
    """A piece of a file, so that none is ever in memory whole."""

    file = models.ForeignKey(StoredFile, models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "number"], name="one_part_a_number")]


class Run(models.Model):
    """What a tool's report showed. Prompts, outputs, paths and keys of the report are not here.

    `started_at` is as the tool wrote it, often without a zone; `read_at` is ours.
    """

    class State(models.TextChoices):
        COMPLETE = "complete", "Complete"
        PARTIAL = "partial", "Partial"

    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="runs")
    tool = models.CharField(max_length=40)
    version = models.CharField(max_length=NAME_LENGTH, blank=True)
    target = models.CharField(max_length=NAME_LENGTH, blank=True)
    state = models.CharField(max_length=10, choices=State)
    why_partial = models.CharField(max_length=300, blank=True)
    run_id = models.CharField(max_length=NAME_LENGTH, blank=True)
    sha256 = models.CharField(max_length=64)
    started_at = models.CharField(max_length=NAME_LENGTH, blank=True)
    ended_at = models.CharField(max_length=NAME_LENGTH, blank=True)
    generations = models.PositiveIntegerField(null=True)
    attempts = models.PositiveBigIntegerField(default=0)
    is_self_test = models.BooleanField(default=False)
    requested = models.JSONField(default=list)
    planned = models.JSONField(default=list)
    tags = models.JSONField(default=dict)
    notes = models.JSONField(default=list)
    read_at = models.DateTimeField()
    # The file itself, where the learner chose to keep it.
    file = models.ForeignKey(StoredFile, models.SET_NULL, null=True, related_name="runs")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["complete", "partial"]), name="run_state_is_known"),
            # Of all learners together: a run is one person's.
            models.UniqueConstraint(fields=["sha256"], name="one_run_a_file"),
            models.UniqueConstraint(fields=["tool", "run_id"], condition=~Q(run_id=""), name="one_run_an_id"),
        ]
        indexes = [models.Index(fields=["learner", "-read_at", "-id"], name="runs_of_a_learner")]

    def __str__(self) -> str:
        return f"{self.tool} {self.version}: {self.target}"


class Result(models.Model):
    """One result of a run: outputs of a probe as one detector scored them, in the order of the report."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="results")
    position = models.PositiveIntegerField()
    probe = models.CharField(max_length=NAME_LENGTH)
    detector = models.CharField(max_length=NAME_LENGTH)
    passed = models.PositiveBigIntegerField()
    evaluated = models.PositiveBigIntegerField()
    not_scored = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="one_result_a_position"),
            models.CheckConstraint(
                condition=Q(passed__lte=models.F("evaluated")), name="passed_of_evaluated"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.probe} {self.detector}: {self.passed}/{self.evaluated}"


class Upload(models.Model):
    """A report on its way: sent, being read, read or refused. A worker reads it, the page shows how far.

    `file` is there until it was read; then it is the run's, where the learner `keeps_file`, or thrown away.
    `run` is what it showed, which may have been there before: `was_known`. `attack` and `told_target` are the
    learner's words, for tools that name none.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        READING = "reading", "Being read"
        READ = "read", "Read"
        REFUSED = "refused", "Refused"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="uploads")
    submission = models.UUIDField()
    # The program that sent it, which may read what became of it.
    sent_with = models.ForeignKey(
        ApiToken, models.SET_NULL, null=True, db_index=False, related_name="uploads"
    )
    name = models.CharField(max_length=NAME_LENGTH)
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    attack = models.CharField(max_length=NAME_LENGTH, blank=True)
    told_target = models.CharField(max_length=NAME_LENGTH, blank=True)
    parameters = models.TextField(blank=True)  # Counterfit's params.json
    keeps_file = models.BooleanField(default=False)
    file = models.ForeignKey(StoredFile, models.SET_NULL, null=True, related_name="uploads")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    read_bytes = models.PositiveBigIntegerField(default=0)
    sentence = models.CharField(max_length=400, blank=True)
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="uploads")
    was_known = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    uploaded_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["learner", "submission"], name="one_upload_a_submission"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "reading", "read", "refused"]), name="upload_state_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="refused") | ~Q(sentence=""), name="refused_with_a_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["learner", "-uploaded_at"], name="uploads_of_a_learner"),
            models.Index(
                fields=["uploaded_at"], name="uploads_to_read", condition=Q(state__in=["waiting", "reading"])
            ),
            # For the day on which a token goes with its learner; most uploads come from the page.
            models.Index(
                fields=["sent_with"], name="uploads_by_program", condition=Q(sent_with__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.state}"


class HandIn(models.Model):
    """Files handed in for a lab, and what became of each of its rules. The latest of a lab counts.

    `judged` is a list of {sentence, outcome, found} in the order of the rules, as `rules.judge` gave them.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        READING = "reading", "Being read"
        JUDGED = "judged", "Judged"
        REFUSED = "refused", "Refused"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="hand_ins")
    submission = models.UUIDField()
    lab_key = models.CharField(max_length=KEY_LENGTH)
    track_key = models.CharField(max_length=80)
    revision = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    sentence = models.CharField(max_length=400, blank=True)
    judged = models.JSONField(default=list)
    attempts = models.PositiveSmallIntegerField(default=0)
    handed_in_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["learner", "submission"], name="one_hand_in_a_submission"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "reading", "judged", "refused"]),
                name="hand_in_state_is_known",
            ),
        ]
        indexes = [
            models.Index(fields=["learner", "lab_key", "-handed_in_at"], name="hand_ins_of_a_lab"),
            models.Index(
                fields=["handed_in_at"],
                name="hand_ins_to_judge",
                condition=Q(state__in=["waiting", "reading"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lab_key}: {self.state}"


class HandInFile(models.Model):
    """One file of a hand-in, under the name that the lab asks for. `run` is what it showed, of a report."""

    hand_in = models.ForeignKey(HandIn, models.CASCADE, related_name="files")
    name = models.CharField(max_length=NAME_LENGTH)
    file = models.ForeignKey(StoredFile, models.SET_NULL, null=True, related_name="handed_in")
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="handed_in")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hand_in", "name"], name="one_file_a_name")]

    def __str__(self) -> str:
        return self.name


class Statement(models.Model):
    """What a learner says of a rule of a lab: what no machine can see, or why a rule does not hold here.

    `sentence` is the rule's. A rule with a statement is shown as claimed, never as met.
    """

    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="statements")
    lab_key = models.CharField(max_length=KEY_LENGTH)
    sentence = models.CharField(max_length=400)
    note = models.TextField(max_length=2000, blank=True)
    stated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["learner", "lab_key", "sentence"], name="one_statement_a_rule")
        ]

    def __str__(self) -> str:
        return self.sentence


class Artefact(models.Model):
    """What backs a criterion beside a lab: a file that is kept here, a link, or a commit."""

    class Kind(models.TextChoices):
        FILE = "file", "File"
        LINK = "link", "Link"
        COMMIT = "commit", "Commit"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="artefacts")
    criterion_key = models.CharField(max_length=KEY_LENGTH)
    kind = models.CharField(max_length=10, choices=Kind)
    title = models.CharField(max_length=NAME_LENGTH)
    url = models.URLField(max_length=500, blank=True)
    commit = models.CharField(max_length=64, blank=True)
    file = models.ForeignKey(StoredFile, models.CASCADE, null=True, related_name="artefacts")
    added_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="file", file__isnull=False, url="", commit="")
                | Q(kind="link", file__isnull=True, commit="") & ~Q(url="")
                | Q(kind="commit", file__isnull=True) & ~Q(commit=""),
                name="artefact_is_of_its_kind",
            ),
            models.UniqueConstraint(
                fields=["learner", "criterion_key", "file"],
                condition=Q(kind="file"),
                name="one_file_a_criterion",
            ),
        ]
        indexes = [models.Index(fields=["learner", "criterion_key"], name="artefacts_of_a_criterion")]

    def __str__(self) -> str:
        return self.title
