"""`python -m cairn_terminal` is `cairn`."""

from cairn_terminal.cli import cairn

cairn(prog_name="cairn")
