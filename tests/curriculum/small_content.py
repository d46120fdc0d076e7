"""A small, valid content folder, to be broken in one place by a test."""

from pathlib import Path

TRACKS = """\
title: A small curriculum
tracks:
  - key: breaker
    title: Breaker
    summary: Everything.
    completion: All labs accepted.
  - key: builder
    title: Builder
    summary: Less.
    completion: Two labs accepted.
    electives: [extra]
"""

SKILLS = """\
skills:
  - key: modelling
    title: Modelling
    kind: growth
    levels: [None yet, Knows the word, Can do it, Does it alone, Teaches it]
    typical_start: 1
    targets: {breaker: 4, builder: 2}
    proof_modules: [basics]
"""

ROLE = """\
rows:
  - {asks: Break models, where: daily work, modules: [basics, extra]}
  - {asks: Earn money, where: talk, modules: [], left_out: Nobody can teach it.}
"""

RETIRED = """\
retired:
  - {key: basics.read-the-book, kind: activity, reason: Too long., successor: basics.read-the-paper}
"""

PUBLISHED = """\
basics.milestone milestone
basics.read-the-book activity
basics.read-the-paper activity
"""

FRAMEWORK = """\
key: atlas
title: An atlas
url: https://atlas.example.org
source: Written for this test.
editions:
  - edition: 1.1
    title: First
    topics:
      - {id: T1, name: Tampering, kind: technique}
  - edition: 2026
    title: Second
    topics:
      - {id: TA1, name: Staging, kind: tactic}
      - {id: T1, name: Tampering, kind: technique, groups: [TA1]}
      - {id: T1.001, name: Tampering with labels, kind: technique, parent: T1, groups: [TA1]}
      - {id: M1, name: Care, kind: mitigation, relates: [T1], note: Costs nothing}
maps:
  - from_edition: 1.1
    to_edition: 2026
    basis: owner
    source: Release notes
    rows: [{from: T1, to: T1, how: same}]
links:
  - {edition: 2026, topic: T1, to_framework: atlas, to_edition: 1.1, to_topic: T1, basis: ours, source: Us}
dates:
  - topic: T1
    what: applies
    enacted_on: 2026-08-02
    applies_on: 2027-12-02
    source: Law
    checked_on: 2026-11-22
"""

BASICS = """\
key: basics
number: 1
title: Basics
goal: Break one thing.
why: Because *somebody* will.
primer: |
  ## What breaks

  Everything, given time. See [the pages](https://pages.example.org/primer).
minutes: {breaker: 180, builder: 60}
covers:
  - {framework: atlas, edition: 2026, topic: T1.001, taught_in: [basics.break-it]}
  - {framework: atlas, edition: 1.1, topic: T1, taught_in: [basics.read-the-paper, basics.break-it]}
activities:
  - key: basics.read-the-paper
    title: Read the paper
    kind: read
    minutes: 60
    tracks: {breaker: required, builder: required}
    summary: Read it twice.
    steps: [Read it once., Read it again.]
    done: You can say what it says.
  - key: basics.break-it
    title: Break it
    kind: practise
    minutes: 120
    tracks: {breaker: required, builder: optional}
    lab: basics.lab-break
    summary: Keep the numbers.
    steps: [Run it., Break it., Write the numbers down.]
    done: The numbers are in the file.
labs:
  - key: basics.lab-break
    title: Break
    tracks: [breaker, builder]
    needs: A CPU.
    setup: Nothing to set up.
    safety: Break your own things.
    hand_in: The file.
    evidence:
      files: [{name: break.json, format: json}]
      rules:
        - says: Accuracy falls below 0.5.
          compare: {path: accuracy, op: '<', value: 0.5}
        - attested: It was mine.
    variants:
      builder: One number is enough.
questions:
  - key: basics.ask-why
    prompt: Why?
    answer: Because x < y.
    source: The paper
    checks: [basics.read-the-paper]
milestone:
  key: basics.milestone
  title: Something broken
  criteria:
    - key: basics.proof-broken
      text: It is broken
      tracks: [breaker, builder]
      backed_by: {lab: basics.lab-break}
    - key: basics.proof-note
      text: The note is written
      tracks: [breaker]
      backed_by: {artefact: note}
resources:
  - key: basics.res-paper
    title: The paper
    url: https://papers.example.org/one
    kind: paper
"""

# The same with half an hour more.
LONGER = BASICS.replace("minutes: 60", "minutes: 90").replace(
    "{breaker: 180, builder: 60}", "{breaker: 210, builder: 90}"
)

EXTRA = """\
key: extra
number: 2
title: Extra
goal: Go further.
why: For those who like it.
primer: Go on.
minutes: {breaker: 30, builder: 0}
prerequisites: [basics]
learner_scoped: true
activities:
  - key: extra.go-further
    title: Go further
    kind: write
    minutes: 30
    tracks: {breaker: required, builder: optional}
    summary: Write it down.
    steps: [Think., Write.]
    done: It is written.
questions:
  - key: extra.ask-where
    prompt: Where to?
    answer: Further.
    source: Practice
    checks: [extra.go-further]
milestone:
  key: extra.milestone
  title: Gone further
  criteria:
    - key: extra.proof-gone
      text: It is written down
      tracks: [breaker, builder]
      backed_by: {artefact: page}
"""

FILES = {
    "tracks.yaml": TRACKS,
    "skills.yaml": SKILLS,
    "role.yaml": ROLE,
    "retired.yaml": RETIRED,
    "published.txt": PUBLISHED,
    "frameworks/atlas.yaml": FRAMEWORK,
    "modules/01-basics.yaml": BASICS,
    "modules/02-extra.yaml": EXTRA,
}


def make_folder(folder: Path, **changes: str | bytes | None) -> Path:
    """Write the small content into `folder`. A change names a file by its stem; None leaves the file out."""
    for name, text in FILES.items():
        stem = Path(name).stem.split("-")[-1]
        content = changes.pop(stem, text)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is not None:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
    assert not changes, f"no such file: {changes}"
    return folder
