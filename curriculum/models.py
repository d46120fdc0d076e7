"""A published revision of the curriculum, row by row.

Rows are inserted by `loader` and never changed: a learner's plan refers to the structure of the revision
it was made on. Nobody but `catalogue` reads them. Lists that are only ever read whole (the files and rules
of a lab, the levels of a skill, the groups of a topic) are JSON.
"""

from __future__ import annotations

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from curriculum.schema import (
    ACTIVITY_KINDS,
    BASES,
    KEY_LENGTH,
    MINUTES_MAX,
    MINUTES_MIN,
    NAME_LENGTH,
    NEEDS,
    RESOURCE_KINDS,
    SKILL_KINDS,
    TITLE_LENGTH,
    TOPIC_KINDS,
    TOPIC_LENGTH,
    URL_LENGTH,
)

KIND_LENGTH = 12


class Revision(models.Model):
    """One published state of the whole curriculum.

    `canonical` is its content as canonical JSON, `digest` the SHA-256 of that. A revision of before canonical
    content was kept has "" there.
    """

    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    canonical = models.TextField(default="")
    title = models.CharField(max_length=TITLE_LENGTH)
    loaded_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["number"], name="revision_number_unique"),
            CheckConstraint(condition=Q(number__gte=1), name="revision_number_from_one"),
        ]

    def __str__(self) -> str:
        return f"Revision {self.number}"


class PermanentKey(models.Model):
    """Every permanent key of a revision: one namespace over activities, labs, questions and the rest."""

    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="keys")
    key = models.CharField(max_length=KEY_LENGTH)
    kind = models.CharField(max_length=KIND_LENGTH)

    class Meta:
        constraints = [UniqueConstraint(fields=["revision", "key"], name="permanent_key_unique")]


class Track(models.Model):
    """A choice of activities with its own rule of completion. `electives` are keys of modules."""

    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="tracks")
    key = models.CharField(max_length=NAME_LENGTH)
    position = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=TITLE_LENGTH)
    summary = models.TextField()
    completion = models.TextField()
    electives = models.JSONField()
    builds_on = models.JSONField(default=list)

    class Meta:
        constraints = [UniqueConstraint(fields=["revision", "key"], name="track_key_unique")]


class RoleRow(models.Model):
    """One thing the role asks for. `modules` are keys; without any, `left_out` says why."""

    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="role")
    position = models.PositiveSmallIntegerField()
    asks = models.TextField()
    where = models.TextField()
    modules = models.JSONField()
    left_out = models.TextField(blank=True)


class RetiredKey(models.Model):
    """A permanent key that is no longer in use."""

    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="retired")
    key = models.CharField(max_length=KEY_LENGTH)
    kind = models.CharField(max_length=KIND_LENGTH)
    reason = models.TextField()
    successor = models.CharField(max_length=KEY_LENGTH, blank=True)

    class Meta:
        constraints = [UniqueConstraint(fields=["revision", "key"], name="retired_key_unique")]


class ImportedEdition(models.Model):
    """An edition that the operator imported from its owner's file: every later revision has it too.

    `content` is the edition as canonical JSON. Rows are added only; of two with one name the later counts.
    """

    framework_key = models.CharField(max_length=NAME_LENGTH)
    name = models.CharField(max_length=NAME_LENGTH)
    content = models.TextField()
    imported_at = models.DateTimeField()


class Framework(models.Model):
    """A framework such as MITRE ATLAS."""

    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="frameworks")
    key = models.CharField(max_length=NAME_LENGTH)
    title = models.CharField(max_length=TITLE_LENGTH)
    url = models.CharField(max_length=URL_LENGTH)
    source = models.TextField()

    class Meta:
        constraints = [UniqueConstraint(fields=["revision", "key"], name="framework_key_unique")]


class Edition(models.Model):
    """One edition of a framework; `name` is what stands beside every topic id."""

    framework = models.ForeignKey(Framework, on_delete=models.PROTECT, related_name="editions")
    name = models.CharField(max_length=NAME_LENGTH)
    position = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=TITLE_LENGTH)
    published_on = models.DateField(null=True)
    source = models.TextField(blank=True)

    class Meta:
        constraints = [UniqueConstraint(fields=["framework", "name"], name="edition_name_unique")]


class EditionMap(models.Model):
    """How the topics of one edition go on in another; `rows` are lists of from, to and how."""

    framework = models.ForeignKey(Framework, on_delete=models.PROTECT, related_name="maps")
    position = models.PositiveSmallIntegerField()
    from_edition = models.CharField(max_length=NAME_LENGTH)
    to_edition = models.CharField(max_length=NAME_LENGTH)
    basis = models.CharField(max_length=KIND_LENGTH)
    source = models.TextField()
    rows = models.JSONField()

    class Meta:
        constraints = [CheckConstraint(condition=Q(basis__in=BASES), name="edition_map_basis_known")]


class Link(models.Model):
    """A tie from a topic of this framework to one of another, with who says so."""

    framework = models.ForeignKey(Framework, on_delete=models.PROTECT, related_name="links")
    position = models.PositiveSmallIntegerField()
    edition = models.CharField(max_length=NAME_LENGTH)
    topic_id = models.CharField(max_length=TOPIC_LENGTH)
    to_framework = models.CharField(max_length=NAME_LENGTH)
    to_edition = models.CharField(max_length=NAME_LENGTH)
    to_topic = models.CharField(max_length=TOPIC_LENGTH)
    basis = models.CharField(max_length=KIND_LENGTH)
    source = models.TextField()

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["framework", "edition", "topic_id", "to_framework", "to_edition", "to_topic"],
                name="link_once",
            ),
            CheckConstraint(condition=Q(basis__in=BASES), name="link_basis_known"),
        ]


class CalendarRow(models.Model):
    """When a topic applies: the day first enacted, and the day in force on `checked_on`."""

    framework = models.ForeignKey(Framework, on_delete=models.PROTECT, related_name="dates")
    position = models.PositiveSmallIntegerField()
    topic_id = models.CharField(max_length=TOPIC_LENGTH)
    what = models.TextField()
    enacted_on = models.DateField()
    applies_on = models.DateField()
    source = models.TextField()
    checked_on = models.DateField()


class Topic(models.Model):
    """A topic of one edition under its owner's id. `parent`, `groups`, `relates`: ids of the same edition."""

    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="topics")
    topic_id = models.CharField(max_length=TOPIC_LENGTH)
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=TITLE_LENGTH)
    kind = models.CharField(max_length=KIND_LENGTH)
    parent = models.CharField(max_length=TOPIC_LENGTH, blank=True)
    groups = models.JSONField()
    relates = models.JSONField(default=list)
    note = models.TextField(blank=True)
    retired = models.BooleanField(default=False)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["edition", "topic_id"], name="topic_id_unique"),
            CheckConstraint(condition=Q(kind__in=TOPIC_KINDS), name="topic_kind_known"),
        ]


class Skill(models.Model):
    """A row of the skills matrix. `levels` are five sentences, `targets` a level by track key."""

    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="skills")
    key = models.CharField(max_length=NAME_LENGTH)
    position = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=TITLE_LENGTH)
    kind = models.CharField(max_length=KIND_LENGTH)
    levels = models.JSONField()
    typical_start = models.PositiveSmallIntegerField()
    targets = models.JSONField()
    proof_modules = models.JSONField()
    note = models.TextField(blank=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["revision", "key"], name="skill_key_unique"),
            CheckConstraint(condition=Q(kind__in=SKILL_KINDS), name="skill_kind_known"),
        ]


class Module(models.Model):
    """A chapter of the curriculum. `see_also` are keys of resources that other modules own.

    Here and below `text_since` is when the prose became what it is: the moment its revision was published, or
    an earlier one whose prose was the same.
    """

    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="modules")
    key = models.CharField(max_length=NAME_LENGTH)
    number = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=TITLE_LENGTH)
    goal = models.TextField()
    why = models.TextField()
    primer = models.TextField(blank=True)
    see_also = models.JSONField(default=list)
    learner_scoped = models.BooleanField()
    text_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["revision", "key"], name="module_key_unique"),
            UniqueConstraint(fields=["revision", "number"], name="module_number_unique"),
        ]


class Prerequisite(models.Model):
    """`module` builds on `needs`."""

    module = models.ForeignKey(Module, on_delete=models.PROTECT, related_name="prerequisites")
    needs = models.ForeignKey(Module, on_delete=models.PROTECT, related_name="needed_by")
    position = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["module", "needs"], name="prerequisite_once"),
            CheckConstraint(condition=~Q(module=models.F("needs")), name="prerequisite_of_another"),
        ]


class Cover(models.Model):
    """A topic that a module teaches, in the activities whose keys are `taught_in`."""

    module = models.ForeignKey(Module, on_delete=models.PROTECT, related_name="covers")
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, related_name="covered_by")
    position = models.PositiveSmallIntegerField()
    taught_in = models.JSONField(default=list)

    class Meta:
        constraints = [UniqueConstraint(fields=["module", "topic"], name="cover_once")]


class Lab(models.Model):
    """Practical work that ends in evidence. `variants` says by track key what differs there.

    `files` are mappings of name and format, `rules` are in the vocabulary of `schema.Rule`.
    """

    module = models.ForeignKey(Module, on_delete=models.PROTECT, related_name="labs")
    key = models.CharField(max_length=KEY_LENGTH)
    position = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=TITLE_LENGTH)
    needs = models.TextField()
    setup = models.TextField(blank=True)
    safety = models.TextField(blank=True)
    hand_in = models.TextField(blank=True)
    files = models.JSONField()
    rules = models.JSONField()
    variants = models.JSONField()
    text_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [UniqueConstraint(fields=["module", "key"], name="lab_key_unique")]


class LabTrack(models.Model):
    """A lab is open in a track."""

    lab = models.ForeignKey(Lab, on_delete=models.PROTECT, related_name="in_tracks")
    track = models.ForeignKey(Track, on_delete=models.PROTECT, related_name="labs")

    class Meta:
        constraints = [UniqueConstraint(fields=["lab", "track"], name="lab_track_once")]


class Activity(models.Model):
    """One piece of work. `steps` are texts in the order of the work.

    `if_left_out` says what is lost without it, "" where it must stay.
    """

    module = models.ForeignKey(Module, on_delete=models.PROTECT, related_name="activities")
    key = models.CharField(max_length=KEY_LENGTH)
    position = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=TITLE_LENGTH)
    kind = models.CharField(max_length=KIND_LENGTH)
    minutes = models.PositiveSmallIntegerField()
    lab = models.ForeignKey(Lab, on_delete=models.PROTECT, null=True, related_name="activities")
    summary = models.TextField()
    steps = models.JSONField(default=list)
    done = models.TextField(blank=True)
    if_left_out = models.TextField(blank=True)
    text_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["module", "key"], name="activity_key_unique"),
            CheckConstraint(condition=Q(kind__in=ACTIVITY_KINDS), name="activity_kind_known"),
            CheckConstraint(
                condition=Q(minutes__gte=MINUTES_MIN, minutes__lte=MINUTES_MAX),
                name="activity_minutes_in_range",
            ),
        ]


class ActivityTrack(models.Model):
    """A track has an activity, as required or optional."""

    activity = models.ForeignKey(Activity, on_delete=models.PROTECT, related_name="in_tracks")
    track = models.ForeignKey(Track, on_delete=models.PROTECT, related_name="activities")
    need = models.CharField(max_length=KIND_LENGTH)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["activity", "track"], name="activity_track_once"),
            CheckConstraint(condition=Q(need__in=NEEDS), name="activity_need_known"),
        ]


class Question(models.Model):
    """A recall question with its answer. `checks` are keys of activities a right answer speaks for."""

    module = models.ForeignKey(Module, on_delete=models.PROTECT, related_name="questions")
    key = models.CharField(max_length=KEY_LENGTH)
    position = models.PositiveSmallIntegerField()
    prompt = models.TextField()
    answer = models.TextField()
    source = models.TextField()
    checks = models.JSONField(default=list)
    text_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [UniqueConstraint(fields=["module", "key"], name="question_key_unique")]


class Resource(models.Model):
    """A public page or file to read or use."""

    module = models.ForeignKey(Module, on_delete=models.PROTECT, related_name="resources")
    key = models.CharField(max_length=KEY_LENGTH)
    position = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=TITLE_LENGTH)
    url = models.CharField(max_length=URL_LENGTH)
    kind = models.CharField(max_length=KIND_LENGTH)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["module", "key"], name="resource_key_unique"),
            CheckConstraint(condition=Q(kind__in=RESOURCE_KINDS), name="resource_kind_known"),
        ]


class Milestone(models.Model):
    """What finishing a module proves: one for each module."""

    module = models.OneToOneField(Module, on_delete=models.PROTECT, related_name="milestone")
    key = models.CharField(max_length=KEY_LENGTH)
    title = models.CharField(max_length=TITLE_LENGTH)


class Criterion(models.Model):
    """One thing that must be true for the milestone, backed by a lab or by an artefact in words."""

    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, related_name="criteria")
    key = models.CharField(max_length=KEY_LENGTH)
    position = models.PositiveSmallIntegerField()
    text = models.TextField()
    lab = models.ForeignKey(Lab, on_delete=models.PROTECT, null=True, related_name="criteria")
    artefact = models.TextField(blank=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["milestone", "key"], name="criterion_key_unique"),
            CheckConstraint(
                condition=Q(lab__isnull=False, artefact="") | (Q(lab__isnull=True) & ~Q(artefact="")),
                name="criterion_backed_once",
            ),
        ]


class CriterionTrack(models.Model):
    """A criterion counts in a track."""

    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="in_tracks")
    track = models.ForeignKey(Track, on_delete=models.PROTECT, related_name="criteria")

    class Meta:
        constraints = [UniqueConstraint(fields=["criterion", "track"], name="criterion_track_once")]
