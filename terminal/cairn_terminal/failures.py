"""What can go wrong, each with a sentence for the learner and the exit code it ends with."""

from typing import Any

DONE = 0
FAILED = 1  # refused, or failed
OPEN_QUESTION = 2  # wrong usage, or something has to be asked
KEPT = 3  # kept, to be sent later


class Failure(Exception):
    """Ends a command. `str()` is the sentence; it never holds the token."""

    exit_code = FAILED
    outcome = "failed"

    def document(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {"outcome": self.outcome, "detail": str(self)}


class Unreachable(Failure):
    """No answer of Cairn came: no network, a server that is down or busy, or something else answered.

    Whether a write arrived is not known; it may be sent again with the same key.
    """


class NotSent(Unreachable):
    """The connection was never made, so nothing arrived."""


class ServerFault(Unreachable):
    """500: Cairn answered, and failed over this one request. The next one may pass."""


class NotLoggedIn(Failure):
    """401: there is no token, or the server no longer takes it."""


class Refused(Failure):
    """4xx: the server says no, and why. Nothing was written."""

    outcome = "refused"

    def __init__(
        self, status: int, sentence: str, problem: dict[str, Any] | None = None, *, replayed: bool = False
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.problem = problem or {}
        self.replayed = replayed  # it was said before, to the same request under the same key

    def document(self) -> dict[str, Any]:
        return {**self.problem, "outcome": self.outcome, "status": self.status, "detail": str(self)}


class Questions(Failure):
    """Something has to be asked, and nobody is there to answer."""

    exit_code = OPEN_QUESTION
    outcome = "asked"

    def __init__(
        self,
        asks: list[dict[str, Any]],
        choices: list[dict[str, Any]],
        reading: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(" ".join(str(ask.get("sentence", "")) for ask in asks) or "Something is open.")
        self.asks = asks
        self.choices = choices
        self.reading = reading

    def document(self) -> dict[str, Any]:
        return {
            "outcome": self.outcome,
            "questions": self.asks,
            "choices": self.choices,
            "reading": self.reading,
        }


class LongDay(Questions):
    """The day would get unusually long, and nobody is there to say that it is right. Nothing was written."""

    def __init__(self, field: str, question: str) -> None:
        super().__init__([{"field": field, "sentence": question}], [])

    def __str__(self) -> str:
        return f"{super().__str__()} If so, say --yes."
