"""What the bench says of logging. That each post is the right one and logs anew: never how long it took."""

import json
import os
import subprocess
import sys
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from bench.posts import NAMES, WARM_UP, milliseconds, posts, said
from tests.servers import ROOT


def test_it_runs_on_a_site_of_its_own(tmp_path: Path) -> None:
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-m", "bench.posts", "--rounds", "2", "--weeks", "20"],
        env={**environment, "CAIRN_DATA": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["sessions"] > 0
    for name in NAMES:
        assert figures[f"{name}_milliseconds"] > 0
    assert figures["log_of_empty"] > 0
    assert figures["api_of_empty"] > 0
    # The session and the learner; what logging asks is told, not judged.
    assert figures["empty_queries"] == 2
    assert figures["log_queries"] > figures["empty_queries"]
    assert WARM_UP > 0


def test_every_post_logs_anew() -> None:
    ways = posts({"sessionid": "s", "csrftoken": "c"}, "cairn_x", "mindset.rate-six-skills", "2026-11-19")
    assert set(ways) == set(NAMES)
    assert ways["log"]()[1] != ways["log"]()[1]
    assert ways["api"]()[2]["Idempotency-Key"] != ways["api"]()[2]["Idempotency-Key"]
    assert ways["log"]()[2]["HX-Request"] == "true"
    assert "Cookie" not in ways["api"]()[2]


class _Refuses(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(422)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"no")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.mark.parametrize("status", [200, 422])
def test_a_refusal_is_not_taken_for_an_answer(status: int) -> None:
    with HTTPServer(("127.0.0.1", 0), _Refuses) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        connection = HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
        try:
            with pytest.raises(RuntimeError, match="/x: 422"):
                milliseconds(connection, ("/x", b"", {}, status, b"logged"))
        finally:
            connection.close()
            server.shutdown()
            thread.join()


def test_the_figures_are_said_beside_an_empty_form() -> None:
    (line,) = said(
        {
            "sessions": 800,
            "empty_milliseconds": 2.04,
            "log_milliseconds": 12.3,
            "api_milliseconds": 6.1,
            "log_of_empty": 6.0,
            "api_of_empty": 3.0,
            "empty_queries": 2,
            "log_queries": 17,
            "api_queries": 9,
        }
    )
    assert "Logging with 800 sessions: from Today's post to its fragment 12.3 ms, 6.0 times" in line
    assert "an empty form (2.0 ms) on the same site, 17 queries instead of 2" in line
    assert "by the API 6.1 ms, 3.0 times, 9 queries" in line
