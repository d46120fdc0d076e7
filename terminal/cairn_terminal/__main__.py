"""`cairn` as it is installed; `python -m cairn_terminal` is the same."""

import os
import sys
from contextlib import suppress


def main() -> None:
    """Runs the command. A broken-off start and an output that takes nothing end it without a traceback."""
    _open_what_is_closed()
    try:
        # Here, so that Ctrl-C ends a start that is still loading.
        from cairn_terminal.cli import cairn  # noqa: PLC0415

        cairn(prog_name="cairn")
    except KeyboardInterrupt:
        sys.exit(1)
    except OSError as error:
        # What touches files says so itself; what is left is an output, of click's own sentences too.
        with suppress(OSError):
            print(f"cairn: The answer cannot be written: {error.strerror or error}.", file=sys.stderr)
        sys.exit(1)
    finally:
        _let_go()


def _open_what_is_closed() -> None:
    """Started with `>&-`, a stream is missing altogether: then it is one that holds nothing."""
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123


def _let_go() -> None:
    """What could not be written is tried once more when Python ends, which then has a status of its own."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


if __name__ == "__main__":
    main()
