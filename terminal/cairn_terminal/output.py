"""How a command speaks: sentences for people, one JSON document for scripts, and the exit code."""

import functools
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Concatenate, ParamSpec

import click

from cairn_terminal.failures import FAILED, Failure, Questions
from cairn_terminal.sending import Kept
from cairn_terminal.sessions import text_of
from cairn_terminal.words import plain

P = ParamSpec("P")


class CannotPrint(OSError):
    """Standard output takes nothing: a full disk behind `>`. What was asked is done or not all the same."""


def _print(text: str) -> None:
    """A text on standard output. Raises CannotPrint, and BrokenPipeError where nobody reads any more."""
    try:
        click.echo(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CannotPrint(error.errno, error.strerror) from None


class Output:
    """Where a command puts what it has to say. With `as_json` standard output holds one document alone."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    def say(self, sentence: str = "") -> None:
        """A sentence for people."""
        if not self.as_json:
            _print(sentence)

    def notice(self, sentence: str) -> None:
        """Something beside the answer, on standard error."""
        # Where nothing can be said beside the answer, the answer still counts.
        with suppress(OSError):
            click.echo(f"cairn: {sentence}", err=True)

    def answer(self, document: Any) -> None:
        """The whole answer for scripts. ASCII alone: no control character of the server leaves as one."""
        if self.as_json:
            _print(json.dumps(document, indent=1))

    def fail(self, failure: Failure) -> None:
        """Why a command ends without having done what was asked."""
        if self.as_json:
            self.answer(failure.document())
        elif isinstance(failure, Kept):
            self.say(str(failure))
        else:
            self.notice(str(failure))
            if isinstance(failure, Questions):
                for choice in failure.choices:
                    click.echo(f"  {choice_words(choice)}", err=True)


def choice_words(choice: dict[str, Any]) -> str:
    """`Probe the encodings (garak.probe-encodings)`: one of several that were meant, perhaps."""
    title, key = text_of(choice, "title"), text_of(choice, "key")
    return f"{title} ({key})" if title else key


def strong(text: str) -> str:
    """The text in bold where a terminal shows it and NO_COLOR is not set."""
    dull = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not sys.stdout.isatty()
    return text if dull else click.style(text, bold=True)


def at_terminal() -> bool:
    """Whether somebody sits there to be asked. Questions go to standard error."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def speaks(command: Callable[Concatenate[Output, P], None]) -> Callable[..., None]:
    """Gives a command `--json`, an Output as its first argument, and an end for each Failure."""

    @click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
    @functools.wraps(command)
    def run(*args: P.args, as_json: bool, **kwargs: P.kwargs) -> None:  # type: ignore[valid-type]
        output = Output(as_json=as_json)
        try:
            command(output, *args, **kwargs)
        except Failure as failure:
            output.fail(failure)
            sys.exit(failure.exit_code)
        except BrokenPipeError:
            raise  # `cairn plan | head`: click ends quietly
        except CannotPrint:
            raise  # __main__ says so
        except OSError as error:
            output.fail(Failure(f"{plain(error.strerror or error)}: {plain(error.filename or 'a file')}"))
            sys.exit(FAILED)

    return run
