"""Files that mean harm: refused with the place named, or shown harmless; what is published stays."""

import html
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.core import serializers
from django.core.management import call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from curriculum import models
from curriculum.plain_yaml import MAX_FILE_BYTES
from curriculum.reading import ContentError, read_content
from tests.curriculum import small_content as small
from tests.curriculum.small_content import make_folder
from tracker.library.prose import article, line, render

PRIMER = "See [the pages](https://pages.example.org/primer)."


def rows() -> dict[str, str]:
    """Every row of the package, by model, as text."""
    return {
        model.__name__: serializers.serialize("json", model._default_manager.order_by("pk"))
        for model in apps.get_app_config("curriculum").get_models()
    }


def bomb() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    return "\n".join(lines + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)])


def problems_of(folder: Path) -> list[str]:
    try:
        read_content(folder)
    except ContentError as error:
        return [str(problem).split(", found")[0] for problem in error.problems]
    return []


def in_primer(text: str) -> str:
    assert PRIMER in small.BASICS
    return small.BASICS.replace(PRIMER, text)


LINE = "modules/01-basics.yaml:"
PRIMER_LINE = next(
    number for number, text in enumerate(small.BASICS.splitlines(), start=1) if text.startswith("primer:")
)
BAD = {
    "a tab": (
        small.BASICS.replace("  - key: basics.break", "\t- key: basics.break"),
        "23: expected valid YAML",
    ),
    "a key twice": (
        small.BASICS.replace("number: 1", "number: 1\nnumber: 1"),
        "3: number: expected each name once",
    ),
    "an unknown field": (
        small.BASICS.replace("number: 1", "number: 1\nonload: x"),
        "3: onload: unknown field",
    ),
    "a bomb of aliases": (bomb(), "1: expected no anchors and no aliases"),
    "a tag": (
        small.BASICS.replace("title: Basics", "title: !!python/name:os.system x"),
        "3: expected no tags",
    ),
    "ten megabytes": (
        small.BASICS.replace("Read it twice.", "a " * 5_000_000),
        " expected at most 1,000,000 bytes",
    ),
    "a long text": (
        small.BASICS.replace("Read it twice.", "a " * 10_001),
        "20: activities[0].summary: expected at most 20000 characters",
    ),
    "HTML": (
        in_primer("<img src=x onerror=alert(1)>"),
        f"{PRIMER_LINE}: primer: expected Markdown without HTML",
    ),
    "a closing tag": (in_primer("</pre></body>"), f"{PRIMER_LINE}: primer: expected Markdown without HTML"),
    "a comment": (in_primer("<!-- x -->"), f"{PRIMER_LINE}: primer: expected Markdown without HTML"),
    "HTML in a title": (
        small.BASICS.replace("title: Basics", "title: <b>x</b>"),
        "3: title: expected Markdown",
    ),
    "HTML in a step": (
        small.BASICS.replace("Read it once.", "<svg onload=x>"),
        "21: activities[0].steps[0]: expected Markdown without HTML",
    ),
    "HTML in what is lost": (
        small.BASICS.replace(
            "    done: You can say what it says.\n", "    done: Said.\n    if_left_out: You lose <b>x</b>.\n"
        ),
        "23: activities[0].if_left_out: expected Markdown without HTML",
    ),
    "a proof that may be left out": (
        small.BASICS.replace(
            "    done: The numbers are in the file.\n", "    done: Said.\n    if_left_out: Not broken.\n"
        ),
        "32: activities[1].if_left_out: expected this activity to stay",
    ),
    "HTML in code": (in_primer("`<script>`"), f"{PRIMER_LINE}: primer: expected Markdown without HTML"),
    "a javascript: link": (in_primer("[x](javascript:alert(1))"), f"{PRIMER_LINE}: primer: expected links"),
    "a javascript: resource": (
        small.BASICS.replace("https://papers.example.org/one", "javascript:alert(1)"),
        "resources[0].url: expected a web address beginning with https://",
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_and_the_published_curriculum_stays(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("load_curriculum", folder=make_folder(tmp_path / "good"))
    before = rows()
    capsys.readouterr()
    text, said = BAD[name]
    assert text != small.BASICS
    assert name != "ten megabytes" or len(text) > 10 * MAX_FILE_BYTES
    bad = make_folder(tmp_path / "bad", basics=text)
    with pytest.raises(SystemExit) as caught:
        call_command("load_curriculum", folder=bad)
    assert caught.value.code == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(LINE)
    assert said in captured.err
    assert len(captured.err) < 2_000, "the message does not hold the file"
    assert rows() == before
    assert models.Revision.objects.get().number == 1


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_by_the_check_and_nothing_is_recorded(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_folder(tmp_path, basics=BAD[name][0])
    with pytest.raises(SystemExit) as caught:
        call_command("check_curriculum", folder=folder, record=True)
    assert caught.value.code == 1
    assert BAD[name][1] in capsys.readouterr().err
    assert (folder / "published.txt").read_text() == small.PUBLISHED


# ------------------------------------------------------------------------------------- links that would run

SCRIPTS = [
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "javascript&#58;alert(1)",
    "javascript&colon;alert(1)",
    "&#106;avascript:alert(1)",
    "&#x6A;avascript:alert(1)",
    "&#0000106avascript:alert(1)",
    "java&Tab;script:alert(1)",
    "java&NewLine;script:alert(1)",
    "java\\script:alert(1)",
    "javascript\\:alert(1)",
    "%6Aavascript:alert(1)",
    "data:text/html;base64,PHNjcmlwdD4=",
    "DATA:text/html,x",
    "vbscript:msgbox(1)",
    "file:///etc/passwd",
    "blob:https://x",
    "view-source:javascript:x",
    "http://plain.example.org",
]
SHAPES = [
    "[x]({})",
    "[x]( {} )",
    "[x](<{}>)",
    '[x]({} "title")',
    "[x](\n{})",
    "[x][r]\n\n[r]: {}",
    "[r]\n\n   [r]: <{}>",
    '[r]\n\n[r]: {} "title"',
    "> [r]\n>\n> [r]: {}",
    "- [r]\n\n  [r]: {}",
    "![x]({})",
    "[![x](https://e.org/i.png)]({})",
    "**[x]({})**",
    "| a |\n|---|\n| [x]({}) |",
    "## [x]({})",
    "<{}>",
]
_HREF = re.compile(r"""href\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""", re.IGNORECASE)


def harm_in(shown: str) -> list[str]:
    """What in a piece of HTML could run, load or lead somewhere else than to the web or a mail."""
    found = re.findall(
        r"<\s*(?:script|style|iframe|object|embed|img|svg|form|input|base|meta|link)\b", shown, re.I
    )
    for tag in re.findall(r"<[a-zA-Z][^>]*>", shown):
        found += re.findall(r"\s(on\w+|style|src\w*|formaction|xlink:href)\s*=", tag, re.I)
        for groups in _HREF.findall(tag):
            address = html.unescape(next(filter(None, groups), ""))
            scheme = re.match(r"[\s\x00-\x20]*([a-zA-Z][a-zA-Z0-9+.-]*):", address)
            if scheme and scheme[1].lower() not in ("http", "https", "mailto"):
                found.append(address)
    return found


def everywhere(text: str) -> list[str]:
    """The text as each of the pages shows it."""
    return [str(render(text)), str(line(text)), str(article(text).html)]


@pytest.mark.parametrize(
    "shown",
    [
        "<script>",
        "<a href='javascript:x'>",
        "<p onclick=x>",
        '<a href="java&#115;cript:x">',
        "<img src=x>",
        "<a style='x'>",
    ],
)
def test_harm_is_recognised(shown: str) -> None:
    assert harm_in(shown)


def test_what_is_harmless_is_not_taken_for_harm() -> None:
    assert not harm_in('<p id="text-on">on x=1 &lt;script&gt; <a href="https://e.org/javascript:x">y</a></p>')


@pytest.mark.parametrize("shape", SHAPES)
def test_no_spelling_of_a_link_runs_anything(shape: str) -> None:
    for script in SCRIPTS:
        for shown in everywhere(shape.format(script)):
            assert not harm_in(shown), (shape, script, shown)


PLAIN_SHAPES = [
    "[x]({})",
    "[x]( {} )",
    "[x](<{}>)",
    '[x]({} "title")',
    "[x][r]\n\n[r]: {}",
    "**[x]({})**",
    "## [x]({})",
]


@pytest.mark.parametrize("shape", PLAIN_SHAPES)
def test_links_elsewhere_than_to_the_web_are_refused_in_content(shape: str, tmp_path: Path) -> None:
    for number, script in enumerate(SCRIPTS):
        text = shape.format(script).replace("\n", "\n  ")
        folder = make_folder(tmp_path / str(number), basics=in_primer(text))
        assert problems_of(folder) == [
            f"{LINE}{PRIMER_LINE}: primer: expected links to https:// addresses alone"
        ]


@pytest.mark.parametrize(
    "text",
    [
        '[x][r]\n\n  [r]: http://plain.example.org "title"',
        "> [r]\n  >\n  > [r]: http://plain.example.org",
        "- [r]\n\n    [r]: http://plain.example.org",
        "[x](//plain.example.org)",
        "[leave](/account/leave/)",
        "[x](elsewhere)",
    ],
)
def test_a_link_that_is_not_https_is_refused_however_it_is_written(text: str, tmp_path: Path) -> None:
    folder = make_folder(tmp_path, basics=in_primer(text))
    assert problems_of(folder) == [f"{LINE}{PRIMER_LINE}: primer: expected links to https:// addresses alone"]


@pytest.mark.parametrize(
    "text",
    [
        "[x](https://example.org/a?b=c#d)",
        "[x][r]\n\n  [r]: https://example.org",
        "<https://example.org>",
        "`a[i](x)` and `f(x)[0]`",
        "a < b, and [0](https://example.org/zero)",
        "Read chapter [2] (the long one): it is good.",
    ],
)
def test_honest_prose_is_accepted(text: str, tmp_path: Path) -> None:
    assert problems_of(make_folder(tmp_path, basics=in_primer(text))) == []


PIECES = st.sampled_from(
    [
        *SCRIPTS,
        "[x](",
        "](",
        ")",
        "[r]: ",
        "[r]",
        "![",
        "<",
        ">",
        "<a href=",
        "<script>",
        "</script>",
        "<img src=x onerror=alert(1)>",
        "&lt;script&gt;",
        "&#60;script&#62;",
        '"',
        "'",
        " onclick=alert(1) ",
        "\n",
        "\n\n",
        "```",
        "`",
        "# ",
        "|a|\n|-|\n|",
        "> ",
        "- ",
        "*",
        "\\",
        "\x00",
        "\t",
    ]
)
MARKDOWN = st.one_of(st.text(max_size=80), st.lists(PIECES | st.text(max_size=4), max_size=14).map("".join))


@settings(deadline=None, max_examples=600)
@given(text=MARKDOWN)
def test_no_text_at_all_becomes_anything_that_runs(text: str) -> None:
    for shown in everywhere(text):
        assert not harm_in(shown), (text, shown)


@pytest.mark.parametrize("text", ["[r]: https://example.org", " ", "", "\n\n"])
def test_a_text_with_nothing_to_show_is_an_empty_article(text: str) -> None:
    shown = article(text)
    assert (str(shown.html).strip(), shown.headings, shown.minutes) == ("", (), 1)
