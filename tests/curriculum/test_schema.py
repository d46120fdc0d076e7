"""What a content file may say: each refusal with its file, line, path and reason."""

from pathlib import Path

import pytest

from curriculum.plain_yaml import MAX_FILE_BYTES
from curriculum.reading import ContentError, read_content
from curriculum.schema import positional
from tests.curriculum import small_content as small
from tests.curriculum.small_content import make_folder


def problems_of(folder: Path) -> list[str]:
    with pytest.raises(ContentError) as caught:
        read_content(folder)
    return [str(problem) for problem in caught.value.problems]


def test_a_valid_folder_is_read_in_order(tmp_path: Path) -> None:
    content = read_content(make_folder(tmp_path))
    assert content.title == "A small curriculum"
    assert [module.key for module in content.modules] == ["basics", "extra"]
    assert content.activity_count() == 3
    assert [edition.edition for edition in content.frameworks[0].editions] == ["1.1", "2026"]
    assert content.modules[0].questions[0].answer == "Because x < y."


def test_the_digest_sees_content_and_not_layout(tmp_path: Path) -> None:
    plain = read_content(make_folder(tmp_path / "plain")).digest()
    commented = "# a comment\n" + small.BASICS.replace("number: 1", "number:   1")
    assert read_content(make_folder(tmp_path / "commented", basics=commented)).digest() == plain
    changed = small.BASICS.replace("done: You can say", "done: You may say")
    assert read_content(make_folder(tmp_path / "changed", basics=changed)).digest() != plain


CHANGES = [
    # (file, text there, text instead, the problem that is named)
    (
        "tracks",
        "key: breaker",
        "key: Breaker",
        "tracks.yaml:3: tracks[0].key: "
        "expected a key in lower case: letters, digits and hyphens, beginning with a letter, found 'Breaker'",
    ),
    (
        "skills",
        "key: modelling",
        "key: skill-1",
        "skills.yaml:2: skills[0].key: "
        "this name only counts; expected one that tells what it is, found 'skill-1'",
    ),
    (
        "basics",
        "title: Basics",
        "title: |-\n  Two\n  lines",
        "modules/01-basics.yaml:3: title: expected one line, found 'Two\\nlines'",
    ),
    (
        "extra",
        "{breaker: required, builder: optional}",
        "{breaker: required}",
        "tracks.yaml:7: tracks[1]: the elective 'extra' has no activity in it",
    ),
    (
        "basics",
        "minutes: 60",
        "minutes: 4",
        "modules/01-basics.yaml:18: activities[0].minutes: expected 5 or more, found 4",
    ),
    (
        "basics",
        "minutes: 60",
        "minutes: 1201",
        "modules/01-basics.yaml:18: activities[0].minutes: expected 1200 or less, found 1201",
    ),
    (
        "basics",
        "minutes: 60",
        "minutes: two hours",
        "modules/01-basics.yaml:18: activities[0].minutes: expected a whole number, found 'two hours'",
    ),
    (
        "basics",
        "minutes: 60",
        "minutes: true",
        "modules/01-basics.yaml:18: activities[0].minutes: expected a whole number, found true",
    ),
    (
        "basics",
        "minutes: 60",
        "minutes: 60.0",
        "modules/01-basics.yaml:18: activities[0].minutes: expected a whole number, found '60.0'",
    ),
    (
        "basics",
        "    minutes: 60\n",
        "",
        "modules/01-basics.yaml:15: activities[0].minutes: expected this field, it is missing",
    ),
    (
        "basics",
        "minutes: 60",
        "minutes: 60\n    hours: 1",
        "modules/01-basics.yaml:19: activities[0].hours: "
        "unknown field; expected only the fields of the schema",
    ),
    (
        "basics",
        "kind: read",
        "kind: watch",
        "modules/01-basics.yaml:17: activities[0].kind: "
        "expected 'read', 'practise', 'build', 'write' or 'measure', found 'watch'",
    ),
    (
        "basics",
        "{breaker: required, builder: required}",
        "{breaker: maybe}",
        "modules/01-basics.yaml:19: activities[0].tracks.breaker: "
        "expected 'required' or 'optional', found 'maybe'",
    ),
    (
        "basics",
        "{breaker: required, builder: required}",
        "{}",
        "modules/01-basics.yaml:19: activities[0].tracks: expected at least 1 of these, found 0",
    ),
    (
        "basics",
        "{breaker: required, builder: required}",
        "{breaker: required, bystander: required}",
        "modules/01-basics.yaml:19: activities[0].tracks: no track has the key 'bystander'",
    ),
    (
        "basics",
        "key: basics.read-the-paper",
        "key: basics.reading-a3",
        "modules/01-basics.yaml:15: activities[0].key: "
        "this name only counts; a permanent key names the thing, not its place, found 'basics.reading-a3'",
    ),
    (
        "basics",
        "key: basics.read-the-paper",
        "key: Basics.Read",
        "modules/01-basics.yaml:15: activities[0].key: "
        "expected a key like module.name in lower case: letters, digits, hyphens, one dot, "
        "found 'Basics.Read'",
    ),
    (
        "basics",
        "key: basics.read-the-paper",
        "key: extra.read-the-paper",
        "modules/01-basics.yaml:15: activities[0].key: expected a key that begins with 'basics' and a dot",
    ),
    (
        "basics",
        "key: basics.ask-why",
        "key: basics.break-it",
        "modules/01-basics.yaml:49: questions[0].key: "
        "'basics.break-it' is already the key of an activity in modules/01-basics.yaml; "
        "expected each key once",
    ),
    (
        "basics",
        "key: basics.milestone",
        "key: basics.summit",
        "modules/01-basics.yaml:55: milestone.key: expected basics.milestone",
    ),
    (
        "basics",
        "    lab: basics.lab-break\n",
        "    lab: basics.lab-bend\n",
        "modules/01-basics.yaml:28: activities[1].lab: no lab of this module has the key 'basics.lab-bend'",
    ),
    (
        "basics",
        "{lab: basics.lab-break}",
        "{lab: basics.lab-bend}",
        "modules/01-basics.yaml:61: milestone.criteria[0].backed_by.lab: "
        "no lab of this module has the key 'basics.lab-bend'",
    ),
    (
        "basics",
        "      backed_by: {lab: basics.lab-break}\n",
        "",
        "modules/01-basics.yaml:58: milestone.criteria[0].backed_by: expected this field, it is missing",
    ),
    (
        "basics",
        "{lab: basics.lab-break}",
        "{}",
        "modules/01-basics.yaml:61: milestone.criteria[0].backed_by: "
        "expected either lab: or artefact:, exactly one of them, found a mapping",
    ),
    (
        "basics",
        "tracks: [breaker, builder]\n    needs",
        "tracks: [breaker]\n    needs",
        "modules/01-basics.yaml:28: activities[1].lab: 'basics.lab-break' is not open in 'builder'",
    ),
    (
        "basics",
        "tracks: {breaker: required, builder: optional}",
        "tracks: {breaker: required}",
        "modules/01-basics.yaml:33: labs[0]: expected an activity of 'builder' that works on this lab",
    ),
    (
        "basics",
        "      tracks: [breaker]",
        "      tracks: [breaker, breaker]",
        "modules/01-basics.yaml:64: milestone.criteria[1].tracks[1]: "
        "expected each once; 'breaker' stands here twice",
    ),
    (
        "basics",
        "edition: 2026, topic: T1.001",
        "edition: 2027, topic: T1.001",
        "modules/01-basics.yaml:12: covers[0]: no framework 'atlas' with an edition '2027'",
    ),
    (
        "basics",
        "edition: 1.1, topic: T1,",
        "edition: 1.1, topic: T1.001,",
        "modules/01-basics.yaml:13: covers[1]: atlas 1.1 has no topic 'T1.001'",
    ),
    (
        "basics",
        "edition: 1.1, topic: T1,",
        "edition: 2026, topic: T1.001,",
        "modules/01-basics.yaml:13: covers[1]: expected each topic once; 'T1.001' stands here twice",
    ),
    (
        "basics",
        "number: 1",
        "number: 1\nlearner_scoped: true",
        "modules/01-basics.yaml:12: covers: expected no topics here, learner_scoped stands in their place",
    ),
    (
        "extra",
        "learner_scoped: true\n",
        "",
        "modules/02-extra.yaml:1: expected covers with at least one topic, or learner_scoped: true",
    ),
    (
        "basics",
        "https://papers.example.org/one",
        "javascript:alert(1)",
        "modules/01-basics.yaml:69: resources[0].url: "
        "expected a web address beginning with https://, found 'javascript:alert(1)'",
    ),
    (
        "basics",
        "https://papers.example.org/one",
        "https://[papers/one",
        "modules/01-basics.yaml:69: resources[0].url: "
        "expected a web address beginning with https://, found 'https://[papers/one'",
    ),
    (
        "basics",
        "https://papers.example.org/one",
        "https://me:secret@papers.example.org",
        "modules/01-basics.yaml:69: resources[0].url: "
        "expected a web address without a user name or password, found 'https://me:secret@papers.example.org'",
    ),
    (
        "basics",
        "why: Because",
        "why: <script>alert(1)</script>",
        "modules/01-basics.yaml:5: why: "
        "expected Markdown without HTML; a < that stands for less than has a space after it, "
        "found '<script>alert(1)</script> *somebody* will.'",
    ),
    (
        "basics",
        "title: Basics",
        f"title: {'x' * 201}",
        f"modules/01-basics.yaml:3: title: expected at most 200 characters, found '{'x' * 76}...",
    ),
    (
        "basics",
        "title: Basics",
        "title: ''",
        "modules/01-basics.yaml:3: title: expected some text, found ''",
    ),
    (
        "basics",
        "title: Basics",
        "title: 7",
        "modules/01-basics.yaml:3: title: expected text, found 7",
    ),
    (
        "basics",
        "number: 1",
        "number: 3",
        "modules/01-basics.yaml:1: key: expected this file to be named modules/03-basics.yaml",
    ),
    (
        "extra",
        "number: 2",
        "number: 1",
        "modules/02-extra.yaml:2: number: 1 is already the number of modules/01-basics.yaml",
    ),
    (
        "extra",
        "key: extra\n",
        "key: basics\n",
        "modules/02-extra.yaml:1: key: 'basics' is already the key of modules/01-basics.yaml",
    ),
    (
        "extra",
        "[basics]",
        "[advanced]",
        "modules/02-extra.yaml:8: prerequisites[0]: no module has the key 'advanced'",
    ),
    (
        "extra",
        "[basics]",
        "[basics, basics]",
        "modules/02-extra.yaml:8: prerequisites[1]: expected each once; 'basics' stands here twice",
    ),
    (
        "extra",
        "[basics]",
        "[extra]",
        "modules/02-extra.yaml:8: prerequisites: prerequisites run in a circle: extra > extra",
    ),
    (
        "basics",
        "number: 1",
        "number: 1\nprerequisites: [extra]",
        "modules/01-basics.yaml:3: prerequisites: prerequisites run in a circle: basics > extra > basics",
    ),
    (
        "basics",
        "number: 1",
        "number: 1\nprerequisites: [extra]",
        "modules/01-basics.yaml:3: prerequisites[0]: 'extra' is only an elective of the track 'builder'",
    ),
    (
        "extra",
        "builder: optional",
        "builder: required",
        "modules/02-extra.yaml:10: activities: "
        "this module is an elective of builder: all its activities are optional",
    ),
    (
        "tracks",
        "    electives: [extra]\n",
        "",
        "modules/02-extra.yaml:10: activities: "
        "expected a required activity in builder, or the module as an elective",
    ),
    (
        "extra",
        "tracks: [breaker, builder]",
        "tracks: [breaker]",
        "modules/02-extra.yaml:28: milestone.criteria: expected a criterion in builder",
    ),
    (
        "tracks",
        "[extra]",
        "[other]",
        "tracks.yaml:11: tracks[1].electives[0]: no module has the key 'other'",
    ),
    (
        "tracks",
        "key: builder",
        "key: breaker",
        "tracks.yaml:7: tracks[1].key: expected each once; 'breaker' stands here twice",
    ),
    (
        "skills",
        "builder: 2",
        "builder: 5",
        "skills.yaml:7: skills[0].targets.builder: expected 4 or less, found 5",
    ),
    (
        "skills",
        ", builder: 2",
        "",
        "skills.yaml:7: skills[0].targets: expected a target level for the track 'builder'",
    ),
    (
        "skills",
        "[basics]",
        "[other]",
        "skills.yaml:8: skills[0].proof_modules[0]: no module has the key 'other'",
    ),
    (
        "skills",
        ", Teaches it",
        "",
        "skills.yaml:5: skills[0].levels: expected at least 5 of these, found 4",
    ),
    (
        "atlas",
        "parent: T1,",
        "parent: T2,",
        "frameworks/atlas.yaml:15: editions[1].topics[2]: no topic of this edition has the id 'T2'",
    ),
    (
        "atlas",
        "parent: T1,",
        "parent: T1.001,",
        "frameworks/atlas.yaml:12: editions[1].topics: parents run in a circle: T1.001 > T1.001",
    ),
    (
        "atlas",
        "edition: 1.1",
        "edition: 2026",
        "frameworks/atlas.yaml:10: editions[1].edition: expected each once; '2026' stands here twice",
    ),
    (
        "atlas",
        "id: TA1",
        "id: T1",
        "frameworks/atlas.yaml:14: editions[1].topics[1].id: expected each once; 'T1' stands here twice",
    ),
    (
        "atlas",
        "key: atlas",
        "key: map",
        "frameworks/atlas.yaml:1: key: expected this file to be named frameworks/map.yaml",
    ),
]


@pytest.mark.parametrize(("stem", "old", "new", "problem"), CHANGES)
def test_a_wrong_place_is_named(tmp_path: Path, stem: str, old: str, new: str, problem: str) -> None:
    text = next(text for name, text in small.FILES.items() if Path(name).stem.split("-")[-1] == stem)
    assert old in text
    folder = make_folder(tmp_path, **{stem: text.replace(old, new, 1)})
    assert problem in problems_of(folder)


def test_a_prerequisite_must_be_in_every_track_that_needs_it(tmp_path: Path) -> None:
    folder = make_folder(
        tmp_path,
        basics=small.BASICS.replace("number: 1", "number: 1\nprerequisites: [extra]"),
        extra=small.EXTRA.replace(", builder: optional", "").replace("prerequisites: [basics]\n", ""),
    )
    expected = "modules/01-basics.yaml:3: prerequisites[0]: 'extra' has no activity in the track 'builder'"
    assert expected in problems_of(folder)


def test_every_problem_of_every_file_is_named_at_once(tmp_path: Path) -> None:
    folder = make_folder(
        tmp_path,
        tracks=small.TRACKS.replace("title: Breaker", "titel: Breaker"),
        basics=small.BASICS.replace("minutes: 60", "minutes: 0").replace("kind: read", "kind: watch"),
        extra=small.EXTRA + "\textra: 1\n",
    )
    files = [problem.split(":")[0] for problem in problems_of(folder)]
    assert files == [
        "modules/01-basics.yaml",
        "modules/01-basics.yaml",
        "modules/02-extra.yaml",
        "tracks.yaml",
        "tracks.yaml",
    ]


BAD_YAML = [
    (b"", "modules/01-basics.yaml: expected a mapping, the file is empty"),
    (b"# nothing but a comment\n", "modules/01-basics.yaml: expected a mapping, the file is empty"),
    (b"--- \n", "modules/01-basics.yaml: expected a mapping, found nothing"),
    (b"- a\n- b\n", "modules/01-basics.yaml: expected a mapping, found a list"),
    (b"just text\n", "modules/01-basics.yaml: expected a mapping, found 'just text'"),
    (b"key: a\n\tnumber: 1\n", "modules/01-basics.yaml:2: expected valid YAML: "),
    (b"key: [a\n", "modules/01-basics.yaml:2: expected valid YAML: "),
    (b"key: a\nkey: b\n", "modules/01-basics.yaml:2: key: expected each name once; 'key' stands here twice"),
    (b"key: a\ntitle: caf\xe9\n", "modules/01-basics.yaml:2: expected UTF-8 text; byte 17 is something else"),
    (b"key: &a b\ngoal: *a\n", "modules/01-basics.yaml:1: expected no anchors and no aliases (& and *)"),
    (b"key: !!python/name:os.system x\n", "modules/01-basics.yaml:1: expected no tags (!)"),
    (b"key: a\n---\nkey: b\n", "modules/01-basics.yaml:2: expected one document in a file, found a second"),
    (
        b"? [a, b]\n: c\n",
        "modules/01-basics.yaml:1: expected a name before the colon, found a list or mapping",
    ),
    (
        b'key: "a\\0b"\n',
        "modules/01-basics.yaml:1: expected text without control or direction characters",
    ),
    (
        "key: a\u202eb\n".encode(),
        "modules/01-basics.yaml:1: expected text without control or direction characters",
    ),
    (b"key: " + b"[" * 5000 + b"\n", "modules/01-basics.yaml:1: key[0]"),
    (b"key: [" + b"a, " * 60_000 + b"]\n", "modules/01-basics.yaml:1: key: expected at most 50,000 values"),
    (b"x" * (MAX_FILE_BYTES + 1), "modules/01-basics.yaml: expected at most 1,000,000 bytes"),
]


@pytest.mark.parametrize(("content", "start"), BAD_YAML)
def test_what_is_not_plain_yaml_is_refused(tmp_path: Path, content: bytes, start: str) -> None:
    problems = problems_of(make_folder(tmp_path, basics=content))
    assert problems[0].startswith(start)
    assert all(problem.startswith("modules/01-basics.yaml") for problem in problems)


def test_a_bomb_of_aliases_is_refused_without_growing(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    problems = problems_of(make_folder(tmp_path, basics="\n".join(lines)))
    assert problems == ["modules/01-basics.yaml:1: expected no anchors and no aliases (& and *)"]


def test_files_that_are_missing_or_strange_are_named(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, skills=None)
    (folder / "modules" / "notes.txt").write_text("x")
    (folder / "modules" / "03-folder.yaml").mkdir()
    (folder / "modules" / ".hidden").write_text("an editor's file is nobody's business")
    assert problems_of(folder) == [
        "modules/03-folder.yaml: expected a readable file: Is a directory",
        "modules/notes.txt: expected only files whose name ends in .yaml",
        "skills.yaml: expected a readable file: No such file or directory",
    ]


def test_an_absent_folder_is_a_content_error(tmp_path: Path) -> None:
    assert "modules: expected a readable folder: No such file or directory" in problems_of(tmp_path / "none")


def test_an_empty_folder_of_modules_is_refused(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, basics=None, extra=None)
    assert problems_of(folder) == ["modules: expected at least one .yaml file in this folder"]


@pytest.mark.parametrize(
    "name", ["a3", "q1", "activity-2", "lab1", "7", "reading-12", "step4", "long-name-q12", "item-item9"]
)
def test_names_that_only_count_are_positional(name: str) -> None:
    assert positional(name)


@pytest.mark.parametrize("name", ["run-six-families", "lab-scan", "read-asvs5-chapters", "ask-t0051-name"])
def test_names_that_tell_something_are_not(name: str) -> None:
    assert not positional(name)
