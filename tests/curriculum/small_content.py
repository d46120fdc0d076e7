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
"""

BASICS = """\
key: basics
number: 1
title: Basics
goal: Break one thing.
why: Because *somebody* will.
covers:
  - {framework: atlas, edition: 2026, topic: T1.001}
  - {framework: atlas, edition: 1.1, topic: T1}
activities:
  - key: basics.read-the-paper
    title: Read the paper
    kind: read
    minutes: 60
    tracks: {breaker: required, builder: required}
    summary: Read it twice.
  - key: basics.break-it
    title: Break it
    kind: practise
    minutes: 120
    tracks: {breaker: required, builder: optional}
    lab: basics.lab-break
    summary: Keep the numbers.
labs:
  - key: basics.lab-break
    title: Break
    tracks: [breaker, builder]
    needs: A CPU.
    evidence:
      files: [break.json]
      rules: [Accuracy falls below 0.5]
    variants:
      builder: One number is enough.
questions:
  - key: basics.ask-why
    prompt: Why?
    answer: Because x < y.
    source: The paper
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

EXTRA = """\
key: extra
number: 2
title: Extra
goal: Go further.
why: For those who like it.
prerequisites: [basics]
learner_scoped: true
activities:
  - key: extra.go-further
    title: Go further
    kind: write
    minutes: 30
    tracks: {breaker: required, builder: optional}
    summary: Write it down.
questions:
  - key: extra.ask-where
    prompt: Where to?
    answer: Further.
    source: Practice
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
