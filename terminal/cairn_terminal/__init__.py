"""`cairn`: logging study from a terminal, over the token API alone. Imports nothing of the server."""

__version__ = "0.1.0"
