"""`cairn`: the commands."""

import os
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from cairn_terminal import __version__, clock
from cairn_terminal.address import host_of, read_address
from cairn_terminal.asking import LONG_DAY, body_of, understand, written
from cairn_terminal.desk import Desk, desk_of, document, open_desk
from cairn_terminal.failures import (
    DONE,
    FAILED,
    KEPT,
    OPEN_QUESTION,
    Failure,
    NotLoggedIn,
    Refused,
    Unreachable,
)
from cairn_terminal.files import Busy, read_private
from cairn_terminal.login import Account, Login, Token, forget_login, read_login, save_login
from cairn_terminal.outbox import Entry, Outbox
from cairn_terminal.output import Output, at_terminal, speaks, strong
from cairn_terminal.progress import next_activities, plan, week
from cairn_terminal.report import report
from cairn_terminal.sending import Kept
from cairn_terminal.server import Server
from cairn_terminal.sessions import session_words, text_of
from cairn_terminal.timer import timer
from cairn_terminal.words import count, plain

LONGEST_LINE = 300  # as the server takes it
YES = "Do not ask whether the line was understood, nor whether so long a day is right."


class NotUnderstood(Failure):
    """What was typed cannot be used."""

    exit_code = OPEN_QUESTION


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="cairn %(version)s")
def cairn() -> None:
    """Log study in Cairn from a terminal. Without a network what you log is kept and sent later."""
    # What is no letter here is shown, and read, as a question mark.
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


cairn.add_command(timer)
cairn.add_command(week)
cairn.add_command(next_activities)
cairn.add_command(plan)
cairn.add_command(report)


# --- logging in -------------------------------------------------------------------------------------------


@cairn.command()
@click.argument("url")
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Read the token from a file, - for stdin.",
)
@click.option("--insecure", is_flag=True, help="Send the token over plain http to another machine too.")
@speaks
def login(output: Output, url: str, token_file: Path | None, insecure: bool) -> None:
    """Log in at the Cairn of this address.

    The token is made under Settings, Tokens for programs. It is asked for, or read from --token-file, or from
    the environment variable CAIRN_TOKEN.
    """
    address = read_address(url, insecure=insecure)
    token = _given_token(address, token_file)
    me = document(Server(address, token).ask("GET", "/me"))
    email = text_of(me, "email")
    if not email:
        raise Unreachable(f"{host_of(address)} answered, but not as Cairn does.")
    account = Account(address, email)
    logged_in = Login(account, token)
    save_login(logged_in, insecure=insecure)
    output.say(f"Logged in: {account}. The token may: {text_of(me, 'scope') or 'unknown'}.")
    output.answer({"outcome": "done", "server": address, "email": email, "scope": text_of(me, "scope")})
    desk = desk_of(logged_in, output)
    desk.sender.send_before()
    if others := [entry for entry in desk.outbox.entries()[0] if entry.account != account]:
        output.notice(f"{count(len(others), 'entry waits', 'entries wait')} for another login: cairn queue")


def _given_token(address: str, token_file: Path | None) -> Token:
    """The token from where it was put; never from the command line, which others can read."""
    if token_file is not None:
        content = sys.stdin.buffer.read(1000) if str(token_file) == "-" else read_private(token_file, 1000)
        return Token(content.decode("ascii", "replace"))
    if from_environment := os.environ.get("CAIRN_TOKEN"):
        return Token(from_environment)
    if not at_terminal():
        raise NotUnderstood("Nobody is here to type the token. Give --token-file, or set CAIRN_TOKEN.")
    return Token(click.prompt(f"Token for {host_of(address)}", hide_input=True, err=True))


@cairn.command()
@speaks
def logout(output: Output) -> None:
    """Forget the token on this machine."""
    try:
        account: Account | None = read_login().account
    except Failure:
        account = None  # what cannot be read can still be taken away
    if not forget_login():
        raise NotLoggedIn("You are not logged in here.")
    output.say(
        "Logged out here. The token itself is good until it is revoked under Settings, Tokens for programs."
    )
    kept = Outbox().waiting(account) if account else []
    if kept:
        output.say(f"{count(len(kept), 'entry stays', 'entries stay')} in the queue until you log in again.")
    output.answer({"outcome": "done", "waiting": len(kept)})


# --- logging study ----------------------------------------------------------------------------------------


def _day(_: click.Context, __: click.Parameter, value: str | None) -> date | None:
    """A day as `2026-11-19`; anything else is a usage error."""
    if value is None:
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError:
        day = None
    if day is None or day.isoformat() != value:
        raise click.BadParameter(f"{plain(value)} is no day such as 2026-11-19.")
    return day


@cairn.command()
@click.argument("line", nargs=-1, required=True)
@click.option("--on", callback=_day, metavar="YYYY-MM-DD", help='The day that "today" means in the line.')
@click.option("--yes", "-y", is_flag=True, help=YES)
@speaks
def log(output: Output, line: tuple[str, ...], on: date | None, yes: bool) -> None:
    """Log a study session: cairn log 45m garak encoding probes, confidence 3"""
    typed = _checked(" ".join(line))
    _log(open_desk(output), output, typed, (on or clock.today()).isoformat(), yes=yes)


def _checked(line: str) -> str:
    """The line, fit to be sent and to be kept. Raises NotUnderstood."""
    line = line.strip()
    if not line:
        raise NotUnderstood(
            "What did you study? For example: cairn log 45m garak encoding probes, confidence 3"
        )
    if len(line) > LONGEST_LINE:
        raise NotUnderstood(f"A line has at most {LONGEST_LINE} characters; this one has {len(line)}.")
    try:
        line.encode()
    except UnicodeEncodeError:
        raise NotUnderstood("The line holds bytes that are no letters here.") from None
    return line


def _log(desk: Desk, output: Output, typed: str, studied_on: str, *, yes: bool) -> None:
    """Reads, shows, asks, logs; keeps the line as it was typed where the server does not answer."""
    as_typed = {"line": typed, "studied_on": studied_on, **({LONG_DAY: True} if yes else {})}
    try:
        if stopped := desk.sender.send_before():
            raise stopped
        reading = understand(desk.server, output, typed, studied_on)
    except (Unreachable, NotLoggedIn) as away:
        raise desk.sender.keep("POST", "/sessions", as_typed, typed=typed, reason=str(away)) from None
    if not yes and not output.as_json and at_terminal():
        click.echo(session_words(reading), err=True)
        if not click.confirm("Log it?", default=True, err=True):
            raise Failure("Nothing was logged.")
    session = document(written(_logger(desk, typed), body_of(reading), output, yes=yes))
    output.say(f"{strong('Logged:')} {session_words(session)}")
    output.say("Not so? cairn undo")
    output.answer({"outcome": "done", "session": session})


def _logger(desk: Desk, typed: str) -> Callable[[dict[str, Any]], Any]:
    """Sends a session, each time as an entry of its own with a key of its own."""
    return lambda body: desk.sender.write("POST", "/sessions", body, typed=typed)


@cairn.command()
@speaks
def undo(output: Output) -> None:
    """Take back the last session logged from here."""
    desk = open_desk(output)
    account, outbox = desk.login.account, desk.outbox
    if _take_from_queue(desk, output):
        return
    desk.sender.send_before()
    if _take_from_queue(desk, output):
        return
    if waiting := _waiting_sessions(desk):
        raise Failure(
            f"Whether this has reached the server is not known yet: {plain(waiting[-1].typed)}. "
            "Try again when it answers."
        )
    last = outbox.last(account)
    if last is None:
        raise Failure("There is nothing to take back that was logged from here.")
    identity, said = last
    try:
        desk.sender.write("DELETE", f"/sessions/{quote(identity, safe='')}", None, typed=f"undo {said}")
    except (Kept, Refused):
        outbox.forget_last(account, identity)
        raise
    outbox.forget_last(account, identity)
    output.say(f"{strong('Taken back:')} {said}")
    output.answer({"outcome": "done", "taken_back": said})


def _waiting_sessions(desk: Desk) -> list[Entry]:
    return [entry for entry in desk.outbox.waiting(desk.login.account) if entry.is_session]


def _take_from_queue(desk: Desk, output: Output) -> bool:
    """Takes the last session out of the queue, if there is one there that certainly never left."""
    with desk.outbox.sending():
        waiting = _waiting_sessions(desk)
        if not waiting or waiting[-1].first_tried_on:
            return False
        desk.outbox.remove(waiting[-1])
    said = plain(waiting[-1].typed)
    output.say(f"{strong('Taken back')} before it was sent: {said}")
    output.answer({"outcome": "done", "taken_back": said})
    return True


@cairn.command()
@click.argument("key")
@speaks
def done(output: Output, key: str) -> None:
    """Tick an activity as done; KEY as `cairn next` shows it. The token needs the scope all."""
    desk = open_desk(output)
    path = f"/activities/{quote(key, safe='')}/mark"
    activity = document(desk.sender.write("PUT", path, {"kind": "done"}, typed=f"done {key}"))
    output.say(f"{strong('Done:')} {text_of(activity, 'title') or plain(key)}")
    output.answer({"outcome": "done", "activity": activity})


# --- the queue --------------------------------------------------------------------------------------------


@cairn.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def queue(context: click.Context, as_json: bool) -> None:
    """What is kept to be sent later."""
    if context.invoked_subcommand is None:
        context.invoke(list_queue, as_json=as_json)


@queue.command("list")
@speaks
def list_queue(output: Output) -> None:
    """List what waits and what was refused."""
    outbox = Outbox()
    entries, unreadable = outbox.entries()
    try:
        account: Account | None = read_login().account
    except Failure:
        account = None
    for entry in entries:
        output.say(f"{strong(str(entry.number))}  {entry.typed_on}  {plain(entry.typed)}")
        output.say(f"   {_state_words(entry, account)}")
    for name in unreadable:
        output.say(f"?  {plain(name)} in {outbox.folder} cannot be read; it is left alone.")
    if not entries and not unreadable:
        output.say("Nothing waits to be sent.")
    output.answer({"entries": [entry.document() for entry in entries], "unreadable": unreadable})


def _state_words(entry: Entry, account: Account | None) -> str:
    if entry.refusal:
        said = f"refused: {plain(entry.refusal)}"
    elif entry.first_tried_on:
        said = "waits; it may have reached the server already, and is written once in any case"
    else:
        said = "waits"
    return said if entry.account == account else f"{said} (for {plain(entry.account)})"


@queue.command("send")
@click.argument("number", type=int, required=False)
@click.option("--yes", "-y", is_flag=True, help=YES)
@speaks
def send_queue(output: Output, number: int | None, yes: bool) -> None:
    """Send what waits; or, with NUMBER, try again what was refused."""
    desk = open_desk(output)
    if number is not None:
        entry = desk.outbox.entry(number)
        if entry.account != desk.login.account:
            raise Failure(f"Entry {number} is for another login: {plain(entry.account)}.")
        if entry.refusal:
            _send_again(desk, output, entry, yes=yes)
            return
    with desk.outbox.sending():
        run = desk.sender.send_waiting()
    left = desk.outbox.waiting(desk.login.account)
    if run.stopped:
        output.notice(str(run.stopped))
    output.say(f"{count(len(left), 'entry waits', 'entries wait')}." if left else "Nothing waits to be sent.")
    output.answer(
        {
            "outcome": "queued" if left else "refused" if run.refused else "done",
            "sent": [{**entry.document(), "answer": answer} for entry, answer in run.sent],
            "refused": [entry.document() for entry, _ in run.refused],
            "waiting": [entry.document() for entry in left],
            "detail": str(run.stopped or ""),
        }
    )
    sys.exit(KEPT if left else FAILED if run.refused else DONE)


def _send_again(desk: Desk, output: Output, entry: Entry, *, yes: bool) -> None:
    """Sends a refused entry under a new key: to the old one the server would only repeat its refusal."""
    body = entry.body or {}
    try:
        if "line" in body:
            _log(desk, output, str(body["line"]), str(body.get("studied_on", entry.typed_on)), yes=yes)
        else:
            if entry.is_session:
                # It was read before it was kept; only its day can still be asked about.
                answer = written(_logger(desk, entry.typed), body, output, yes=yes)
            else:
                answer = desk.sender.write(entry.method, entry.path, entry.body, typed=entry.typed)
            output.say(f"Sent: {plain(entry.typed)}")
            output.answer({"outcome": "done", "answer": answer})
    except Kept:
        _remove_refused(desk, entry)
        raise
    _remove_refused(desk, entry)


def _remove_refused(desk: Desk, entry: Entry) -> None:
    with desk.outbox.sending():
        desk.outbox.remove(entry)


@queue.command("drop")
@click.argument("number", type=int)
@speaks
def drop(output: Output, number: int) -> None:
    """Give up an entry."""
    outbox = Outbox()
    try:
        with outbox.sending():
            entry = outbox.entry(number)
            outbox.remove(entry)
    except Busy:
        raise Failure("Another cairn is sending the queue at the moment. Try again.") from None
    output.say(f"Dropped: {plain(entry.typed)}")
    if entry.first_tried_on and not entry.refusal:
        output.say("It may have reached the server before; your journal shows whether it did.")
    output.answer({"outcome": "done", "entry": entry.document()})
