"""`python -m bench.sink`: an SMTP server that takes every mail and keeps none; prints its port first.

It reads ahead and answers what has arrived in one go, so that a client that pipelines is not held up. It is
its own process, so that it runs on another processor than who sends.
"""

import socketserver

REPLIES = {
    b"EHLO": b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
    b"HELO": b"250 sink\r\n",
    b"MAIL": b"250 ok\r\n",
    b"RCPT": b"250 ok\r\n",
    b"DATA": b"354 go on\r\n",
    b"RSET": b"250 ok\r\n",
    b"NOOP": b"250 ok\r\n",
    b"QUIT": b"221 bye\r\n",
}


class Conversation(socketserver.StreamRequestHandler):
    """One connection."""

    wbufsize = -1

    def handle(self) -> None:
        self.say(b"220 sink\r\n")
        for line in self.rfile:
            word = line[:4].upper()
            self.say(REPLIES.get(word, b"500 what\r\n"))
            if word == b"QUIT":
                return
            if word == b"DATA":
                for body_line in self.rfile:
                    if body_line == b".\r\n":
                        break
                self.say(b"250 taken\r\n")

    def say(self, reply: bytes) -> None:
        self.wfile.write(reply)
        self.wfile.flush()


class Sink(socketserver.ThreadingTCPServer):
    """A thread a connection."""

    daemon_threads = True
    allow_reuse_address = True


if __name__ == "__main__":
    with Sink(("127.0.0.1", 0), Conversation) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()
