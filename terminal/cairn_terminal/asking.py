"""A line becomes a session: the server reads it, and what it did not understand is asked, never guessed."""

from collections.abc import Callable
from typing import Any

import click

from cairn_terminal.failures import Failure, LongDay, Questions, Refused, Unreachable
from cairn_terminal.output import Output, at_terminal, choice_words
from cairn_terminal.server import Server
from cairn_terminal.words import plain

FIELDS = ("minutes", "studied_on", "module", "activity", "note", "confidence")
ABOUT_SUBJECT = frozenset({"subject", "module", "activity"})
MOST_QUESTIONS = 10  # then the answers do not help, and the line is better typed anew
LONG_DAY = "confirm_long_day"  # the field that the server asks, and the yes to it


def understand(server: Server, output: Output, line: str, studied_on: str) -> dict[str, Any]:
    """The line as the server reads it, with every question answered.

    `studied_on` is what "today" means. Raises Questions where nobody can be asked, and what Server.ask
    raises.
    """
    reading = _read(server, line, studied_on)
    for _ in range(MOST_QUESTIONS):
        asks = documents(reading.get("asks"))
        if not asks:
            return reading
        # A question about the whole line is answered by another line.
        if output.as_json or not at_terminal() or asks[0].get("field") == "line":
            break
        _ask(server, reading, asks[0], studied_on)
    raise Questions(documents(reading.get("asks")), documents(reading.get("choices")), reading)


def body_of(reading: dict[str, Any]) -> dict[str, Any]:
    """What is sent to be logged: the fields of a reading that say something."""
    body = {field: reading[field] for field in FIELDS if reading.get(field) not in (None, "")}
    if "activity" in body:
        body.pop("module", None)  # an activity names its module
    return body


def written(
    write: Callable[[dict[str, Any]], Any], body: dict[str, Any], output: Output, *, yes: bool
) -> Any:
    """What `write` answers to a session, after a yes where its day would get unusually long.

    `write` takes a body and sends it under a key of its own. Raises LongDay where nobody can be asked, and
    what `write` raises.
    """
    confirmed = {**body, LONG_DAY: True}
    if yes:
        return write(confirmed)
    try:
        return write(body)
    except Refused as refused:
        if not _asks_about_long_day(refused):
            raise
        question = str(refused)
    if output.as_json or not at_terminal():
        raise LongDay(LONG_DAY, question)
    if not click.confirm(f"{question} Log it?", default=False, err=True):
        raise Failure("Nothing was logged.")
    return write(confirmed)


def _asks_about_long_day(refused: Refused) -> bool:
    """Whether a yes is all that is missing."""
    fields = [error.get("field") for error in documents(refused.problem.get("errors"))]
    return refused.status == 422 and fields == [LONG_DAY]


def choose(choices: list[dict[str, Any]], sentence: str) -> dict[str, Any] | None:
    """Which of them somebody means, None for none of them. The caller has seen that there is a terminal."""
    click.echo(plain(sentence), err=True)
    for number, choice in enumerate(choices, 1):
        click.echo(f"  {number}  {choice_words(choice)}", err=True)
    click.echo("  0  something else", err=True)
    number = click.prompt("Which", type=click.IntRange(0, len(choices)), err=True)
    return choices[number - 1] if number else None


def subject_of(choice: dict[str, Any]) -> dict[str, str]:
    """A choice as fields of a body: an activity's key has a dot, a module's has none."""
    key = str(choice.get("key", ""))
    return {"activity": key} if "." in key else {"module": key}


def documents(value: Any) -> list[dict[str, Any]]:
    """A list of documents of an answer; what is none of it is left out."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _read(server: Server, line: str, studied_on: str) -> dict[str, Any]:
    reading = server.ask("POST", "/sessions/read", {"line": line, "studied_on": studied_on})
    if not isinstance(reading, dict):
        raise Unreachable("The server's reading of the line cannot be understood.")
    return reading


def _ask(server: Server, reading: dict[str, Any], ask: dict[str, Any], studied_on: str) -> None:
    """Asks one question and puts the answer into the reading; what is still open stays in its asks."""
    field, sentence = str(ask.get("field", "")), plain(ask.get("sentence", "")) or "What is meant?"
    rest = [other for other in documents(reading.get("asks")) if other is not ask]
    choices = documents(reading.get("choices"))
    if field in ABOUT_SUBJECT and choices:
        chosen = choose(choices, sentence)
        reading.update({"module": None, "activity": None, "title": "something else"})
        if chosen is not None:
            reading.update(subject_of(chosen), title=chosen.get("title"))
        reading["asks"] = [other for other in rest if str(other.get("field", "")) not in ABOUT_SUBJECT]
        return
    # The answer is read as a line of its own, so that it may be typed in every way a line may.
    answer = str(click.prompt(sentence, err=True))
    if field == "note":
        reading.update(note=answer.strip(), asks=rest)
        return
    if field == "confidence" and answer.strip().isdecimal():
        answer = f"confidence {answer.strip()}"
    said = _read(server, answer, studied_on)
    if field in ABOUT_SUBJECT:
        reading.update({name: said.get(name) for name in ("module", "activity", "title", "choices")})
    else:
        reading[field] = said.get(field)
    open_still = [other for other in documents(said.get("asks")) if _same_field(other, field)]
    reading["asks"] = [*open_still, *rest]


def _same_field(ask: dict[str, Any], field: str) -> bool:
    other = str(ask.get("field", ""))
    return other == field or (other in ABOUT_SUBJECT and field in ABOUT_SUBJECT)
