"""Week, next and plan in words; and that no text of the server does anything to the terminal."""

import re
import sys

import pytest
from cairn_terminal.output import strong
from cairn_terminal.words import hours, plain

from tests.terminal.fake_cairn import FakeCairn, answers
from tests.terminal.typing_in import Shell, sit_down

NASTY = "\x1b]52;c;ZXZpbA==\x07\x1b[2J\x9b31m\x08\x00\r\n\u202e\u2066\ud800Title"


def test_week(alice_shell: Shell) -> None:
    assert alice_shell.run("week").out == (
        "Week 3, from Mon 16 Nov 2026\n"
        "4 h 10 of 6 h.\n"
        "  Mon 16 Nov 2026     45 min  of 1 h\n"
        "  Tue 17 Nov 2026          -  off\n"
        "  Wed 18 Nov 2026     3 h 25  of 5 h\n"
    )


def test_empty_week_is_one_calm_sentence(alice_shell: Shell, server: FakeCairn) -> None:
    server.only = re.compile("GET /weeks")
    server.faults = [
        answers(200, {"from": "2026-11-16", "logged_minutes": 0, "target_minutes": 0, "paused": True})
    ]
    out = alice_shell.run("week").out
    assert out == "The week from Mon 16 Nov 2026\nNothing logged this week. The plan is paused.\n"


def test_next(alice_shell: Shell) -> None:
    assert alice_shell.run("next").out == (
        "Run six families of probes\n  garak.run-six-families, 1 h 30, practise, in progress\n"
    )


def test_nothing_next(alice_shell: Shell, server: FakeCairn) -> None:
    server.only = re.compile("GET /next")
    server.faults = [answers(200, {"items": []})]
    assert "Nothing is open" in alice_shell.run("next").out


def test_plan(alice_shell: Shell) -> None:
    assert alice_shell.run("plan").out == (
        "AI security engineer\n"
        "34 h 10 done (14 %), 200 h to go.\n"
        "Started Mon 2 Nov 2026, target Thu 30 Sep 2027.\n"
        "By its own hours it ends on Sat 14 Aug 2027.\n"
        "At your own pace: Tue 20 Jul 2027 to Tue 2 Nov 2027.\n"
        "   6  garak: 1 h 40 done, 8 h 20 open\n"
        "   3  ATLAS: 15 h done\n"
    )


@pytest.mark.parametrize("command", [["week"], ["next"], ["plan"], ["timer", "status"]])
@pytest.mark.parametrize(
    "document",
    [
        {},
        {"items": None, "modules": 5, "days": {}, "forecast": []},
        {"items": [5, None, {}], "modules": [{}], "days": [{}, []], "state": []},
        {
            "logged_minutes": "x",
            "target_minutes": True,
            "from": 5,
            "state": "odd",
            "started_at": "x",
            "seconds": "x",
        },
        {"state": "running", "started_at": None, "seconds": None},
    ],
)
def test_answers_of_another_shape_break_nothing(
    alice_shell: Shell, server: FakeCairn, command: list[str], document: object
) -> None:
    server.only = re.compile("GET")
    server.faults = [answers(200, document), answers(200, document)]
    assert alice_shell.run(*command).code == 0
    assert alice_shell.run(*command, "--json").document == document


@pytest.mark.parametrize("command", [["week"], ["next"], ["plan"], ["timer", "status"]])
def test_answer_that_is_no_object_is_none(alice_shell: Shell, server: FakeCairn, command: list[str]) -> None:
    server.only = re.compile("GET")
    server.faults = [answers(200, [])]
    said = alice_shell.run(*command, "--json")
    assert said.code == 1
    assert said.document["outcome"] == "failed"


def test_text_of_the_server_does_nothing_to_the_terminal(
    alice_shell: Shell, server: FakeCairn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shell.run looks at every output for control characters; here the server is full of them."""
    server.title_prefix = NASTY
    sit_down(monkeypatch)
    said = alice_shell.run("log", "45m probes", answers="1\ny\n")
    assert said.code == 0
    assert "]52;c;ZXZpbA==[2J31m  TitleRun six families of probes" in said.out
    for command in (["next"], ["timer", "start", "garak"], ["timer", "status"], ["undo"], ["queue"]):
        for more in ([], ["--json"]):
            alice_shell.run(*command, *more)
    server.only = re.compile("")
    nasty = {"detail": NASTY, "title": NASTY, "email": NASTY, "track": NASTY, "choices": [{"key": NASTY}]}
    for command in (
        ["week"],
        ["plan"],
        ["next"],
        ["log", "9m garak"],
        ["done", NASTY[:-6]],
        ["login", server.url],
    ):
        for status in (200, 201, 302, 409, 422, 500):
            server.faults = [answers(status, nasty, Location="https://x.example/%1b[2J")] * 3
            alice_shell.run(*command, env={"CAIRN_TOKEN": "cairn_" + "x" * 43})


def test_plain() -> None:
    assert plain(NASTY) == "]52;c;ZXZpbA==[2J31m  Title"
    assert plain("日本語 é 👩‍💻 – ½") == "日本語 é 👩‍💻 – ½"
    assert plain("a\tb\u2028c") == "a b c"
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028-\u202e\ud800-\udfff]", plain(every))


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(0, "0 min"), (45, "45 min"), (60, "1 h"), (250, "4 h 10"), (-5, "-5 min"), (61, "1 h 01")],
)
def test_hours(minutes: int, said: str) -> None:
    assert hours(minutes) == said


@pytest.mark.parametrize(
    ("terminal", "env", "bold"),
    [(True, {}, True), (False, {}, False), (True, {"NO_COLOR": "1"}, False), (True, {"TERM": "dumb"}, False)],
)
def test_nothing_is_bold_without_a_terminal(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, env: dict[str, str], bold: bool
) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    assert (strong("x") != "x") is bold
