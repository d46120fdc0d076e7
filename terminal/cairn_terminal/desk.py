"""What a command works with: who is logged in, their server, the queue."""

from dataclasses import dataclass
from typing import Any

from cairn_terminal.failures import Unreachable
from cairn_terminal.login import Login, read_login
from cairn_terminal.outbox import Outbox
from cairn_terminal.output import Output
from cairn_terminal.sending import Sender
from cairn_terminal.server import Server


@dataclass(frozen=True, slots=True)
class Desk:
    """One login's server and queue, for one command."""

    login: Login
    server: Server
    outbox: Outbox
    sender: Sender

    def read(self, path: str) -> dict[str, Any]:
        """A document of the server, after what was kept has been sent. Raises what Server.ask raises."""
        self.sender.send_before()
        return document(self.server.ask("GET", path))


def open_desk(output: Output) -> Desk:
    """For who is logged in. Raises NotLoggedIn."""
    return desk_of(read_login(), output)


def desk_of(login: Login, output: Output) -> Desk:
    """For one login."""
    server, outbox = Server(login.account.server, login.token), Outbox()
    return Desk(login, server, outbox, Sender(login, server, outbox, output.notice))


def document(answer: Any) -> dict[str, Any]:
    """The answer as the object that it has to be. Raises Unreachable."""
    if not isinstance(answer, dict):
        raise Unreachable("The server answered, but not as Cairn does.")
    return answer
