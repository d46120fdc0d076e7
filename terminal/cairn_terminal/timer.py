"""`cairn timer`: the learner's one timer. It is the server's, so nothing of it is kept to be sent later."""

import secrets
from datetime import datetime
from typing import Any

import click

from cairn_terminal.asking import choose, documents, subject_of, written
from cairn_terminal.desk import Desk, document, open_desk
from cairn_terminal.failures import NotSent, Questions, Refused, Unreachable
from cairn_terminal.output import Output, at_terminal, speaks, strong
from cairn_terminal.sessions import minutes_of, session_words, text_of
from cairn_terminal.words import hours

STATES = {"running": "Running", "paused": "Paused", "stopped": "Stopped"}


@click.group()
def timer() -> None:
    """One timer, the same on every device."""


@timer.command()
@click.argument("words", nargs=-1)
@speaks
def start(output: Output, words: tuple[str, ...]) -> None:
    """Start the timer: cairn timer start garak encoding probes"""
    desk = open_desk(output)
    line = " ".join(words).strip()
    body: dict[str, Any] = {"line": line} if line else {}
    try:
        running = _write(desk, "POST", "/timer/start", body)
    except Refused as refused:
        choices = documents(refused.problem.get("choices"))
        if refused.status != 422 or not choices:
            raise
        if output.as_json or not at_terminal():
            raise Questions([{"field": "activity", "sentence": str(refused)}], choices) from None
        chosen = choose(choices, str(refused))
        running = _write(desk, "POST", "/timer/start", subject_of(chosen) if chosen else {})
    _show(output, document(running))


@timer.command()
@speaks
def pause(output: Output) -> None:
    """Let the timer stand still for a while."""
    _show(output, document(_write(open_desk(output), "POST", "/timer/pause", {})))


@timer.command()
@speaks
def resume(output: Output) -> None:
    """Let it run on."""
    _show(output, document(_write(open_desk(output), "POST", "/timer/resume", {})))


@timer.command()
@speaks
def stop(output: Output) -> None:
    """Stop it. It waits to be logged or discarded."""
    _show(output, document(_write(open_desk(output), "POST", "/timer/stop", {})))
    output.say("Then: cairn timer log, or cairn timer discard")


@timer.command()
@speaks
def status(output: Output) -> None:
    """What it says now."""
    _show(output, open_desk(output).read("/timer"))


@timer.command("log")
@click.option("--minutes", type=int, help="How long it really was.")
@click.option("--activity", metavar="KEY", help="What it was on, instead of what it was started for.")
@click.option("--module", metavar="KEY", help="The same, for a module as a whole.")
@click.option("--note", help="A note in Markdown.")
@click.option("--confidence", type=click.IntRange(1, 5), help="1 shaky to 5 sure.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask whether so long a day is right.")
@speaks
def log_timer(output: Output, /, *, yes: bool, **said: Any) -> None:
    """Stop the timer and log what it measured."""
    desk = open_desk(output)
    body = {field: value for field, value in said.items() if value is not None}
    if "minutes" not in body and (asks := text_of(desk.read("/timer"), "asks")):
        if output.as_json or not at_terminal():
            raise Questions([{"field": "minutes", "sentence": asks}], [])
        click.echo(asks, err=True)
        body["minutes"] = click.prompt("Minutes", type=click.IntRange(1), err=True)
    session = document(written(lambda said: _write(desk, "POST", "/timer/log", said), body, output, yes=yes))
    desk.outbox.remember(desk.login.account, session, session_words(session))
    output.say(f"{strong('Logged:')} {session_words(session)}")
    output.say("Not so? cairn undo")
    output.answer({"outcome": "done", "session": session})


@timer.command()
@speaks
def discard(output: Output) -> None:
    """Throw away what it measured."""
    _write(open_desk(output), "DELETE", "/timer", None)
    output.say("Discarded. Nothing was logged.")
    output.answer({"outcome": "done"})


def _write(desk: Desk, method: str, path: str, body: dict[str, Any] | None) -> Any:
    """Changes the timer now, or not at all."""
    desk.sender.send_before()
    try:
        return desk.server.ask(method, path, body, key=secrets.token_hex(16))
    except NotSent as away:
        raise Unreachable(f"{away} The timer is kept by the server alone, so nothing was changed.") from None
    except Unreachable as away:
        raise Unreachable(
            f"{away} The timer is kept by the server alone, so this is not sent later; "
            "whether it was done: cairn timer status"
        ) from None


def _show(output: Output, found: dict[str, Any]) -> None:
    output.answer(found)
    state = STATES.get(text_of(found, "state"))
    if state is None:
        output.say("There is no timer.")
        return
    said = f"{strong(state + ':')} {hours((minutes_of(found, 'seconds') or 0) // 60)}"
    if title := text_of(found, "title"):
        said += f" on {title}"
    output.say(f"{said}{_since(text_of(found, 'started_at'))}")
    if asks := text_of(found, "asks"):
        output.say(asks)


def _since(moment: str) -> str:
    """A moment in UTC as the clock on the wall here."""
    try:
        here = datetime.fromisoformat(moment).astimezone()
    except (ValueError, OverflowError):  # what is no moment, or none of this zone's calendar
        return ""
    return f", started {here:%H:%M}"
