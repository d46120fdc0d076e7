"""`cairn week`, `cairn next`, `cairn plan`: where one stands."""

from typing import Any

import click

from cairn_terminal.asking import documents
from cairn_terminal.desk import open_desk
from cairn_terminal.output import Output, speaks, strong
from cairn_terminal.sessions import day_words, minutes_of, text_of
from cairn_terminal.words import hours

STATES = {"done": "done", "known": "known", "part": "in progress", "todo": "to do"}


@click.command()
@speaks
def week(output: Output) -> None:
    """This week: hours against the target, day by day."""
    found = open_desk(output).read("/weeks/this")
    output.answer(found)
    number = minutes_of(found, "number")
    said = f"Week {number}, from" if number is not None else "The week from"
    output.say(f"{said} {day_words(text_of(found, 'from'))}")
    output.say(strong(_against(found)) + (" The plan is paused." if found.get("paused") is True else ""))
    for day in documents(found.get("days")):
        target = minutes_of(day, "target_minutes") or 0
        asked = "off" if day.get("off") is True else f"of {hours(target)}" if target else ""
        logged = minutes_of(day, "logged_minutes") or 0
        output.say(
            f"  {day_words(text_of(day, 'on')):<16}  {hours(logged) if logged else '-':>8}  {asked}".rstrip()
        )


def _against(found: dict[str, Any]) -> str:
    logged, target = minutes_of(found, "logged_minutes") or 0, minutes_of(found, "target_minutes") or 0
    if not target:
        return f"{hours(logged)} logged." if logged else "Nothing logged this week."
    return f"{hours(logged)} of {hours(target)}."


@click.command("next")
@speaks
def next_activities(output: Output) -> None:
    """What is next: the activities Today offers."""
    found = open_desk(output).read("/next")
    output.answer(found)
    items = documents(found.get("items"))
    for item in items:
        minutes = minutes_of(item, "minutes")
        state = STATES.get(text_of(item, "state"), "")
        output.say(f"{strong(text_of(item, 'title'))}")
        facts = [
            text_of(item, "key"),
            hours(minutes) if minutes is not None else "",
            text_of(item, "kind"),
            state,
        ]
        output.say(f"  {', '.join(fact for fact in facts if fact)}")
    if not items:
        output.say("Nothing is open in your plan, or there is none yet.")


@click.command()
@speaks
def plan(output: Output) -> None:
    """The plan: hours done, the finish, each module."""
    found = open_desk(output).read("/plan")
    output.answer(found)
    output.say(strong(text_of(found, "track_title") or text_of(found, "track") or "Your plan"))
    done, left = minutes_of(found, "done_minutes"), minutes_of(found, "remaining_minutes")
    percent = minutes_of(found, "percent")
    if done is not None and left is not None:
        share = f" ({percent} %)" if percent is not None else ""
        output.say(f"{hours(done)} done{share}, {hours(left)} to go.")
    if start := text_of(found, "start_on"):
        target = text_of(found, "target_on")
        output.say(f"Started {day_words(start)}" + (f", target {day_words(target)}." if target else "."))
    if finish := text_of(found, "finish_on"):
        output.say(f"By its own hours it ends on {day_words(finish)}.")
    forecast = found.get("forecast")
    if isinstance(forecast, dict):
        low, high = text_of(forecast, "low_80_on"), text_of(forecast, "high_80_on")
        if low and high:
            output.say(f"At your own pace: {day_words(low)} to {day_words(high)}.")
    for module in documents(found.get("modules")):
        done, left = minutes_of(module, "done_minutes") or 0, minutes_of(module, "open_minutes") or 0
        number, title = minutes_of(module, "number") or 0, text_of(module, "title")
        facts = [f"{hours(done)} done" if done else "", f"{hours(left)} open" if left else ""]
        said = ", ".join(fact for fact in facts if fact) or STATES.get(
            text_of(module, "state"), "nothing open"
        )
        output.say(f"  {number:>2}  {title}: {said}")
