"""Whatever stands in a content file, it is read or refused with reasons; nothing else happens."""

import copy
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.db import transaction
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from curriculum.loader import publish
from curriculum.reading import Content, ContentError, read_content
from tests.curriculum.small_content import FILES, make_folder
from tests.fixtures.curriculum import LOADED_AT

NAMES = sorted(name for name in FILES if name.endswith(".yaml"))
DATA: dict[str, Any] = {name: yaml.safe_load(FILES[name]) for name in NAMES}


def stem_of(name: str) -> str:
    return Path(name).stem.split("-")[-1]


def read(**changes: str | bytes | None) -> Content | ContentError:
    """The content, or the refusal; any other exception fails the test that asked."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            found: Content | ContentError = read_content(make_folder(Path(folder), **changes))
        except ContentError as error:
            found = error
    if isinstance(found, ContentError):
        assert found.problems
        assert all(problem.message and str(problem).encode() for problem in found.problems)
    return found


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += places(inner, (*path, index))
    return found


PLACES = [(name, path) for name in NAMES for path in places(DATA[name])]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(),
    st.sampled_from(["basics", "extra", "breaker", "basics.break-it", "T1", "2026", "required", "https://x"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=8,
)


def changed(name: str, path: tuple[str | int, ...], value: Any) -> str:
    data = copy.deepcopy(DATA[name])
    place = data
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    # JSON is YAML; lone surrogates become escapes that a file may hold.
    return json.dumps(data, ensure_ascii=True, indent=1, default=str)


@settings(deadline=None, max_examples=300)
@given(name=st.sampled_from(NAMES), content=st.binary(max_size=400))
def test_any_bytes_in_place_of_a_file(name: str, content: bytes) -> None:
    assert isinstance(read(**{stem_of(name): content}), ContentError)


@settings(deadline=None, max_examples=200)
@given(content=st.binary(max_size=200))
def test_any_bytes_as_the_record_of_published_keys(content: bytes) -> None:
    read(published=content)


@settings(deadline=None, max_examples=300)
@given(name=st.sampled_from(NAMES), at=st.floats(0, 1), cut=st.integers(0, 40), inserted=st.text(max_size=20))
def test_any_edit_of_the_text_of_a_valid_file(name: str, at: float, cut: int, inserted: str) -> None:
    text = FILES[name]
    start = int(at * len(text))
    edited = text[:start] + inserted + text[start + cut :]
    read(**{stem_of(name): edited.encode("utf-8", "surrogatepass")})


@settings(deadline=None, max_examples=300)
@given(place=st.sampled_from(PLACES), value=VALUES)
def test_any_value_in_any_place(place: tuple[str, tuple[str | int, ...]], value: Any) -> None:
    name, path = place
    read(**{stem_of(name): changed(name, path, value)})


TEXT_PLACES = [
    (name, path)
    for name, path in PLACES
    if path[-1]
    in ("title", "summary", "goal", "why", "primer", "prompt", "answer", "source", "name", "text", "needs")
]
PRINTABLE = st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs", "Cn"]), min_size=1, max_size=250)


@pytest.mark.django_db
@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    place=st.sampled_from(TEXT_PLACES),
    value=st.one_of(PRINTABLE, PRINTABLE.map(lambda text: text * 40), VALUES),
)
def test_what_is_read_can_be_loaded(place: tuple[str, tuple[str | int, ...]], value: Any) -> None:
    """No text that passes the schema is refused by the database: lengths and characters agree."""
    name, path = place
    content = read(**{stem_of(name): changed(name, path, value)})
    event("read" if isinstance(content, Content) else "refused")
    if isinstance(content, Content):
        with transaction.atomic():
            assert publish(content, LOADED_AT).created
            transaction.set_rollback(True)
