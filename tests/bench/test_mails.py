"""The mail part of the bench: its server takes what it is given, and its figures are said as they are."""

import os
import smtplib
from typing import IO

import pytest

from bench import mails


def test_the_server_takes_mails_one_after_the_other() -> None:
    body = b"Subject: Week 7\r\n\r\n4 h 10 of 6 h 30.\r\n.a line that begins with a dot\r\n"
    with mails.process("bench.sink", os.environ) as sink:
        port = int(mails.line_of(sink.stdout))
        assert mails.raw_seconds(port, [("cairn@localhost", "alice@example.org", body)] * 20) > 0
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as server:
            assert server.ehlo()[0] == 250
            assert server.docmd("NONSENSE")[0] == 500


def test_a_process_that_has_ended_is_an_error() -> None:
    with mails.process("this", {}) as ended, pytest.raises(RuntimeError, match="ended early"):
        read_to_the_end(ended.stdout)


def read_to_the_end(stream: IO[str] | None) -> None:
    while True:
        mails.line_of(stream)


def test_shares_rates_and_reads_are_said() -> None:
    row = {
        **{"workers_1_of_raw": 0.21, "workers_2_of_raw": 0.37},
        **{"raw_a_second": 1000.0, "workers_1_a_second": 210.0, "workers_2_a_second": 370.0},
        **{"plain_of_raw": 0.4, "reads_a_mail": 0.05, "mail_bytes": 9216.0},
    }
    [first, second] = mails.said({"sqlite": row, "postgres": {**row, "reads_a_mail": 2.0}})
    assert first.startswith(
        "Weekly mail on SQLite: 210 a second with one worker, 370 with two; 0.21 and 0.37 of "
    )
    assert "1000 mails of the same 9.0 kB" in first
    assert "without claim or record: 0.40" in first
    assert "0.05 reads a mail" in first
    assert second.startswith("Weekly mail on PostgreSQL")
    assert "2.00 reads a mail" in second
