"""The plain formats: what rules see of each, and that no bytes do anything but be read or refused."""

import json
import math
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curriculum.schema import FILE_FORMATS
from tests.evidence.deadline import within
from tracker.evidence.rules.files import MAX_BYTES, MAX_DEPTH, MAX_VALUES, Unreadable, read_file

PLAIN = tuple(name for name in FILE_FORMATS if name != "garak")


def read(file_format: str, text: str | bytes) -> Any:
    return read_file("it", file_format, text.encode() if isinstance(text, str) else text)


def refusal(file_format: str, text: str | bytes) -> str:
    with pytest.raises(Unreadable) as caught:
        read(file_format, text)
    said = str(caught.value)
    assert said.startswith("it"), "the file is named"
    assert len(said) < 300
    return said


# ----------------------------------------------------------------------------------- what is seen of each


def test_json_is_the_value_itself() -> None:
    assert read("json", '{"a": [1, 2.5, true, null, "x"]}') == {"a": [1, 2.5, True, None, "x"]}
    assert read("json", '"caf\\u00e9"') == "café"


def test_json_lines_are_rows_and_empty_lines_are_none() -> None:
    assert read("jsonl", '{"a": 1}\n\n  \n{"a": 2}\n') == [{"a": 1}, {"a": 2}]
    assert read("jsonl", "") == []
    assert read("jsonl", '{"a": 1}\r\n{"a": 2}\r\n') == [{"a": 1}, {"a": 2}]


def test_a_line_is_ended_by_a_newline_alone() -> None:
    """What other readers take for the end of a line may stand inside a text: attacks are made of such."""
    prompt = "one\u2028two\u2029three\x85four"
    rows = read("jsonl", json.dumps({"prompt": prompt}, ensure_ascii=False) + "\n" + '{"prompt": "x"}')
    assert rows == [{"prompt": prompt}, {"prompt": "x"}]


def test_a_bad_line_is_named_by_its_number() -> None:
    assert "line 3" in refusal("jsonl", '{"a": 1}\n\n{"a": \n')


def test_csv_is_rows_by_header_with_numbers_and_truths() -> None:
    text = "id,n,share,ok,note\nx1,3,0.5,TRUE,a b\n007x,-4,1.5e-3,false,\n"
    assert read("csv", text) == [
        {"id": "x1", "n": 3, "share": 0.5, "ok": True, "note": "a b"},
        {"id": "007x", "n": -4, "share": 0.0015, "ok": False, "note": None},
    ]


def test_csv_holds_quotes_commas_and_lines_in_a_cell() -> None:
    assert read("csv", 'a,b\r\n"x, ""y""","1\n2"\r\n') == [{"a": 'x, "y"', "b": "1\n2"}]
    assert read("csv", "a,b\n1\n") == [{"a": 1, "b": None}], "a row that is cut short lacks its last cells"
    assert read("csv", "") == []
    assert read("csv", "a,b\n") == []


@pytest.mark.parametrize(
    "cell", ["nan", "inf", "-inf", "1e5", "0x10", "1_000", "12.", ".5", "1.0e999", "9" * 16]
)
def test_what_only_looks_like_a_number_stays_text(cell: str) -> None:
    assert read("csv", f"a,b\n{cell},x\n") == [{"a": cell, "b": "x"}]


@pytest.mark.parametrize("header", ["a,a", "a,b,a", "a,", ",b"])
def test_csv_columns_need_a_name_each_of_its_own(header: str) -> None:
    assert "every column needs a name of its own" in refusal("csv", f"{header}\n1,2\n")


def test_csv_with_more_cells_than_columns_is_refused_by_line() -> None:
    assert "line 3 has more cells than the first" in refusal("csv", "a,b\n1,2\n1,2,3\n")


def test_csv_with_a_broken_quote_is_refused() -> None:
    assert "this is not CSV" in refusal("csv", 'a,b\n"x"y,2\n')
    assert "this is not CSV" in refusal("csv", 'a,b\n"x,2\n')


def test_yaml_without_the_surprises_of_its_first_edition() -> None:
    text = "day: 2026-08-02\nyes: no\ntime: 12:30\nn: 3\nf: 0.93\nt: true\nnothing:\ntilde: ~\nv: 1.2.3\n"
    assert read("yaml", text) == {
        "day": "2026-08-02",
        "yes": "no",
        "time": "12:30",
        "n": 3,
        "f": 0.93,
        "t": True,
        "nothing": None,
        "tilde": None,
        "v": "1.2.3",
    }


def test_a_number_in_yaml_has_no_leading_nought() -> None:
    """`0123` is an id to its author, and 83 to old readers of YAML."""
    assert read("yaml", "[0123, 089, 0, -0, 10, 0.5, 00.5, 1e3, 0x10, 0o17]") == [
        "0123",
        "089",
        0,
        0,
        10,
        0.5,
        "00.5",
        1000.0,
        "0x10",
        "0o17",
    ]


def test_names_in_yaml_are_text_as_they_are_in_json() -> None:
    assert read("yaml", "{1: a, true: b, null: c, 2026-08-02: d, x: e}") == {
        "1": "a",
        "true": "b",
        "null": "c",
        "2026-08-02": "d",
        "x": "e",
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: &x 1\nb: *x\n", "anchors and aliases"),
        ("a: &x [1]\n", "anchors and aliases"),
        ("<<: *x\n", "anchors and aliases"),
        ("a: !!python/object/apply:os.system [id]\n", "tags"),
        ("a: !!binary aGk=\n", "tags"),
        ("!!set {a, b}\n", "tags"),
        ("a: 1\n---\nb: 2\n", "not YAML"),
        ("a: [1\n", "not YAML"),
        ("a:\n\t- 1\n", "not YAML"),
        ("? [a, b]\n: c\n", "not YAML"),
        ("a: \x01\n", "not YAML"),
    ],
)
def test_yaml_of_other_kinds_is_refused(text: str, reason: str) -> None:
    assert reason in refusal("yaml", text)


def test_a_merge_key_is_a_name_like_any_other() -> None:
    assert read("yaml", "<<: {a: 1}\nb: 2\n") == {"<<": {"a": 1}, "b": 2}


JUNIT = """<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="s">
<properties><property name="commit" value="abc"/><property name="why">in words</property></properties>
<testcase classname="c" name="one"/>
<testcase classname="c" name="two"><failure message="x">y</failure></testcase>
<testcase classname="c" name="three"><error/></testcase>
<testcase classname="c" name="four"><skipped/></testcase>
<testcase name="five"><failure/><error/></testcase>
<testcase/>
</testsuite></testsuites>"""


def test_junit_is_tests_with_outcomes_and_properties() -> None:
    assert read("junit", JUNIT) == {
        "tests": [
            {"name": "one", "suite": "c", "outcome": "passed"},
            {"name": "two", "suite": "c", "outcome": "failed"},
            {"name": "three", "suite": "c", "outcome": "error"},
            {"name": "four", "suite": "c", "outcome": "skipped"},
            {"name": "five", "suite": "", "outcome": "error"},
            {"name": "", "suite": "", "outcome": "passed"},
        ],
        "properties": {"commit": "abc", "why": "in words"},
    }
    assert read("junit", "<testsuite/>") == {"tests": [], "properties": {}}


@pytest.mark.parametrize("encoding", ["utf-8", "UTF-8", "latin-1", "foo", "hex", "big5", "idna", "utf-16"])
def test_junit_is_utf_8_whatever_it_says_of_itself(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><testsuite><testcase name="é"/></testsuite>'
    assert [row["name"] for row in read("junit", text)["tests"]] == ["é"]


BOMB = """<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]>
<testsuite><testcase name="&d;"/></testsuite>"""


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        '<!DOCTYPE x SYSTEM "https://evil.example.org/x.dtd"><testsuite/>',
        '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><testsuite><testcase name="&f;"/></testsuite>',
        "<!DOCTYPE testsuite><testsuite/>",
        "<testsuite>&undefined;</testsuite>",
        "<testsuite><testcase></testsuite>",
        "<testsuite/><testsuite/>",
        "",
        "passed",
    ],
)
def test_junit_with_a_dtd_an_entity_or_a_break_is_refused(text: str) -> None:
    assert "this is not JUnit XML" in refusal("junit", text)


def test_other_xml_is_refused_by_its_root() -> None:
    assert "its root is 'html'" in refusal("junit", "<html><testcase name='x'/></html>")
    assert len(refusal("junit", f"<{'x' * 9000}/>")) < 200


def test_markdown_is_headings_words_and_links() -> None:
    text = (
        "# Title *of* it\n\nThree words here, [a link](https://example.org/a).\n\n"
        "Second\n------\n\n```sh\nrun it now\n```\n\n> [more][r]\n\n[r]: https://example.org/r\n"
    )
    assert read("markdown", text) == {
        "headings": ["Title *of* it", "Second"],
        "words": 3 + 5 + 1 + 3 + 1,
        "links": ["https://example.org/a", "https://example.org/r"],
    }
    assert read("markdown", "") == {"headings": [], "words": 0, "links": []}


def test_a_report_of_a_tool_is_read_elsewhere() -> None:
    with pytest.raises(ValueError, match="garak is not a plain format"):
        read("garak", "{}")
    assert {"json", "jsonl", "csv", "yaml", "junit", "markdown"} == set(PLAIN)


# --------------------------------------------------------------------------------------- bytes of any kind

VALID = {
    "json": '{"a": "é"}',
    "jsonl": '{"a": "é"}\n',
    "csv": "a\né\n",
    "yaml": "a: é\n",
    "junit": '<testsuite><testcase name="é"/></testsuite>',
    "markdown": "# é\n",
}


@pytest.mark.parametrize("file_format", PLAIN)
def test_a_mark_of_byte_order_is_no_part_of_the_text(file_format: str) -> None:
    text = VALID[file_format]
    assert read(file_format, "\ufeff" + text) == read(file_format, text)


@pytest.mark.parametrize("file_format", PLAIN)
def test_lines_may_end_as_on_other_machines(file_format: str) -> None:
    text = VALID[file_format]
    assert read(file_format, text.replace("\n", "\r\n")) == read(file_format, text)


@pytest.mark.parametrize("file_format", PLAIN)
@pytest.mark.parametrize("content", [b"\xff\xfe\x00", "é".encode("latin-1"), b"\xed\xa0\x80"])
def test_what_is_not_utf_8_is_refused(file_format: str, content: bytes) -> None:
    assert refusal(file_format, content) == "it is not UTF-8 text."


@pytest.mark.parametrize("file_format", PLAIN)
def test_what_is_too_large_is_refused_unread(file_format: str) -> None:
    assert refusal(file_format, b" " * (MAX_BYTES + 1)) == "it is larger than 10 MB."


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_json_has_no_constants_that_are_no_numbers(word: str) -> None:
    assert "is no JSON number" in refusal("json", f'{{"a": {word}}}')
    assert "line 1" in refusal("jsonl", f'{{"a": {word}}}')


@pytest.mark.parametrize(
    ("file_format", "text"),
    [
        ("json", "1" + "0" * 400),
        ("json", "9" * 5000),
        ("json", "1e999"),
        ("json", '{"a": [-1e999]}'),
        ("jsonl", '{"a": 1}\n{"a": 1' + "0" * 400 + "}\n"),
        ("yaml", "a: 1e999\n"),
    ],
)
def test_a_number_that_no_one_can_compute_with_is_refused(file_format: str, text: str) -> None:
    refusal(file_format, text)


@pytest.mark.parametrize(
    ("file_format", "deep"),
    [("json", "[{}]"), ("jsonl", "[{}]"), ("yaml", "[{}]"), ("json", '{{"a": {}}}'), ("yaml", "{{a: {}}}")],
)
def test_nesting_is_bounded(file_format: str, deep: str) -> None:
    def nested(levels: int) -> str:
        before, after = deep.format("|").split("|")
        return before * levels + "1" + after * levels

    read(file_format, nested(MAX_DEPTH - 2))
    refusal(file_format, nested(MAX_DEPTH + 1))
    with within(60):
        refusal(file_format, nested(50_000))
        refusal(file_format, nested(50_000)[:60_000])


def test_deep_xml_and_deep_markdown_are_read_flat() -> None:
    deep = "<testsuite>" + "<a>" * 50_000 + "<testcase/>" + "</a>" * 50_000 + "</testsuite>"
    with within(60):
        assert len(read("junit", deep)["tests"]) == 1
        assert read("markdown", "> " * 20_000 + "x")["headings"] == []
        assert read("markdown", "[" * 5_000 + "]" * 5_000)["links"] == []


def test_the_number_of_values_is_bounded() -> None:
    assert "too many values" in refusal("json", "[" + "0," * MAX_VALUES + "0]")
    with within(120):
        assert "too many values" in refusal("yaml", "[" + "0, " * MAX_VALUES + "0]")


def test_a_wide_header_over_many_short_rows_is_refused_before_it_grows() -> None:
    """Each of these rows of one cell would be a row of 2,000: four million values from 20 kB."""
    text = ",".join(f"c{number}" for number in range(2_000)) + "\n" + "x\n" * 2_000
    tracemalloc.start()
    try:
        assert "too many" in refusal("csv", text)
        assert tracemalloc.get_traced_memory()[1] < 80_000_000
    finally:
        tracemalloc.stop()


def values_in(root: Any) -> list[Any]:
    found, waiting = [], [root]
    while waiting:
        value = waiting.pop()
        found.append(value)
        if isinstance(value, dict):
            assert all(isinstance(name, str) for name in value)
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return found


def read_or_refused(file_format: str, content: bytes) -> None:
    """Read into plain finite values, or refused in a sentence; anything else fails the test."""
    refused = ""
    try:
        found = read_file("it", file_format, content)
    except Unreadable as error:
        refused = str(error)
    if refused:
        assert refused.startswith("it")
        assert refused.encode()
        return
    for value in values_in(found):
        assert value is None or isinstance(value, bool | int | float | str | list | dict)
        if isinstance(value, int | float):
            assert math.isfinite(value)


SEEDS = [
    *VALID.values(),
    JUNIT,
    BOMB,
    '[1, -2.5e10, "\\ud800", {"a": {"b": []}}]',
    "a,b\n1,\"x\n\",2\n",
    "- {a: 1, ? b : [c]}\n- |\n  text\n- >-\n  more\n- 'it''s'\n- \"\\u2028\\x41\"\n",
    "%YAML 1.1\n%TAG ! tag:x,2026:\n---\na: !y\n...\n",
    "# h\n\n| a | b |\n|---|---|\n\n[x](javascript:alert(1)) <https://example.org> ![i](u)\n\n    code\n",
]  # fmt: skip


@settings(deadline=None, max_examples=400)
@given(
    file_format=st.sampled_from(PLAIN),
    content=st.binary(max_size=300) | st.text(max_size=200).map(str.encode),
)
def test_any_bytes_are_read_or_refused(file_format: str, content: bytes) -> None:
    read_or_refused(file_format, content)


@settings(deadline=None, max_examples=500)
@given(
    file_format=st.sampled_from(PLAIN),
    seed=st.sampled_from(SEEDS),
    at=st.floats(0, 1),
    cut=st.integers(0, 12),
    inserted=st.text(max_size=8)
    | st.sampled_from(["[", "{", "- ", "? ", "<![CDATA[", "\t", '"', "&#0;", "1e999", "\0"]),
)
def test_any_edit_of_a_file_is_read_or_refused(
    file_format: str, seed: str, at: float, cut: int, inserted: str
) -> None:
    start = int(at * len(seed))
    read_or_refused(file_format, (seed[:start] + inserted + seed[start + cut :]).encode())


PLAIN_TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=10)
PLAIN_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(-1e9, 1e9) | PLAIN_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(PLAIN_TEXT, inner, max_size=4),
    max_leaves=15,
)


@given(value=PLAIN_VALUES)
def test_json_comes_back_as_it_was_written(value: Any) -> None:
    for ascii_only in (True, False):
        text = json.dumps(value, ensure_ascii=ascii_only)
        assert read("json", text) == value
        assert read("jsonl", f"{text}\n{text}") == [value, value]


@given(value=st.dictionaries(st.text("abc", min_size=1), st.integers(-999, 999) | st.booleans() | st.none()))
def test_what_json_and_yaml_both_can_say_is_read_alike(value: dict[str, Any]) -> None:
    text = json.dumps(value)
    assert read("yaml", text) == read("json", text)
