"""`cairn report push`: a tool's report, handed in as evidence.

It is not kept to be sent later: it is large, and lies on this machine already. Its key is made of what it
holds, so that sending it again is always safe.
"""

import hashlib
import os
import secrets
import stat
import sys
import time
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, urlencode

import click

from cairn_terminal.asking import documents
from cairn_terminal.desk import Desk, document, open_desk
from cairn_terminal.failures import DONE, FAILED, KEPT, Failure, Refused, Unreachable
from cairn_terminal.output import Output, speaks, strong
from cairn_terminal.server import FirstBytes
from cairn_terminal.sessions import minutes_of as number_of
from cairn_terminal.sessions import text_of
from cairn_terminal.words import count, plain, shortened

WAIT_SECONDS = 240.0  # twice as long as reading may take
PAUSES = (0.5, 1.0, 2.0, 3.0)  # seconds between two questions; the last one stays
WORST = 5
STATES = {"complete": "Complete", "partial": "Partial"}
BLOCK = 1_000_000  # bytes


@click.group()
def report() -> None:
    """Reports of tools, such as garak's, as evidence."""


@report.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--attack", default="", help="What was tried: for Counterfit, which does not write it down.")
@click.option("--target", default="", help="What was attacked: for Counterfit, which does not write it down.")
@click.option(
    "--keep", is_flag=True, help="Keep the file itself on the server, with its prompts and outputs."
)
@click.option("--wait/--no-wait", default=True, help="Wait until it is read, and say what it showed.")
@speaks
def push(output: Output, file: Path, attack: str, target: str, keep: bool, wait: bool) -> None:
    """Hand in a report: cairn report push my.report.jsonl"""
    desk = open_desk(output)
    query = {"name": plain(file.name), "attack": attack, "target": target, "keep": "true" if keep else ""}
    try:
        path = f"/reports?{urlencode({name: value for name, value in query.items() if value})}"
    except UnicodeEncodeError:
        raise Failure("Attack or target holds bytes that are no letters here.") from None
    # Looked at before it is opened, which at a pipe would wait for who writes.
    if not stat.S_ISREG(file.stat().st_mode):
        raise Failure(f"Only a file can be handed in, and this is none: {plain(file)}.")
    desk.sender.send_before()
    try:
        with file.open("rb") as opened:
            found = _sent(desk, path, opened)
    except Unreachable as away:
        raise Unreachable(
            f"{away} A report is not kept to be sent later. Push it again: it counts once."
        ) from None
    why = ""
    if wait:
        found, why = _outcome(desk, found)
    _show(desk, output, found, why)
    state = text_of(found, "state")
    sys.exit(FAILED if state == "refused" else KEPT if wait and state != "read" else DONE)


def _sent(desk: Desk, path: str, file: IO[bytes]) -> dict[str, Any]:
    """Sends a report. What has become of it by now. Raises what Server.send_file raises."""
    size = os.fstat(file.fileno()).st_size
    digest = hashlib.sha256(f"{path}\n".encode())
    begun = FirstBytes(file, size)
    while block := begun.read(BLOCK):
        digest.update(block)
    try:
        answer, replayed = desk.server.send_file(path, file, size, key=f"report-{digest.hexdigest()}")
        if not replayed:
            return document(answer)
        if not _came_to_nothing(now := _asked(desk, document(answer))):
            return now
    except Refused as refused:
        if not refused.replayed:
            raise
    # What was answered the last time need not hold any more: there was no room then, it could not be read
    # then, or its run has been deleted since.
    answer, _ = desk.server.send_file(path, file, size, key=f"report-{secrets.token_hex(32)}")
    return document(answer)


def _asked(desk: Desk, found: dict[str, Any]) -> dict[str, Any]:
    """The same report, as it is by now."""
    return document(desk.server.ask("GET", f"/reports/{quote(text_of(found, 'id'), safe='')}"))


def _came_to_nothing(found: dict[str, Any]) -> bool:
    """Whether nothing is left of a report: it was refused, or its run is not there any more."""
    return found.get("state") == "refused" or (found.get("state") == "read" and not _run_of(found))


def _run_of(found: dict[str, Any]) -> dict[str, Any]:
    run = found.get("run")
    return run if isinstance(run, dict) else {}


def _outcome(desk: Desk, found: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The report when it is read or refused; or as it is when waiting ends, and why no more is known."""
    until = time.monotonic() + WAIT_SECONDS
    why = ""
    pauses = list(PAUSES)
    while True:
        try:
            found, why = _asked(desk, found), ""
        except Unreachable as away:
            # The report is there. Whether it can be asked about may change.
            why = str(away)
        if not why and found.get("state") in ("read", "refused"):
            return found, ""
        if time.monotonic() >= until:
            return found, why or "It is still being read."
        time.sleep(pauses.pop(0) if len(pauses) > 1 else pauses[0])


def _show(desk: Desk, output: Output, found: dict[str, Any], why: str) -> None:
    """Says what became of a report, in words or as one document."""
    state, run = text_of(found, "state"), _run_of(found)
    outcome = {"read": "done", "refused": "refused"}.get(state, "sent")
    detail = text_of(found, "sentence") if state == "refused" else why
    page = f"{desk.login.account.server}/evidence/uploads/{quote(text_of(found, 'id'), safe='')}/"
    output.answer({"outcome": outcome, "detail": detail, "report": found, "page": page})
    if output.as_json:
        return
    if state == "refused":
        output.notice(detail or "The report was refused, and no reason was given.")
        return
    if state != "read":
        output.say(f"{strong('Sent:')} {text_of(found, 'name')}. {detail or 'It is not read yet.'}")
    elif run:
        known = " This run was here already; it counts once." if found.get("was_known") is True else ""
        output.say(f"{strong('Read:')} {_run_words(run)}.{known}")
        for line in _result_lines(run):
            output.say(line)
    else:
        output.say("The run that this report showed has been deleted since.")
    output.say(page)


def _run_words(run: dict[str, Any]) -> str:
    tool = " ".join(part for part in (text_of(run, "tool"), text_of(run, "version")) if part)
    return f"{tool or 'a tool'} against {text_of(run, 'target') or 'a target it does not name'}"


def _result_lines(run: dict[str, Any]) -> list[str]:
    """State, what was asked and evaluated, and the highest attack success rates."""
    state = text_of(run, "state")
    why = text_of(run, "why_partial")
    lines = [f"{STATES.get(state, state)}: {why}" if why else f"{STATES.get(state, state)}."]
    evaluated, missing = _texts(run.get("evaluated")), _texts(run.get("not_evaluated"))
    asked = _texts(run.get("requested"))
    lines.append(
        f"{count(len(evaluated), 'probe has', 'probes have')} a result."
        + (f" Asked for: {shortened(', '.join(asked))}." if asked else "")
    )
    if missing:
        lines.append(f"Without a result: {shortened(', '.join(missing))}.")
    rated = [row for row in documents(run.get("results")) if _share(row, "share") is not None]
    rated.sort(key=lambda row: -(_share(row, "share") or 0.0))  # of the same rate, in the report's order
    if rated:
        most = f", the {WORST} highest of {len(rated)}" if len(rated) > WORST else ""
        lines.append(f"Attack success rate, with its 95 % interval{most}:")
    lines += [f"  {_rate_words(row)}" for row in rated[:WORST]]
    if unscored := len(documents(run.get("results"))) - len(rated):
        lines.append(f"{count(unscored, 'result has', 'results have')} nothing scored, and no rate.")
    return lines


def _rate_words(row: dict[str, Any]) -> str:
    """`40 % (31 to 50)  promptinject.HijackHateHumans, promptinject.AttackRogueString: 40 of 100`."""
    share, low, high = (_share(row, name) or 0.0 for name in ("share", "low", "high"))
    passed, evaluated = number_of(row, "passed"), number_of(row, "evaluated")
    hits = f": {evaluated - passed} of {evaluated}" if passed is not None and evaluated is not None else ""
    said = f"{share:4.0%}".replace("%", " %") + f" ({low * 100:.0f} to {high * 100:.0f})"
    return f"{said:<18}{text_of(row, 'probe')}, {text_of(row, 'detector')}{hits}"


def _share(row: dict[str, Any], name: str) -> float | None:
    """A number of a result's rate; None where it has none."""
    rate = row.get("attack_success_rate")
    value = rate.get(name) if isinstance(rate, dict) else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _texts(value: Any) -> list[str]:
    """A list of texts of an answer, fit for a terminal."""
    return [plain(item) for item in value if isinstance(item, str)] if isinstance(value, list) else []
