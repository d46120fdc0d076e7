"""`python -m bench.sink`: a real SMTP server (aiosmtpd) that takes every mail and keeps none.

It prints its port first. It is its own process, so that it can run on another processor than who sends.
"""

import asyncio
from typing import Any

from aiosmtpd.smtp import SMTP


class TakesAll:
    """What aiosmtpd asks about each mail."""

    async def handle_DATA(self, *_: Any) -> str:  # noqa: N802 - aiosmtpd's name
        return "250 taken"


async def serve() -> None:
    """Serve until killed."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(TakesAll(), hostname="sink", enable_SMTPUTF8=True), "127.0.0.1", 0
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
