"""Content files held against one another: what each may say of the rest, with the place that is wrong."""

from pathlib import Path

import pytest

from curriculum.reading import ContentError, read_content
from tests.curriculum import small_content as small
from tests.curriculum.small_content import make_folder

LINES = {name: text.splitlines() for name, text in small.FILES.items()}


def problems_of(folder: Path) -> list[str]:
    """Every problem; none where the folder is in order."""
    try:
        read_content(folder)
    except ContentError as error:
        return [str(problem) for problem in error.problems]
    return []


def named(stem: str) -> str:
    return next(name for name in small.FILES if Path(name).stem.split("-")[-1] == stem)


def changed(stem: str, old: str, new: str) -> str:
    text = small.FILES[named(stem)]
    assert text.count(old) >= 1, old
    return text.replace(old, new, 1)


def line_of(stem: str, text: str) -> int:
    """The first line of the small file that holds this text."""
    return next(number for number, line in enumerate(LINES[named(stem)], start=1) if text in line)


ONE = [
    # (file, text there, text instead, text of the line that is named, the rest of the problem)
    (
        "basics",
        "taught_in: [basics.break-it]",
        "taught_in: [basics.ask-why]",
        "topic: T1.001",
        "covers[0].taught_in[0]: no activity of this module has the key 'basics.ask-why'",
    ),
    (
        "basics",
        "taught_in: [basics.break-it]",
        "taught_in: [extra.go-further]",
        "topic: T1.001",
        "covers[0].taught_in[0]: no activity of this module has the key 'extra.go-further'",
    ),
    (
        "basics",
        "taught_in: [basics.break-it]",
        "taught_in: [basics.break-it, basics.break-it]",
        "topic: T1.001",
        "covers[0].taught_in[1]: expected each once; 'basics.break-it' stands here twice",
    ),
    (
        "basics",
        "taught_in: [basics.break-it]",
        "taught_in: []",
        "topic: T1.001",
        "covers[0].taught_in: expected at least 1 of these, found 0",
    ),
    (
        "basics",
        ", taught_in: [basics.break-it]",
        "",
        "topic: T1.001",
        "covers[0].taught_in: expected this field, it is missing",
    ),
    (
        "basics",
        "checks: [basics.read-the-paper]",
        "checks: [basics.lab-break]",
        "checks:",
        "questions[0].checks[0]: no activity of this module has the key 'basics.lab-break'",
    ),
    (
        "basics",
        "checks: [basics.read-the-paper]",
        "checks: []",
        "checks:",
        "questions[0].checks: expected at least 1 of these, found 0",
    ),
    (
        "basics",
        "minutes: {breaker: 180, builder: 60}",
        "minutes: {breaker: 190, builder: 60}",
        "minutes: {",
        "minutes.breaker: the required activities come to 180 minutes in 'breaker'; this says 190",
    ),
    (
        "basics",
        "minutes: {breaker: 180, builder: 60}",
        "minutes: {breaker: 180}",
        "minutes: {",
        "minutes.builder: the required activities come to 60 minutes in 'builder'; this says 0",
    ),
    (
        "basics",
        "minutes: {breaker: 180, builder: 60}",
        "minutes: {breaker: 180, builder: 60, bystander: 10}",
        "minutes: {",
        "minutes.bystander: the required activities come to 0 minutes in 'bystander'; this says 10",
    ),
    (
        "extra",
        "minutes: {breaker: 30, builder: 0}",
        "minutes: {breaker: 30}",
        "minutes: {",
        "minutes.builder: the required activities come to 0 minutes in 'builder'; this says 0",
    ),
    (
        "basics",
        "steps: [Read it once., Read it again.]",
        "steps: [Read it.]",
        "steps: [Read",
        "activities[0].steps: expected at least 2 of these, found 1",
    ),
    (
        "basics",
        "minutes: 120",
        "minutes: 181",
        "key: basics.break-it",
        "activities[1]: expected a step for each started hour: 4, there are 3, found a mapping",
    ),
    (
        "basics",
        "    done: You can say what it says.\n",
        "",
        "key: basics.read-the-paper",
        "activities[0].done: expected this field, it is missing",
    ),
    (
        "basics",
        "    done: The numbers are in the file.\n",
        "    done: The numbers are in the file.\n    if_left_out: You will not have broken it.\n",
        "if_left_out:",
        "activities[1].if_left_out: expected this activity to stay: 'basics.proof-broken' needs its lab",
    ),
    (
        "extra",
        "{breaker: required, builder: optional}\n",
        "{breaker: optional, builder: optional}\n    if_left_out: You will not have gone further.\n",
        "if_left_out:",
        "activities[0].if_left_out: expected this only where a track requires the activity; none does",
    ),
    (
        "basics",
        "    done: You can say what it says.\n",
        '    done: You can say what it says.\n    if_left_out: "You lose\\nmuch."\n',
        "if_left_out:",
        "activities[0].if_left_out: expected one line, found 'You lose\\nmuch.'",
    ),
    (
        "basics",
        "    done: You can say what it says.\n",
        "    done: You can say what it says.\n    if_left_out: ''\n",
        "if_left_out:",
        "activities[0].if_left_out: expected some text, found ''",
    ),
    (
        "basics",
        "    url: https://papers.example.org/one",
        "    url: http://papers.example.org/one",
        "url: https",
        "resources[0].url: expected a web address beginning with https://, "
        "found 'http://papers.example.org/one'",
    ),
    (
        "atlas",
        "url: https://atlas.example.org",
        "url: http://atlas.example.org",
        "url: https",
        "url: expected a web address beginning with https://, found 'http://atlas.example.org'",
    ),
    (
        "basics",
        "(https://pages.example.org/primer)",
        "(http://pages.example.org/primer)",
        "primer: |",
        "primer: expected links to https:// addresses alone, "
        "found '## What breaks\\n\\nEverything, given time. See [the pages](http://pages.examp...",
    ),
    (
        "atlas",
        "relates: [T1]",
        "relates: [T1, T7]",
        "id: M1",
        "editions[1].topics[3]: no topic of this edition has the id 'T7'",
    ),
    (
        "atlas",
        "kind: technique, groups: [TA1]}",
        "kind: technique, groups: [TA7]}",
        "groups: [TA1]}",
        "editions[1].topics[1]: no topic of this edition has the id 'TA7'",
    ),
    (
        "atlas",
        "{from: T1, to: T1, how: same}",
        "{from: T1, to: T5, how: renamed}",
        "rows: [",
        "maps[0].rows[0]: atlas 2026 has no topic 'T5'",
    ),
    (
        "atlas",
        "{from: T1, to: T1, how: same}",
        "{from: M1, to: T1, how: same}",
        "rows: [",
        "maps[0].rows[0]: atlas 1.1 has no topic 'M1'",
    ),
    (
        "atlas",
        "{from: T1, to: T1, how: same}",
        "{from: T1, how: same}",
        "rows: [",
        "maps[0].rows[0]: expected to: with every how but gone, found a mapping",
    ),
    (
        "atlas",
        "{from: T1, to: T1, how: same}",
        "{from: T1, to: T1, how: gone}",
        "rows: [",
        "maps[0].rows[0]: expected to: with every how but gone, found a mapping",
    ),
    (
        "atlas",
        "  - from_edition: 1.1",
        "  - from_edition: 1.0",
        "rows: [",
        "maps[0].rows[0]: no framework 'atlas' with an edition '1.0'",
    ),
    (
        "atlas",
        "to_edition: 1.1, to_topic: T1,",
        "to_edition: 1.1, to_topic: T9,",
        "to_framework: atlas",
        "links[0]: atlas 1.1 has no topic 'T9'",
    ),
    (
        "atlas",
        "to_framework: atlas",
        "to_framework: map",
        "to_framework: atlas",
        "links[0]: no framework 'map' with an edition '1.1'",
    ),
    (
        "atlas",
        "{edition: 2026, topic: T1, to_framework",
        "{edition: 2026, topic: T9, to_framework",
        "to_framework: atlas",
        "links[0]: atlas 2026 has no topic 'T9'",
    ),
    (
        "atlas",
        "basis: ours",
        "basis: hearsay",
        "to_framework: atlas",
        "links[0].basis: expected 'owner', 'third-party' or 'ours', found 'hearsay'",
    ),
    (
        "atlas",
        "  - topic: T1\n",
        "  - topic: T9\n",
        "- topic: T1",
        "dates[0].topic: no edition here has a topic 'T9'",
    ),
    (
        "atlas",
        "applies_on: 2027-12-02",
        "applies_on: 2027-02-30",
        "applies_on",
        "dates[0].applies_on: expected a day like 2026-08-02, found '2027-02-30'",
    ),
    (
        "role",
        "modules: [basics, extra]",
        "modules: [basics, other]",
        "Break models",
        "rows[0].modules[1]: no module has the key 'other'",
    ),
    (
        "role",
        "modules: [basics, extra]",
        "modules: []",
        "Break models",
        "rows[0]: expected modules, or left_out with the reason; exactly one of them, found a mapping",
    ),
    (
        "role",
        "modules: [], left_out",
        "modules: [basics], left_out",
        "Earn money",
        "rows[1]: expected modules, or left_out with the reason; exactly one of them, found a mapping",
    ),
    (
        "role",
        "asks: Earn money",
        "asks: Break models",
        "Earn money",
        "rows[1].asks: expected each once; 'Break models' stands here twice",
    ),
    (
        "tracks",
        "electives: [extra]",
        "electives: [extra]\n    builds_on: [breaker, other]",
        "builds_on",
        "tracks[1].builds_on[1]: no other track has the key 'other'",
    ),
    (
        "tracks",
        "electives: [extra]",
        "electives: [extra]\n    builds_on: [builder]",
        "builds_on",
        "tracks[1].builds_on[0]: no other track has the key 'builder'",
    ),
    (
        "retired",
        "key: basics.read-the-book",
        "key: basics.break-it",
        "read-the-book",
        "retired[0].key: 'basics.break-it' is retired and in use",
    ),
    (
        "retired",
        "successor: basics.read-the-paper",
        "successor: basics.read-the-map",
        "read-the-book",
        "retired[0].successor: no activity has the key 'basics.read-the-map'",
    ),
    (
        "retired",
        "successor: basics.read-the-paper",
        "successor: basics.lab-break",
        "read-the-book",
        "retired[0].successor: no activity has the key 'basics.lab-break'",
    ),
    (
        "retired",
        "kind: activity",
        "kind: chapter",
        "read-the-book",
        "retired[0].kind: expected 'activity', 'lab', 'question', 'resource', 'milestone' or 'criterion', "
        "found 'chapter'",
    ),
    (
        "retired",
        "retired:\n",
        "retired:\n  - {key: basics.read-the-book, kind: activity, reason: Too thin.}\n",
        "",
        "retired[1].key: expected each once; 'basics.read-the-book' stands here twice",
    ),
    (
        "published",
        "basics.read-the-book activity",
        "basics.read-the-scroll activity",
        "read-the-book",
        "the activity 'basics.read-the-scroll' was published and is gone; "
        "list it in retired.yaml or put it back",
    ),
    (
        "published",
        "basics.read-the-paper activity",
        "basics.read-the-paper lab",
        "read-the-paper",
        "'basics.read-the-paper' was published as lab, expected it to stay one; it is activity now",
    ),
    (
        "published",
        "basics.read-the-book activity",
        "basics.read-the-book question",
        "read-the-book",
        "'basics.read-the-book' was published as question, expected it to stay one; it is activity now",
    ),
    (
        "published",
        "basics.read-the-book activity",
        "basics.read-the-book",
        "read-the-book",
        "expected a key, a space and its kind",
    ),
]


@pytest.mark.parametrize(("stem", "old", "new", "at", "said"), ONE)
def test_a_wrong_place_is_named_with_its_line(
    tmp_path: Path, stem: str, old: str, new: str, at: str, said: str
) -> None:
    broken = changed(stem, old, new)
    found = problems_of(make_folder(tmp_path, **{stem: broken}))
    file = named(stem)
    # Where a line is added, the place is in the new text.
    here = 3 if not at else line_of(stem, at) if at in small.FILES[file] else line_in(broken, at)
    assert f"{file}:{here}: {said}" in found


def line_in(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), start=1) if part in line)


def test_the_small_folder_is_in_order(tmp_path: Path) -> None:
    assert problems_of(make_folder(tmp_path)) == []


# ------------------------------------------------------------------------------- what may be left out


def test_what_may_be_left_out_is_required_somewhere_and_proves_nothing(tmp_path: Path) -> None:
    paper = changed(
        "basics", "    done: You can say what it says.\n", "    done: Said.\n    if_left_out: A page less.\n"
    )
    assert problems_of(make_folder(tmp_path / "reading", basics=paper)) == []
    further = changed(
        "extra", "    done: It is written.\n", "    done: It is.\n    if_left_out: A page less.\n"
    )
    assert problems_of(make_folder(tmp_path / "in-one-track", extra=further)) == []


def test_an_activity_on_a_lab_that_proves_nothing_may_be_left_out(tmp_path: Path) -> None:
    basics = changed(
        "basics",
        "    done: The numbers are in the file.\n",
        "    done: Said.\n    if_left_out: A number less.\n",
    )
    unproven = basics.replace("{lab: basics.lab-break}", "{artefact: a broken thing}")
    assert unproven != basics
    assert problems_of(make_folder(tmp_path, basics=unproven)) == []


# ---------------------------------------------------------------------------------- keys that are gone


def test_a_retired_key_may_lead_to_one_that_was_retired_later(tmp_path: Path) -> None:
    retired = small.RETIRED.replace("basics.read-the-paper", "basics.read-the-film") + (
        "  - {key: basics.read-the-film, kind: activity, reason: Loud., successor: basics.read-the-paper}\n"
    )
    assert problems_of(make_folder(tmp_path, retired=retired)) == []


def test_what_is_retired_needs_no_successor(tmp_path: Path) -> None:
    retired = small.RETIRED.replace(", successor: basics.read-the-paper", "")
    assert problems_of(make_folder(tmp_path, retired=retired)) == []


def test_without_a_record_nothing_was_published(tmp_path: Path) -> None:
    assert problems_of(make_folder(tmp_path / "one", published=None)) == []
    assert problems_of(make_folder(tmp_path / "two", published=None, retired=None)) == []
    gone = problems_of(make_folder(tmp_path / "three", retired=None))
    assert [line.split(":")[:2] for line in gone] == [["published.txt", "2"]]


def test_a_module_that_is_taken_out_is_named_key_by_key(tmp_path: Path) -> None:
    published = small.PUBLISHED + "extra.go-further activity\nextra.milestone milestone\n"
    folder = make_folder(tmp_path, published=published, extra=None)
    found = [problem for problem in problems_of(folder) if problem.startswith("published.txt")]
    assert len(found) == 2
    assert found[0].startswith("published.txt:4: the activity 'extra.go-further' was published and is gone")


# ------------------------------------------------------------------------------------------- resources

RESOURCES = """\
resources:
  - key: extra.res-other
    title: Another page
    url: https://papers.example.org/{page}
    kind: guide
"""


def with_extra(tmp_path: Path, more: str) -> list[str]:
    return problems_of(make_folder(tmp_path, extra=small.EXTRA + more))


def test_an_address_stands_once_in_the_whole_curriculum(tmp_path: Path) -> None:
    line = len(small.EXTRA.splitlines()) + 4
    said = (
        f"modules/02-extra.yaml:{line}: resources[0].url: basics.res-paper has this address already; "
        "expected it once, and see_also elsewhere"
    )
    assert with_extra(tmp_path / "one", RESOURCES.format(page="one")) == [said]
    assert with_extra(tmp_path / "slash", RESOURCES.format(page="one/")) == [said]
    assert with_extra(tmp_path / "two", RESOURCES.format(page="two")) == []


def test_see_also_names_resources_that_other_modules_own(tmp_path: Path) -> None:
    line = len(small.EXTRA.splitlines()) + 1
    start = f"modules/02-extra.yaml:{line}: see_also"
    assert with_extra(tmp_path / "fine", "see_also: [basics.res-paper]\n") == []
    for number, key in enumerate(("basics.res-none", "basics.break-it", "extra.res-other")):
        more = f"see_also: [{key}]\n" + RESOURCES.format(page="two")
        assert with_extra(tmp_path / str(number), more) == [
            f"{start}[0]: no resource of another module has the key {key!r}"
        ]
    assert with_extra(tmp_path / "twice", "see_also: [basics.res-paper, basics.res-paper]\n") == [
        f"{start}[1]: expected each once; 'basics.res-paper' stands here twice"
    ]


# ------------------------------------------------------------------------- tracks that build on others

SECOND = """\
  - key: leader
    title: Leader
    summary: More.
    completion: All said.
    builds_on: [{builds_on}]
"""


def with_leader(folder: Path, builds_on: str, basics: str = small.BASICS) -> list[str]:
    """A third track with the second module alone; what it needs of the first is known from another track."""
    extra = small.EXTRA.replace("builder: optional}", "builder: optional, leader: required}")
    extra = extra.replace("builder: 0}", "builder: 0, leader: 30}")
    extra = extra.replace("tracks: [breaker, builder]", "tracks: [breaker, builder, leader]")
    skills = small.SKILLS.replace("builder: 2}", "builder: 2, leader: 4}")
    tracks = small.TRACKS + SECOND.format(builds_on=builds_on)
    return problems_of(make_folder(folder, tracks=tracks, extra=extra, skills=skills, basics=basics))


def test_a_prerequisite_may_stand_in_the_track_before(tmp_path: Path) -> None:
    assert with_leader(tmp_path / "one", "breaker") == []
    assert with_leader(tmp_path / "either", "breaker, builder") == []


def test_a_prerequisite_must_stand_in_every_track_that_may_come_before(tmp_path: Path) -> None:
    said = "modules/02-extra.yaml:8: prerequisites[0]: 'basics' has no activity in the track 'leader'"
    assert with_leader(tmp_path / "none", "") == [said]
    only_breakers = small.BASICS.replace("builder: required}", "builder: optional}")
    only_breakers = only_breakers.replace(", builder: required", "").replace(", builder: optional", "")
    only_breakers = only_breakers.replace(", builder]", "]").replace(", builder: 60}", "}")
    only_breakers = only_breakers.replace("    variants:\n      builder: One number is enough.\n", "")
    assert said in with_leader(tmp_path / "either", "breaker, builder", only_breakers)
    assert said not in with_leader(tmp_path / "one", "breaker", only_breakers)


# ----------------------------------------------------------------------------------- rules of evidence

RULE = "        - says: Accuracy falls below 0.5.\n          compare: {path: accuracy, op: '<', value: 0.5}\n"
RULE_LINE = line_of("basics", "says: Accuracy")
ONE_FILE = "{name: break.json, format: json}"
TWO_FILES = "{name: break.json, format: json}, {name: r.report.jsonl, format: garak}"


def with_rule(folder: Path, rule: str, files: str = ONE_FILE) -> list[str]:
    """The problems of the small folder with another first rule."""
    assert RULE in small.BASICS
    text = "".join(f"        {line}\n" for line in rule.splitlines())
    return problems_of(make_folder(folder, basics=small.BASICS.replace(RULE, text).replace(ONE_FILE, files)))


GOOD_RULES = [
    ("- says: x\n  count: {path: 'a[]', at_least: 1}", ONE_FILE),
    ("- says: x\n  count: {file: break.json, path: 'a[]', at_least: 1}", TWO_FILES),
    ("- says: x\n  families_include: {file: r.report.jsonl, families: [dan]}", TWO_FILES),
    ("- says: x\n  known_topic: {path: 'a[]', framework: atlas, unless: none}", ONE_FILE),
    ("- says: x\n  no_secret: {}\n  tracks: [builder]", ONE_FILE),
    ("- attested: I did it.\n  tracks: [breaker]", ONE_FILE),
    ("- says: x\n  each_row:\n    path: 'a[]'\n    rules: [{has_field: {fields: [b]}}]", ONE_FILE),
    (
        "- says: x\n  count: {file: break.json, path: 'a[]', at_least: 1}\n"
        "  or_reason: {file: break.json, path: why}",
        TWO_FILES,
    ),
    (
        "- says: x\n  families_include: {file: r.report.jsonl, families: [dan]}\n"
        "  or_reason: {file: break.json, path: why}",
        TWO_FILES,
    ),
]


@pytest.mark.parametrize(("rule", "files"), GOOD_RULES)
def test_a_rule_that_its_files_can_answer_is_accepted(tmp_path: Path, rule: str, files: str) -> None:
    assert with_rule(tmp_path, rule, files) == []


BAD_RULES = [
    (
        "- says: x\n  count: {file: b.json, path: a, at_least: 1}",
        ONE_FILE,
        "count: no file of this lab is named 'b.json'",
    ),
    ("- says: x\n  count: {path: a, at_least: 1}", TWO_FILES, "count: expected file:, this lab has 2 files"),
    ("- says: x\n  no_secret: {}", TWO_FILES, "no_secret: expected file:, this lab has 2 files"),
    (
        "- says: x\n  agrees: {file: break.json, path: a, with: {path: b}}",
        TWO_FILES,
        "agrees.with: expected file:, this lab has 2 files",
    ),
    (
        "- says: x\n  agrees: {path: a, with: {file: z.json, path: b}}",
        ONE_FILE,
        "agrees.with: no file of this lab is named 'z.json'",
    ),
    (
        "- says: x\n  count: {path: a, at_least: 1}\n  or_reason: {file: z.json, path: why}",
        ONE_FILE,
        "or_reason: no file of this lab is named 'z.json'",
    ),
    (
        "- says: x\n  families_include: {families: [dan]}",
        ONE_FILE,
        "families_include: expected a garak report",
    ),
    (
        "- says: x\n  families_include: {file: break.json, families: [dan]}",
        TWO_FILES,
        "families_include: expected a garak report",
    ),
    (
        "- says: x\n  known_topic: {path: a, framework: map}",
        ONE_FILE,
        "known_topic: no framework has the key 'map'",
    ),
    (
        "- says: x\n"
        "  recalls: {path: 'a[]', id: b, list: c, framework: map, at_least: 0.6, at_most_times: 2}",
        ONE_FILE,
        "recalls: no framework has the key 'map'",
    ),
    (
        "- says: x\n  each_row:\n    path: 'a[]'\n    rules: [{known_topic: {path: b, framework: map}}]",
        ONE_FILE,
        "each_row: no framework has the key 'map'",
    ),
    (
        "- says: x\n  each_row:\n    path: 'a[]'\n    rules: [{has_field: {file: break.json, fields: [b]}}]",
        ONE_FILE,
        "each_row: expected no file: inside a row",
    ),
    (
        "- count: {path: a, at_least: 1}",
        ONE_FILE,
        "expected says: with the sentence for the learner, found a mapping",
    ),
    ("- says: x", ONE_FILE, "expected exactly one verb: has_field, compare, "),
    (
        "- says: x\n  count: {path: a, at_least: 1}\n  no_secret: {}",
        ONE_FILE,
        "expected exactly one verb: has_field, compare, ",
    ),
    ("- says: x\n  attested: I did it.", ONE_FILE, "expected attested: alone, it says itself what is stated"),
    (
        "- attested: I did it.\n  or_reason: {path: why}",
        ONE_FILE,
        "expected attested: alone, it says itself what is stated",
    ),
]


@pytest.mark.parametrize(("rule", "files", "said"), BAD_RULES)
def test_a_rule_that_its_files_cannot_answer_is_refused(
    tmp_path: Path, rule: str, files: str, said: str
) -> None:
    place = f"modules/01-basics.yaml:{RULE_LINE}: labs[0].evidence.rules[0]: "
    found = with_rule(tmp_path, rule, files)
    assert any(problem.startswith(f"{place}{said}") for problem in found), found


INSIDE = [
    ("count: {path: a}", "count", "expected at_least: or at_most:"),
    ("count: {path: a, at_least: -1}", "count.at_least", "expected 0 or more"),
    ("count: {path: a, at_least: 1, at_leest: 2}", "count.at_leest", "unknown field"),
    ("compare: {path: a, op: '<', value: 1, to: b}", "compare", "expected either value: or to:"),
    ("compare: {path: a, op: '<'}", "compare", "expected either value: or to:"),
    ("compare: {path: a, op: '=<', value: 1}", "compare.op", "expected '<', '<=', '==', '>=' or '>'"),
    ("compare: {path: 'a[0]', op: '<', value: 1}", "compare.path", "expected a path like name"),
    ("compare: {path: a, op: '<', value: 1, take: median}", "compare.take", "expected 'each', 'count'"),
    ("equals: {path: a}", "equals", "expected either value: or one_of:"),
    ("equals: {path: a, value: 1, one_of: [2]}", "equals", "expected either value: or one_of:"),
    ("includes: {path: a, values: []}", "includes.values", "expected at least 1 of these"),
    ("ordered: {path: a, direction: up}", "ordered.direction", "expected 'rising' or 'falling'"),
    ("agrees: {path: a, with: {path: b}, how: almost}", "agrees.how", "expected 'equal', 'same'"),
    ("agrees: {path: a}", "agrees.with", "expected this field, it is missing"),
    ("each_row: {path: a, rules: []}", "each_row.rules", "expected at least 1 of these"),
    ("each_row: {path: a, rules: [{no_secret: {}}]}", "each_row.rules[0].no_secret", "unknown field"),
    ("has_field: {fields: []}", "has_field.fields", "expected at least 1 of these"),
    ("runs: 'import os'", "runs", "unknown field"),
]


@pytest.mark.parametrize(("verb", "path", "said"), INSIDE)
def test_what_is_wrong_inside_a_rule_is_named(tmp_path: Path, verb: str, path: str, said: str) -> None:
    found = with_rule(tmp_path, f"- says: x\n  {verb}")
    expected = f"modules/01-basics.yaml:{RULE_LINE + 1}: labs[0].evidence.rules[0].{path}: {said}"
    assert any(problem.startswith(expected) for problem in found), found


def test_a_rule_counts_only_in_tracks_of_its_lab(tmp_path: Path) -> None:
    found = with_rule(tmp_path, "- says: x\n  no_secret: {}\n  tracks: [builder, bystander]")
    assert [problem.split(": ", 1)[1] for problem in found] == [
        "labs[0].evidence.rules[0].tracks: this lab is not open in 'bystander'"
    ]


def test_two_rules_of_a_lab_do_not_say_the_same(tmp_path: Path) -> None:
    found = with_rule(tmp_path, "- says: It was mine.\n  no_secret: {}")
    assert [problem.split(": ", 1)[1] for problem in found] == [
        "labs[0].evidence.rules[1]: expected each once; 'It was mine.' stands here twice"
    ]


def test_a_file_is_asked_for_once_and_a_variant_is_of_a_track_of_the_lab(tmp_path: Path) -> None:
    found = with_rule(
        tmp_path / "file", "- says: x\n  no_secret: {file: break.json}", f"{ONE_FILE}, {ONE_FILE}"
    )
    assert [problem.split(": ", 1)[1] for problem in found] == [
        "labs[0].evidence.files[1].name: expected each once; 'break.json' stands here twice"
    ]
    variants = changed("basics", "      builder: One number", "      bystander: One number")
    assert (
        f"modules/01-basics.yaml:{line_of('basics', '      builder: One number') - 1}: labs[0].variants: "
        "this lab is not open in 'bystander'"
    ) in problems_of(make_folder(tmp_path / "variant", basics=variants))
