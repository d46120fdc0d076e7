"""Reading a quick-log line: a table of lines as people type them, and what holds for any line."""

import random
import re
import string
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tests.fixtures.cast import TODAY
from tests.fixtures.curriculum import real_content
from tracker.journal.rules import read_minutes, refuse_day
from tracker.journal.rules.quick_log import LONGEST_LINE, Candidate, Part, Reading, read_quick_log

# `TODAY` is a Thursday.


@cache
def candidates() -> tuple[Candidate, ...]:
    """Every module and activity of the product's curriculum."""
    found: list[Candidate] = []
    for module in real_content().modules:
        found.append(Candidate(module.key, module.title))
        found.extend(
            Candidate(activity.key, activity.title, module.key, module.title, tuple(slug_of(activity.key)))
            for activity in module.activities
        )
    return tuple(found)


def slug_of(key: str) -> list[str]:
    return key.split(".", 1)[1].split("-")


def read(line: str, today: date = TODAY) -> Reading:
    return read_quick_log(line, candidates(), today)


def asked(reading: Reading) -> str:
    return " ".join(ask.field for ask in reading.asks)


def spans(line: str, reading: Reading, kind: str) -> list[str]:
    return [line[part.start : part.end] for part in reading.parts if part.kind == kind]


# line, minutes, days from today, subject, confidence, note, fields asked about
LENGTHS = [
    ("45m garak", 45, 0, "garak", None, "", ""),
    ("45 min garak", 45, 0, "garak", None, "", ""),
    ("45 mins garak", 45, 0, "garak", None, "", ""),
    ("45min garak", 45, 0, "garak", None, "", ""),
    ("90 minutes garak", 90, 0, "garak", None, "", ""),
    ("garak 45m", 45, 0, "garak", None, "", ""),
    ("garak 45", 45, 0, "garak", None, "", ""),
    ("90 garak", 90, 0, "garak", None, "", ""),
    ("45", 45, 0, "", None, "", ""),
    ("1h", 60, 0, "", None, "", ""),
    ("1h30 stride", 90, 0, "stride", None, "", ""),
    ("1h30m stride", 90, 0, "stride", None, "", ""),
    ("1 h 30 stride", 90, 0, "stride", None, "", ""),
    ("1h 30 stride", 90, 0, "stride", None, "", ""),
    ("stride 1 h 30", 90, 0, "stride", None, "", ""),
    ("1h 15min stride", 75, 0, "stride", None, "", ""),
    ("2 hrs 15 mins stride", 135, 0, "stride", None, "", ""),
    ("1 hour and 5 minutes stride", 65, 0, "stride", None, "", ""),
    ("1:30 stride", 90, 0, "stride", None, "", ""),
    ("0:45 stride", 45, 0, "stride", None, "", ""),
    ("1:30h stride", 90, 0, "stride", None, "", ""),
    ("1.5h stride", 90, 0, "stride", None, "", ""),
    ("1,5 h stride", 90, 0, "stride", None, "", ""),
    ("0.75 hours stride", 45, 0, "stride", None, "", ""),
    (".5h stride", 30, 0, "stride", None, "", ""),
    ("½h stride", 30, 0, "stride", None, "", ""),
    ("½ hour stride", 30, 0, "stride", None, "", ""),
    ("1½h stride", 90, 0, "stride", None, "", ""),
    ("1 ½ hours stride", 90, 0, "stride", None, "", ""),
    ("¾h stride", 45, 0, "stride", None, "", ""),
    ("half an hour stride", 30, 0, "stride", None, "", ""),
    ("half an hour of stride", 30, 0, "stride", None, "", ""),
    ("a half hour stride", 30, 0, "stride", None, "", ""),
    ("quarter of an hour stride", 15, 0, "stride", None, "", ""),
    ("three quarters of an hour stride", 45, 0, "stride", None, "", ""),
    ("an hour stride", 60, 0, "stride", None, "", ""),
    ("an hour and a half stride", 90, 0, "stride", None, "", ""),
    ("one and a half hours stride", 90, 0, "stride", None, "", ""),
    ("two hours stride", 120, 0, "stride", None, "", ""),
    ("forty-five minutes stride", 45, 0, "stride", None, "", ""),
    ("twenty min stride", 20, 0, "stride", None, "", ""),
    ("14:00-15:30 stride", 90, 0, "stride", None, "", ""),
    ("14:00–15:30 stride", 90, 0, "stride", None, "", ""),
    ("14:00 - 15:30 stride", 90, 0, "stride", None, "", ""),
    ("14:00 to 15:30 stride", 90, 0, "stride", None, "", ""),
    ("from 9 to 10:30 stride", 90, 0, "stride", None, "", ""),
    ("between 9 and 10:30 stride", 90, 0, "stride", None, "", ""),
    ("stride 2pm-3:30pm", 90, 0, "stride", None, "", ""),
    ("9-11pm stride", 120, 0, "stride", None, "", ""),
    ("11-1pm stride", 120, 0, "stride", None, "", ""),
    ("1h30 14:00-15:30 stride", 90, 0, "stride", None, "", ""),
    ("~45m garak", 45, 0, "garak", None, "", ""),
    ("about 45 min garak", 45, 0, "garak", None, "", ""),
    ("spent 45m on garak", 45, 0, "garak", None, "", ""),
    ("I did 45m of garak", 45, 0, "garak", None, "", ""),
    ("garak for 45m", 45, 0, "garak", None, "", ""),
    ("log 45m garak", 45, 0, "garak", None, "", ""),
    ("45min. garak.", 45, 0, "garak", None, "", ""),
    ("garak,45m,yesterday", 45, -1, "garak", None, "", ""),
    ("garak:45m", 45, 0, "garak", None, "", ""),
    ("24h garak", 1440, 0, "garak", None, "", ""),
    # Other scripts, widths and marks that nobody sees.
    ("٤٥m garak", 45, 0, "garak", None, "", ""),
    ("４５ｍ garak", 45, 0, "garak", None, "", ""),
    ("45\N{RIGHT-TO-LEFT MARK}m garak", 45, 0, "garak", None, "", ""),
    ("45m gar\N{ZERO WIDTH SPACE}ak", 45, 0, "garak", None, "", ""),
    ("45m\N{NO-BREAK SPACE}garak", 45, 0, "garak", None, "", ""),
    ("45m\x00garak", 45, 0, "garak", None, "", ""),
    ("45m garak\n", 45, 0, "garak", None, "", ""),
]
NOT_LENGTHS = [
    ("", None, 0, "", None, "", "minutes"),
    ("garak", None, 0, "garak", None, "", "minutes"),
    ("0m garak", None, 0, "garak", None, "", "minutes"),
    ("0 garak", None, 0, "garak", None, "", "minutes"),
    ("0:00 garak", None, 0, "garak", None, "", "minutes"),
    ("-5 garak", None, 0, "garak", None, "", "minutes"),
    ("garak -45m", None, 0, "garak", None, "", "minutes"),
    ("\N{MINUS SIGN}1:30 garak", None, 0, "garak", None, "", "minutes"),
    ("25h garak", None, 0, "garak", None, "", "minutes"),
    ("1441m garak", None, 0, "garak", None, "", "minutes"),
    ("99999999999 min garak", None, 0, "garak", None, "", "minutes"),
    ("1500 garak", None, 0, "garak", None, "", "minutes"),
    ("1e9 garak", None, 0, "garak", None, "", "minutes"),
    ("½ garak", None, 0, "garak", None, "", "minutes"),
    ("1:75 garak", None, 0, "garak", None, "", "minutes"),
    ("45% garak", None, 0, "garak", None, "", "minutes"),
    ("1.5 garak", None, 0, "garak", None, "", "minutes"),
    ("10:00-10:00 garak", None, 0, "garak", None, "", "minutes"),
    # What can be more than one length.
    ("3 garak", None, 0, "garak", None, "", "minutes"),
    ("500 garak", None, 0, "garak", None, "", "minutes"),
    ("14:00 garak", None, 0, "garak", None, "", "minutes"),
    ("11:30-1:00 garak", None, 0, "garak", None, "", "minutes"),
    ("8:00-22:30 garak", None, 0, "garak", None, "", "minutes"),
    ("45 garak 1:30", None, 0, "garak", None, "", "minutes"),
    ("45m garak 30m", None, 0, "garak", None, "", "minutes"),
    ("45m+30m garak", None, 0, "garak", None, "", "minutes"),
    ("45m then 30 min stride", None, 0, "stride", None, "", "minutes"),
    ("45m garak 12", None, 0, "garak", None, "", "minutes"),
    ("45 garak 45", None, 0, "garak", None, "", "minutes"),
    ("1 h 30 read about prompts", None, 0, "", None, "read about prompts", "minutes"),
    ("watched a 20 min talk on garak", None, 0, "garak", None, "watched a 20 min talk on garak", "minutes"),
    ("20 prompts against my bot", None, 0, "", None, "20 prompts against my bot", "minutes"),
    ("read chapter 12", None, 0, "", None, "read chapter 12", "minutes"),
    ("25m stride, 25m garak", None, 0, "", None, "", "minutes subject"),
    ("2 x 45m stride", None, 0, "stride", None, "2 x", "minutes"),
    ("2x45m stride", None, 0, "stride", None, "", "minutes"),
    ("45m x2 stride", None, 0, "stride", None, "x2", "minutes"),
    ("stride 1h break 15m", None, 0, "stride", None, "break", "minutes"),
    ("1h stride (15m break)", None, 0, "stride", None, "break", "minutes"),
    ("45 min break then stride", None, 0, "stride", None, "break then stride", "minutes"),
    ("1h meeting 14:00 stride", None, 0, "stride", None, "meeting", "minutes"),
    ("20-25 min stride", None, 0, "stride", None, "20-25 min", "minutes"),
    ("45 case studies", None, 0, "", None, "45", "minutes subject"),
    # A length, a number or a time of day in a sentence.
    ("1h standup at 9:30 stride", 60, 0, "stride", None, "standup at 9:30", ""),
    ("1h stride till 18:00", 60, 0, "stride", None, "till 18:00", ""),
    ("mindset.first-break 45m", 45, 0, "mindset.first-break", None, "", ""),
    ("Retest and record before and after 1:00", 60, 0, "findings.retest-and-record", None, "", ""),
    ("at 14:00 garak", None, 0, "garak", None, "at 14:00", "minutes"),
    ("1h stride part 2", 60, 0, "stride", None, "part 2", ""),
    ("1h LLM01:2026 owasp", 60, 0, "owasp", None, "LLM01:2026", ""),
    ("1h AML.T0051 atlas", 60, 0, "atlas", None, "AML.T0051", ""),
    ("45m CVE-2024-1234 stride", 45, 0, "stride", None, "CVE-2024-1234", ""),
    ("45m watched a 20 min talk on garak", 45, 0, "garak", None, "watched a 20 min talk on garak", ""),
    ("45m garak 2 min per prompt", 45, 0, "garak", None, "2 min per prompt", ""),
    ("45m garak chapter 12", 45, 0, "garak", None, "chapter 12", ""),
    ("45m garak ran 200 prompts", 45, 0, "garak", None, "ran 200 prompts", ""),
    ("45m garak 12x faster than before", 45, 0, "garak", None, "12x faster than before", ""),
    ("45m llama 3.1 on garak", 45, 0, "garak", None, "llama 3.1 on garak", ""),
    ("at 14:00 garak 45m", 45, 0, "garak", None, "at 14:00", ""),
    ("45m garak went from 3 to 5 hits", 45, 0, "garak", None, "went from 3 to 5 hits", ""),
    ("45m garak 2 hours ago", 45, 0, "garak", None, "2 hours ago", ""),
    ("45m garak 17/20", 45, 0, "garak", None, "", "note"),
]
DAYS = [
    ("today 45m garak", 45, 0, "garak", None, "", ""),
    ("45m garak today", 45, 0, "garak", None, "", ""),
    ("this morning 45m garak", 45, 0, "garak", None, "", ""),
    ("tonight 45m garak", 45, 0, "garak", None, "", ""),
    ("yesterday 45m garak", 45, -1, "garak", None, "", ""),
    ("45m yesterday garak", 45, -1, "garak", None, "", ""),
    ("45m garak yesterday", 45, -1, "garak", None, "", ""),
    ("45m garak, yesterday", 45, -1, "garak", None, "", ""),
    ("45m garak (yesterday)", 45, -1, "garak", None, "", ""),
    ("45m garak yesterday evening", 45, -1, "garak", None, "", ""),
    ("last night 45m garak", 45, -1, "garak", None, "", ""),
    ("45m garak the day before yesterday", 45, -2, "garak", None, "", ""),
    ("2 days ago 45m garak", 45, -2, "garak", None, "", ""),
    ("45m garak two days ago", 45, -2, "garak", None, "", ""),
    ("45m garak a week ago", 45, -7, "garak", None, "", ""),
    ("2h on Tue stride", 120, -2, "stride", None, "", ""),
    ("2h stride on tuesday", 120, -2, "stride", None, "", ""),
    ("tue 2h stride", 120, -2, "stride", None, "", ""),
    ("2h stride Tues", 120, -2, "stride", None, "", ""),
    ("wednesday 2h stride", 120, -1, "stride", None, "", ""),
    ("Fri: 2h stride", 120, -6, "stride", None, "", ""),
    ("last friday 2h stride", 120, -6, "stride", None, "", ""),
    ("2h stride last thursday", 120, -7, "stride", None, "", ""),
    ("this monday 2h stride", 120, -3, "stride", None, "", ""),
    ("2026-11-17 1h owasp", 60, -2, "owasp", None, "", ""),
    ("1h owasp 2026/11/17", 60, -2, "owasp", None, "", ""),
    ("17 Nov 1h owasp", 60, -2, "owasp", None, "", ""),
    ("1h owasp 17 nov", 60, -2, "owasp", None, "", ""),
    ("1h owasp on 17 November 2026", 60, -2, "owasp", None, "", ""),
    ("Nov 17 1h owasp", 60, -2, "owasp", None, "", ""),
    ("1h owasp Nov 17, 2026", 60, -2, "owasp", None, "", ""),
    ("1h owasp 17th of November", 60, -2, "owasp", None, "", ""),
    ("1h 17 Nov owasp", 60, -2, "owasp", None, "", ""),
    ("Tue 17 Nov 1h owasp", 60, -2, "owasp", None, "", ""),
    ("1h owasp on Tue, 17 Nov 2026", 60, -2, "owasp", None, "", ""),
    ("17.11. 1h owasp", 60, -2, "owasp", None, "", ""),
    ("1h owasp 17.11.2026", 60, -2, "owasp", None, "", ""),
    ("1h owasp 17/11", 60, -2, "owasp", None, "", ""),
    ("1h owasp 11/17/2026", 60, -2, "owasp", None, "", ""),
    ("1h owasp the 17th", 60, -2, "owasp", None, "", ""),
    ("on the 17th 1h owasp", 60, -2, "owasp", None, "", ""),
    ("1h owasp the 30th", 60, -20, "owasp", None, "", ""),
    ("on friday, read up on owasp 2h", 120, -6, "owasp", None, "read up on owasp", ""),
    ("2h read up on prompts on monday", 120, -3, "", None, "read up on prompts", ""),
    ("2h on mon, read up on prompts", 120, -3, "", None, "read up on prompts", ""),
    ("yesterday read up on prompts 2h", 120, -1, "", None, "read up on prompts", ""),
    # What can be more than one day.
    ("thu 1h owasp", 60, 0, "owasp", None, "", "studied_on"),
    ("1h owasp on Thursday", 60, 0, "owasp", None, "", "studied_on"),
    ("last tue 1h owasp", 60, 0, "owasp", None, "", "studied_on"),
    ("1h owasp 5/6", 60, 0, "owasp", None, "", "studied_on"),
    ("1h owasp on 5/6", 60, 0, "owasp", None, "", "studied_on"),
    ("1h owasp 5/12/2026", 60, 0, "owasp", None, "", "studied_on"),
    ("1h owasp yesterday on mon", 60, 0, "owasp", None, "", "studied_on"),
    ("mon and tue 1h owasp", 60, 0, "owasp", None, "", "studied_on"),
    ("Wed 17 Nov 1h owasp", 60, 0, "owasp", None, "", "studied_on"),
    ("1h owasp 25 Dec", 60, 0, "owasp", None, "", "studied_on"),
    ("10 Nov 11 owasp 1h", 60, 0, "owasp", None, "", "studied_on"),
    ("garak 45m 1.5.", 45, 0, "garak", None, "", "studied_on"),
    ("45m the 17th stride", 45, 0, "stride", None, "", "studied_on"),
    ("23:30-00:15 garak", 45, 0, "garak", None, "", "studied_on"),
    ("yesterday 23:30-00:15 garak", 45, -1, "garak", None, "", ""),
    ("1h owasp last week", 60, 0, "owasp", None, "", "studied_on"),
    ("1h owasp in november", 60, 0, "owasp", None, "", "studied_on"),
    ("1h owasp 1 month ago", 60, 0, "owasp", None, "", "studied_on"),
    ("1h owasp a few days ago", 60, 0, "owasp", None, "", "studied_on"),
    ("1h owasp a couple of weeks ago", 60, 0, "owasp", None, "", "studied_on"),
    ("1h owasp the other day", 60, 0, "owasp", None, "", "studied_on"),
    ("1h owasp mon-tue", 60, 0, "owasp", None, "", "studied_on"),
    ("17.11.26 1h owasp", 60, 0, "owasp", None, "", "studied_on"),
    ("1h owasp notes from last week", 60, 0, "owasp", None, "notes from last week", ""),
    ("1h owasp last week was slow", 60, 0, "owasp", None, "last week was slow", ""),
    ("17-11-2026 1h owasp", 60, -2, "owasp", None, "", ""),
    ("1h owasp monday morning", 60, -3, "owasp", None, "", ""),
    ("1h owasp on mon.", 60, -3, "owasp", None, "", ""),
    # No day to come, none that there is not, none of long ago.
    ("tomorrow 1h owasp", 60, 0, "owasp", None, "", "studied_on"),
    ("1h owasp the day after tomorrow", 60, 0, "owasp", None, "", "studied_on"),
    ("next monday 1h owasp", 60, 0, "owasp", None, "", "studied_on"),
    ("1h owasp this friday", 60, 0, "owasp", None, "", "studied_on"),
    ("1h owasp 2026-11-20", 60, 0, "owasp", None, "", "studied_on"),
    ("1h owasp 31.11.", 60, 0, "owasp", None, "", "studied_on"),
    ("1h owasp 2026-02-30", 60, 0, "owasp", None, "", "studied_on"),
    ("1h owasp 1999-12-31", 60, 0, "owasp", None, "", "studied_on"),
    ("99999999999 days ago 1h owasp", 60, 0, "owasp", None, "", "studied_on"),
    # A note that speaks of a day.
    (
        "45m garak read about 3 probes on tue shift",
        45,
        0,
        "garak",
        None,
        "read about 3 probes on tue shift",
        "studied_on",
    ),
    ("tue shift notes 45m garak", 45, 0, "garak", None, "tue shift notes", "studied_on"),
    ("sat with Bob 45m garak", 45, 0, "garak", None, "sat with Bob", "studied_on"),
    ("45m tue shift handover", 45, 0, "", None, "tue shift handover", "studied_on"),
    ("17 Nov release notes 45m", 45, 0, "", None, "17 Nov release notes", "studied_on"),
    (
        "45m garak redid what broke yesterday with Bob",
        45,
        0,
        "garak",
        None,
        "redid what broke yesterday with Bob",
        "studied_on",
    ),
    ("on friday read up on owasp 2h", 120, 0, "owasp", None, "on friday read up on owasp", "studied_on"),
    ("45m on tue shift", 45, 0, "", None, "on tue shift", "studied_on"),
    ("45m garak monday blues", 45, 0, "garak", None, "monday blues", "studied_on"),
    ("1h friday report", 60, 0, "", None, "friday report", "studied_on subject"),
    ("1h read the friday report", 60, 0, "", None, "read the friday report", "subject"),
    ("45m advisory 2024-05-01", 45, 0, "", None, "advisory 2024-05-01", "studied_on"),
    ("45m garak v0.9 released 17 Nov", 45, 0, "garak", None, "v0.9 released 17 Nov", "studied_on"),
    ("45m read 3 may 2024 advisory", 45, 0, "", None, "read 3 may 2024 advisory", "studied_on"),
    ("45m garak like yesterday", 45, 0, "garak", None, "like yesterday", ""),
    ("45m garak notes from last friday", 45, 0, "garak", None, "notes from last friday", ""),
    ("45m garak prep for tomorrow", 45, 0, "garak", None, "prep for tomorrow", ""),
    ("45m garak prep for monday", 45, 0, "garak", None, "prep for monday", ""),
    ("45m fixed the bug from friday", 45, 0, "", None, "fixed the bug from friday", ""),
    ("45m every tuesday meeting", 45, 0, "", None, "every tuesday meeting", ""),
    ("45m today's news on prompts", 45, 0, "", None, "today's news on prompts", ""),
    ("45m tuesdays are slow", 45, 0, "", None, "tuesdays are slow", ""),
    ("45m may have found a hole", 45, 0, "", None, "may have found a hole", ""),
    ("45m the 3rd prompt broke it", 45, 0, "", None, "the 3rd prompt broke it", ""),
    ('45m garak "broken since tue"', 45, 0, "garak", None, "broken since tue", ""),
    ("45m garak - went on from tue", 45, 0, "garak", None, "went on from tue", ""),
    ("45m garak - slow tuesday", 45, 0, "garak", None, "slow tuesday", ""),
    ("45m garak - ran it, yesterday", 45, 0, "garak", None, "ran it, yesterday", "studied_on"),
]
CONFIDENCES = [
    ("45m garak confidence 3", 45, 0, "garak", 3, "", ""),
    ("45m garak confident 3", 45, 0, "garak", 3, "", ""),
    ("45m garak, confidence: 4", 45, 0, "garak", 4, "", ""),
    ("45m garak conf 3", 45, 0, "garak", 3, "", ""),
    ("45m garak conf=3", 45, 0, "garak", 3, "", ""),
    ("conf 3 45m garak", 45, 0, "garak", 3, "", ""),
    ("45m garak confidence three", 45, 0, "garak", 3, "", ""),
    ("45m garak confidence 3/5", 45, 0, "garak", 3, "", ""),
    ("45m garak c3", 45, 0, "garak", 3, "", ""),
    ("45m c3 garak", 45, 0, "garak", 3, "", ""),
    ("45m GARAK C3 YESTERDAY", 45, -1, "garak", 3, "", ""),
    ("45m garak 3/5", 45, 0, "garak", 3, "", ""),
    ("45m garak 3 of 5", 45, 0, "garak", 3, "", ""),
    ("45m garak 3 out of 5", 45, 0, "garak", 3, "", ""),
    ("45m garak confidence level 3", 45, 0, "garak", 3, "", ""),
    ("45m garak sure", 45, 0, "garak", 5, "", ""),
    ("45m garak shaky: slow probes", 45, 0, "garak", 1, "slow probes", ""),
    ("17 Nov 2026: 45m garak", 45, -2, "garak", None, "", ""),
    ("45m garak, fair", 45, 0, "garak", 3, "", ""),
    ("shaky 45m garak", 45, 0, "garak", 1, "", ""),
    ("45m garak - shaky", 45, 0, "garak", 1, "", ""),
    ("45m garak ran the prompts c3", 45, 0, "garak", 3, "ran the prompts", ""),
    ("45m garak 3", 45, 0, "garak", None, "", "confidence"),
    ("45 garak 3", 45, 0, "garak", None, "", "confidence"),
    ("45m garak - 3", 45, 0, "garak", None, "", "confidence"),
    ("45m garak confidence 7", 45, 0, "garak", None, "", "confidence"),
    ("45m garak conf 0", 45, 0, "garak", None, "", "confidence"),
    ("45m garak c9", 45, 0, "garak", None, "", "confidence"),
    ("45m garak conf 3 c4", 45, 0, "garak", None, "", "confidence"),
    ("45m garak pretty sure", 45, 0, "garak", None, "pretty sure", "confidence"),
    ("45m garak - went well, c3", 45, 0, "garak", None, "went well, c3", "confidence"),
    ("45m garak make sure it works", 45, 0, "garak", None, "make sure it works", ""),
    ("45m garak not sure", 45, 0, "garak", None, "not sure", ""),
    ("45m the c2 server again", 45, 0, "", None, "the c2 server again", ""),
    ("45m garak 4/5 stars", 45, 0, "garak", None, "4/5 stars", ""),
    ("45m garak sure thing", 45, 0, "garak", None, "sure thing", ""),
    ("45m garak 3/5 prompts broke it", 45, 0, "garak", None, "3/5 prompts broke it", ""),
    ("45m garak 95% confidence that it broke", 45, 0, "garak", None, "95% confidence that it broke", ""),
]
SUBJECTS = [
    ("45m garak encoding probes, confident 3", 45, 0, "garak", 3, "encoding probes", ""),
    ("1:30 yesterday atlas case studies", 90, -1, "", None, "", "subject"),
    ("45m atlas", 45, 0, "atlas", None, "", ""),
    ("45m MITRE ATLAS", 45, 0, "atlas", None, "", ""),
    ("45m owasp llm", 45, 0, "owasp", None, "", ""),
    ("45m nist rmf", 45, 0, "compliance", None, "", ""),
    ("45m eu ai act", 45, 0, "compliance", None, "", ""),
    ("45m mcp", 45, 0, "agents", None, "", ""),
    ("45m threat modeling", 45, 0, "stride", None, "", ""),
    ("45m supply chain", 45, 0, "supply-chain", None, "", ""),
    ("45m supply-chain", 45, 0, "supply-chain", None, "", ""),
    ("45m work project", 45, 0, "work-project", None, "", ""),
    ("45m agent", 45, 0, "agents", None, "", ""),
    ("45m defense", 45, 0, "defence", None, "", ""),
    ("45m Poisoning", 45, 0, "poisoning", None, "", ""),
    # Slips.
    ("45m garka", 45, 0, "garak", None, "", ""),
    ("45m garrak", 45, 0, "garak", None, "", ""),
    ("45m gark", 45, 0, "garak", None, "", ""),
    ("45m atals", 45, 0, "atlas", None, "", ""),
    ("45m stirde", 45, 0, "stride", None, "", ""),
    ("45m counterfeit", 45, 0, "counterfit", None, "", ""),
    ("45m complience", 45, 0, "compliance", None, "", ""),
    ("45m evasoin", 45, 0, "evasion", None, "", ""),
    ("45m stripe", 45, 0, "", None, "", "subject"),
    # Activities by their titles and keys.
    ("45m garak.run-six-families", 45, 0, "garak.run-six-families", None, "", ""),
    ("45m run-six-families", 45, 0, "garak.run-six-families", None, "", ""),
    ("45m Scan your bot with six probe families", 45, 0, "garak.run-six-families", None, "", ""),
    ("First break: a gradient attack on a digits classifier 45m", 45, 0, "mindset.first-break", None, "", ""),
    ("45m garak dry run", 45, 0, "garak.dry-run-local-model", None, "", ""),
    ("45m dry run", 45, 0, "garak.dry-run-local-model", None, "", ""),
    ("45m garak, dry run", 45, 0, "garak.dry-run-local-model", None, "", ""),
    ("45m six case studies", 45, 0, "atlas.read-six-cases", None, "", ""),
    ("45m atlas 6 cases", 45, 0, "atlas.read-six-cases", None, "", ""),
    ("45m rules of engagement", 45, 0, "mindset.write-rules-of-engagement", None, "", ""),
    ("45m owasp agentic list", 45, 0, "owasp.read-agentic-list", None, "", ""),
    ("45m agents mcp trust", 45, 0, "agents.read-mcp-trust", None, "", ""),
    ("45m read mcp trust", 45, 0, "agents.read-mcp-trust", None, "", ""),
    ("45m read ai act", 45, 0, "compliance.read-ai-act", None, "", ""),
    ("45m evasion white box curves", 45, 0, "evasion.plot-white-box-curves", None, "", ""),
    ("45m whitebox curves", 45, 0, "evasion.plot-white-box-curves", None, "", ""),
    ("45m input layer", 45, 0, "defence.build-input-layer", None, "", ""),
    ("45m inptu layer", 45, 0, "defence.build-input-layer", None, "", ""),
    ("45m tool gate", 45, 0, "defence.build-tool-gate", None, "", ""),
    ("45m campaign report", 45, 0, "counterfit.write-campaign-report", None, "", ""),
    ("45m portfolio page", 45, 0, "portfolio.build-portfolio-page", None, "", ""),
    ("45m poisoning plant backdoor", 45, 0, "poisoning.plant-backdoor", None, "", ""),
    ("45m incident tabletop compliance", 45, 0, "compliance.run-incident-table-top", None, "", ""),
    ("45m teach 45-minute talk", 45, 0, "portfolio.teach-talk-and-workshop", None, "", ""),
    ("45m retrospective", 45, 0, "work-project.write-retrospective", None, "", ""),
    ("fix all six flaws 2h c3 mon", 120, -3, "foundations.fix-weak-api", 3, "", ""),
    # What several share, or what is named only in part.
    ("45m garak probes", 45, 0, "", None, "", "subject"),
    ("45m case studies", 45, 0, "", None, "", "subject"),
    ("45m incident table-top", 45, 0, "", None, "", "subject"),
    ("45m membership inference", 45, 0, "", None, "", "subject"),
    ("45m retest", 45, 0, "", None, "", "subject"),
    ("stride: data flow diagram 1h", 60, 0, "", None, "", "subject"),
    ("45m canaries", 45, 0, "", None, "", "subject"),
    ("45m llm", 45, 0, "", None, "", "subject"),
    ("45m garak and stride", 45, 0, "", None, "", "subject"),
    ("45m garak stride", 45, 0, "", None, "", "subject"),
    ("45m garak/stride", 45, 0, "", None, "", "subject"),
    ("45m wrote findings for garak", 45, 0, "", None, "wrote findings for garak", "subject"),
    # A subject in a sentence, and none.
    ("45m garak compared with stride", 45, 0, "garak", None, "compared with stride", ""),
    ("45m reading about garak", 45, 0, "garak", None, "reading about garak", ""),
    ("45m wrote a blog post", 45, 0, "", None, "wrote a blog post", ""),
    ("45m tried to find the bug", 45, 0, "", None, "tried to find the bug", ""),
]
NOTES = [
    ("45m garak - went well", 45, 0, "garak", None, "went well", ""),
    ("45m garak – went well", 45, 0, "garak", None, "went well", ""),
    ("45m garak — went well", 45, 0, "garak", None, "went well", ""),
    ("45m garak—went well", 45, 0, "garak", None, "went well", ""),
    ("45m garak -- went well", 45, 0, "garak", None, "went well", ""),
    ("45m garak: went well", 45, 0, "garak", None, "went well", ""),
    ("45m garak # went well", 45, 0, "garak", None, "went well", ""),
    ("45m garak #went well", 45, 0, "garak", None, "went well", ""),
    ('45m garak "went well"', 45, 0, "garak", None, "went well", ""),
    ("45m garak “went well”", 45, 0, "garak", None, "went well", ""),
    ("45m garak «went well»", 45, 0, "garak", None, "went well", ""),
    ('45m garak "went well', 45, 0, "garak", None, "went well", ""),
    ('"went well" 45m garak c4', 45, 0, "garak", 4, "went well", ""),
    ('45m "went well" garak yesterday', 45, -1, "garak", None, "went well", ""),
    ("45m garak went well", 45, 0, "garak", None, "went well", ""),
    ("45m garak (went well)", 45, 0, "garak", None, "(went well)", ""),
    ("45m garak went well!", 45, 0, "garak", None, "went well!", ""),
    ("45m garak 🎉", 45, 0, "garak", None, "🎉", ""),
    ("45m garak !!!", 45, 0, "garak", None, "", ""),
    ("45m garak #1 of the plan", 45, 0, "garak", None, "1 of the plan", ""),
    ("garak: 45m", 45, 0, "garak", None, "", ""),
    ("1h - yesterday - prompts for Bob", 60, -1, "", None, "prompts for Bob", ""),
    ("45m - garak - yesterday - c3", 45, -1, "garak", 3, "", ""),
    ("45m - garak - went well - c3 in parts", 45, 0, "garak", None, "went well - c3 in parts", ""),
    ("45m: garak: went well", 45, 0, "garak", None, "went well", ""),
    ("45m garak - 200 prompts in 2h, 3/5 hit", 45, 0, "garak", None, "200 prompts in 2h, 3/5 hit", ""),
    ("45m garak - stride is next", 45, 0, "garak", None, "stride is next", ""),
    ("45m garak - compared with #3: better", 45, 0, "garak", None, "compared with #3: better", ""),
    ("prompts for Bob - 45m garak", 45, 0, "garak", None, "prompts for Bob", ""),
    ("- 45m garak", 45, 0, "garak", None, "", ""),
    ("45m garak with Bob", 45, 0, "garak", None, "with Bob", ""),
    ("with Bob 45m garak", 45, 0, "garak", None, "with Bob", ""),
    ('45m garak read "attention" again', 45, 0, "garak", None, 'read "attention" again', ""),
    ("45m garak https://example.org/a:b#c", 45, 0, "garak", None, "https://example.org/a:b#c", ""),
    ("45m garak don't know yet", 45, 0, "garak", None, "don't know yet", ""),
    ("45m garak <script>alert</script>", 45, 0, "garak", None, "<script>alert</script>", ""),
    ("45m garak a\x00b", 45, 0, "garak", None, "a b", ""),
    ("45m garak \ud800", 45, 0, "garak", None, "\N{REPLACEMENT CHARACTER}", ""),
]  # fmt: skip
# As people type: on a phone, in a hurry, with the habits of another language.
TYPED = [
    ("45 minutes on prompt injection labs", 45, 0, "", None, "prompt injection labs", ""),
    ("1h garak + 30m atlas", None, 0, "", None, "", "minutes subject"),
    ("2 pomodoros garak", None, 0, "garak", None, "2 pomodoros", "minutes"),
    ("3 pomos on stride", None, 0, "stride", None, "3 pomos on stride", "minutes"),
    ("this morning 40 min llm01", 40, 0, "", None, "01", "subject"),
    ("Yesterday evening: garak, 1 h", 60, -1, "garak", None, "", ""),
    ("Garak 45 Min.", 45, 0, "garak", None, "", ""),
    ("Garak. 45 min. Went ok.", 45, 0, "garak", None, "Went ok.", ""),
    ("45 min Garak (c2)", 45, 0, "garak", 2, "", ""),
    ("Did 45 min of garak this afternoon", 45, 0, "garak", None, "", ""),
    ("Spent an hour on stride last night", 60, -1, "stride", None, "", ""),
    ("1,5 Std. garak", 90, 0, "garak", None, "", ""),
    ("1.5 Stunden stride", 90, 0, "stride", None, "", ""),
    ("90 Minuten garak", 90, 0, "garak", None, "", ""),
    ("1 Std 30 stride", 90, 0, "stride", None, "", ""),
    ("45mn garak", 45, 0, "garak", None, "", ""),
    ("1 heure stride", 60, 0, "stride", None, "", ""),
    ("eine Stunde stride", None, 0, "stride", None, "eine Stunde", "minutes"),
    ("45' garak", None, 0, "garak", None, "", "minutes"),
    ("1u garak", None, 0, "garak", None, "", "minutes"),
    ("20h-21h30 garak", None, 0, "garak", None, "", "minutes"),
    ("20.00-21.30 garak", None, 0, "garak", None, "", "minutes"),
    ("8pm to 9:30 garak", None, 0, "garak", None, "", "minutes"),
    ("gestern 45m garak", 45, 0, "garak", None, "", "studied_on"),
    ("hier 45m garak", 45, 0, "garak", None, "", "studied_on"),
    ("1h stride vorgestern", 60, 0, "stride", None, "", "studied_on"),
    ("1h garak am Dienstag", 60, 0, "garak", None, "am", "studied_on"),
    ("lundi 1h stride", 60, 0, "stride", None, "", "studied_on"),
    ("sonntag 1h stride", 60, 0, "stride", None, "", "studied_on"),
    ("yesteday 45m garak", 45, 0, "garak", None, "", "studied_on"),
    ("yestarday 45m garak", 45, 0, "garak", None, "", "studied_on"),
    ("eysterday 45m garak", 45, 0, "garak", None, "", "studied_on"),
    ("ystd 45m garak", 45, -1, "garak", None, "", ""),
    ("45m garak y'day", 45, -1, "garak", None, "", ""),
    ("wednsday 45m garak", 45, 0, "garak", None, "", "studied_on"),
    ("Wendesday 45m garak", 45, 0, "garak", None, "", "studied_on"),
    ("1h stride, thrusday", 60, 0, "stride", None, "", "studied_on"),
    ("1h stride firday", 60, 0, "stride", None, "", "studied_on"),
    ("45m garak prep for wednsday", 45, 0, "garak", None, "prep for wednsday", ""),
    ("45m sundry prompts", 45, 0, "", None, "sundry prompts", ""),
    ("1h garak Nov. 18", 60, -1, "garak", None, "", ""),
    ("1h garak 18. November", 60, -1, "garak", None, "", ""),
    ("1h garak on 11/18", 60, -1, "garak", None, "", ""),
    ("1h garak 3 days back", 60, -3, "garak", None, "", ""),
    ("1h garak on the weekend", 60, 0, "garak", None, "", "studied_on"),
    ("1h garak at the weekend", 60, 0, "garak", None, "", "studied_on"),
    ("over the weekend 1h garak", 60, 0, "garak", None, "", "studied_on"),
    ("1h garak last weekend", 60, 0, "garak", None, "", "studied_on"),
    ("1h garak saturday & sunday", 60, 0, "garak", None, "", "studied_on"),
    ("Monday 2h, Tuesday 1h stride", None, 0, "stride", None, "", "minutes studied_on"),
    ("2h stride on Mon 16", None, -3, "stride", None, "", "minutes"),
    ("1 to 2 hours garak", None, 0, "garak", None, "", "minutes"),
    ("30 or 40 min garak", None, 0, "garak", None, "", "minutes"),
    ("one or two hours garak", None, 0, "garak", None, "", "minutes"),
    ("1-2h garak", None, 0, "garak", None, "", "minutes"),
    ("1.30h garak", None, 0, "garak", None, "", "minutes"),
    ("1,15 h garak", None, 0, "garak", None, "", "minutes"),
    ("1.25h garak", 75, 0, "garak", None, "", ""),
    ("1.30 garak", None, 0, "garak", None, "", "minutes"),
    ("1/2 hour garak", 30, 0, "garak", None, "", ""),
    ("1 1/2 hours garak", 90, 0, "garak", None, "", ""),
    ("3/4 h garak", 45, 0, "garak", None, "", ""),
    ("45m garak 3/4 done", 45, 0, "garak", None, "3/4 done", ""),
    ("two and a quarter hours garak", 135, 0, "garak", None, "", ""),
    ("one and three quarters hours stride", 105, 0, "stride", None, "", ""),
    ("hour and a half of garak yesterday", 90, -1, "garak", None, "", ""),
    ("one hour thirty garak", 90, 0, "garak", None, "", ""),
    ("one hour thirty prompts tried", None, 0, "", None, "prompts tried", "minutes"),
    ("one hour thirty minutes garak", 90, 0, "garak", None, "", ""),
    ("1 hour 30 garak", 90, 0, "garak", None, "", ""),
    ("2 sessions of 45m garak", None, 0, "garak", None, "2 sessions", "minutes"),
    ("three rounds at 20 min stride", None, 0, "stride", None, "three rounds at 20 min", "minutes"),
    ("2x45 min garak", None, 0, "garak", None, "2x45 min", "minutes"),
    ("1h each on garak and stride", None, 0, "", None, "1h each on garak and stride", "minutes subject"),
    ("1h garak minus 10 min break", None, 0, "garak", None, "minus, break", "minutes"),
    ("60 + 30 garak", None, 0, "garak", None, "", "minutes"),
    ("2h, 15 garak", None, 0, "garak", None, "", "minutes"),
    ("100 prompts garak 45m", None, 0, "", None, "", "minutes subject"),
    ("a couple of hours on garak", None, 0, "garak", None, "a couple of hours on garak", "minutes"),
    ("all morning on stride", None, 0, "stride", None, "all morning on stride", "minutes"),
    ("45 mintues garak", None, 0, "garak", None, "45 mintues", "minutes"),
    ("1h45ish garak", None, 0, "garak", None, "", "minutes"),
    ("01:30:00 garak", None, 0, "garak", None, "", "minutes"),
    ("1h 30m 20s garak", 90, 0, "garak", None, "20s", ""),
    ("PT45M garak", None, 0, "garak", None, "PT45M", "minutes"),
    ("22:00-00:30 garak yesterday", 150, -1, "garak", None, "", ""),
    ("last night till 1am 2h garak", 120, -1, "garak", None, "till 1am", ""),
    ("45m garak page 30-45", 45, 0, "garak", None, "page 30-45", ""),
    ("45m garak try 2", 45, 0, "garak", None, "try 2", ""),
    ("Week 4: garak 45m", 45, 0, "garak", None, "Week 4", ""),
    ("45m day 3 of garak", 45, 0, "garak", None, "day 3 of garak", ""),
    ("30 mins garak at lunch", 30, 0, "garak", None, "at lunch", ""),
    ("no time today, 10m garak", 10, 0, "garak", None, "no time", ""),
]
Row = tuple[str, int | None, int, str, int | None, str, str]
TABLE: list[Row] = [*LENGTHS, *NOT_LENGTHS, *DAYS, *CONFIDENCES, *SUBJECTS, *NOTES, *TYPED]


def test_the_table_is_of_two_hundred_lines_and_more() -> None:
    lines = [row[0] for row in TABLE]
    assert len(lines) >= 200
    assert len(set(lines)) == len(lines)


@pytest.mark.parametrize("row", TABLE, ids=[row[0] for row in TABLE])
def test_a_line_reads_as_expected(row: Row) -> None:
    line, minutes, days, subject, confidence, note, fields = row
    reading = read(line)
    found = (reading.minutes, reading.subject, reading.confidence, reading.note)
    assert found == (minutes, subject, confidence, note)
    assert reading.studied_on == TODAY + timedelta(days=days)
    assert asked(reading) == fields


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("-5 garak", "a negative length cannot be logged"),
        ("0m garak", "at least one minute"),
        ("25h garak", "A day has 24 hours"),
        ("1e9 garak", "“1e9” is not a length"),
        ("½ garak", "“½” is not a length"),
        ("garak", "Say how long you studied"),
        ("14:00 garak", "can be a time of day. Did you study for 14 h"),
        ("3 garak", "minutes, hours or something else"),
        ("45 garak 1:30", "several lengths, “45” and “1:30”"),
        ("tomorrow 1h", "still to come"),
        ("1h 1999-12-31", "too long ago"),
        ("1h 31.11.", "There is no day “31.11.”"),
        ("1h thu", "Today is Thursday. Was it today, or Thu 12 Nov 2026"),
        ("1h 25 Dec", "The last “25 Dec” was Thu 25 Dec 2025"),
        ("1h Wed 17 Nov", "Tue 17 Nov 2026 is no Wednesday"),
        ("1h on mon and yesterday", "several days, “on mon” and “yesterday”"),
        ("1h c9", "from 1 to 5"),
        ("1h conf 3 c4", "“conf 3” and “c4”"),
        ("1h case studies", "Which do you mean by “case studies”"),
        ("1h stripe", "Is it on “Threat modelling with STRIDE for AI”"),
        ("1h garak 17/20", "“17/20” was not understood"),
        ("45m yesteday", "Does “yesteday” mean Wed 18 Nov 2026?"),
        ("1.30h", "“1.30h” can be 1 h 18 or 1 h 30"),
        ("1 to 2 hours", "“1 to 2 hours” is no one length"),
        ("one hour thirty reading", "Is it 1 h, or 1 h 30?"),
    ],
)
def test_a_question_says_what_is_the_matter(line: str, sentence: str) -> None:
    (ask,) = read(line).asks
    assert sentence in ask.sentence


@pytest.mark.parametrize(
    ("line", "field", "offers"),
    [
        ("45 garak 1:30", "minutes", ("45", "90")),
        ("3 garak", "minutes", ("3", "180")),
        ("1.30h garak", "minutes", ("78", "90")),
        ("1 to 2 hours", "minutes", ("60", "120")),
        ("45m gestern", "studied_on", ("2026-11-18",)),
        ("1 h 30 read about prompts", "minutes", ("60", "90")),
        ("1h thu", "studied_on", ("2026-11-19", "2026-11-12")),
        ("1h 5/6", "studied_on", ("2026-05-06", "2026-06-05")),
        ("1h met Bob on tue shift", "studied_on", ("2026-11-17", "2026-11-19")),
        ("1h tomorrow", "studied_on", ()),
        ("1h garak 3", "confidence", ("3",)),
        ("1h garak and stride", "subject", ("garak", "stride")),
    ],
)
def test_a_question_offers_what_can_have_been_meant(line: str, field: str, offers: tuple[str, ...]) -> None:
    (ask,) = read(line).asks
    assert (ask.field, ask.offers) == (field, offers)


def test_what_was_read_is_shown_in_its_place() -> None:
    line = "1h 30 yesterday garak encoding probes, confident 3 - see #3"
    reading = read(line)
    assert [(line[part.start : part.end], part.kind) for part in reading.parts] == [
        ("1h 30", "minutes"),
        ("yesterday", "studied_on"),
        ("garak", "subject"),
        ("encoding probes", "note"),
        ("confident 3", "confidence"),
        ("see #3", "note"),
    ]
    assert reading.note == "encoding probes, see #3"


def test_what_is_asked_is_shown_in_its_place() -> None:
    line = "45 garak probes 1:30 thu"
    reading = read(line)
    assert spans(line, reading, "asked") == ["45", "garak probes", "1:30", "thu"]


def test_a_subject_in_a_sentence_stays_in_the_note_and_is_shown() -> None:
    line = "45m reading about garak at night"
    reading = read(line)
    assert reading.note == "reading about garak at night"
    assert spans(line, reading, "subject") == ["garak"]


# -- subjects and choices ------------------------------------------------------------------------------------


@pytest.mark.parametrize("candidate", candidates(), ids=lambda candidate: candidate.value)
def test_every_subject_is_read_by_its_title_and_its_key(candidate: Candidate) -> None:
    for said in (candidate.title, candidate.title.lower(), candidate.title.upper(), candidate.value):
        reading = read(f"45m {said}")
        assert (reading.subject, reading.note, asked(reading)) == (candidate.value, "", "")


@pytest.mark.parametrize(
    "candidate", [row for row in candidates() if row.module_value], ids=lambda row: row.value
)
def test_a_key_without_its_verb_is_never_read_as_an_activity_it_is_not(candidate: Candidate) -> None:
    reading = read(f"45m {' '.join(slug_of(candidate.value)[1:])}")
    named = {reading.subject, *reading.choices}
    modules = {row.value for row in candidates() if not row.module_value} | {""}
    assert candidate.value in named or named <= modules


def test_the_nearest_on_the_plan_comes_first_and_decides_nothing() -> None:
    line = "45m atlas case studies"
    assert read(line).choices == ("atlas.map-three-cases", "atlas.read-six-cases", "mindset.read-two-cases")
    weighed = [replace(row, weight=9 if "six" in row.value else 0) for row in candidates()]
    reading = read_quick_log(line, weighed, TODAY)
    assert reading.choices[0] == "atlas.read-six-cases"
    assert reading.subject == ""


def test_at_most_five_can_be_chosen_from() -> None:
    others = [Candidate(f"other{n}", f"Subject {n}") for n in range(200)]
    alike = [Candidate(f"alike{n}", f"Prompt craft of sort {n}", weight=n) for n in range(7)]
    reading = read_quick_log("45m prompt craft", [*others, *alike], TODAY)
    assert reading.choices == ("alike6", "alike5", "alike4", "alike3", "alike2")


def test_without_candidates_every_word_is_a_note() -> None:
    reading = read_quick_log("45m garak probes c3", (), TODAY)
    assert (reading.minutes, reading.subject, reading.confidence) == (45, "", 3)
    assert reading.note == "garak probes"


# -- days ----------------------------------------------------------------------------------------------------

TODAYS = st.dates(date(2001, 1, 1), date(2100, 12, 31))
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


@given(TODAYS, st.integers(0, 6))
def test_a_weekday_is_the_last_such_day_and_today_is_asked(today: date, number: int) -> None:
    reading = read(f"1h on {WEEKDAYS[number]}", today)
    if number == today.weekday():
        (ask,) = reading.asks
        assert ask.offers == (today.isoformat(), (today - timedelta(days=7)).isoformat())
        assert reading.studied_on == today
    else:
        assert reading.asks == ()
        assert reading.studied_on.weekday() == number
        assert timedelta(days=1) <= today - reading.studied_on <= timedelta(days=6)


def spelled_days(today: date, gone: int) -> list[str]:
    """The ways to say a day of the last half year that can mean no other."""
    day = today - timedelta(days=gone)
    month = MONTHS[day.month - 1]
    ways = [
        day.isoformat(),
        f"on {day.isoformat()}",
        f"{day.day} {month[:3]}",
        f"{month} {day.day}",
        f"{day.day} {month.lower()} {day.year}",
        f"{WEEKDAYS[day.weekday()][:3]} {day.day} {month[:3]} {day.year}",
        f"{day:%d.%m.%Y}",
        f"{day:%d.%m.}",
    ]
    if gone <= 1:
        ways += [("today", "yesterday")[gone]]
    if gone >= 1:
        ways += [f"{gone} days ago" if gone > 1 else "a day ago"]
    if 1 <= gone <= 6:
        ways += [f"on {WEEKDAYS[day.weekday()]}", WEEKDAYS[day.weekday()][:3].lower()]
    if today.weekday() < gone <= 7:
        ways += [f"last {WEEKDAYS[day.weekday()]}"]
    return ways


@given(TODAYS, st.integers(0, 180), st.data())
def test_a_day_is_read_however_it_is_said(today: date, gone: int, data: st.DataObject) -> None:
    said = data.draw(st.sampled_from(spelled_days(today, gone)))
    line = data.draw(
        st.sampled_from([f"{said} 1h garak", f"1h {said} garak", f"1h garak {said}", f"garak 1h, {said}"])
    )
    reading = read(line, today)
    assert reading.asks == ()
    assert reading.studied_on == today - timedelta(days=gone)
    assert spans(line, reading, "studied_on") == [said]


@given(TODAYS, st.integers(1, 400))
def test_a_day_to_come_is_refused(today: date, ahead: int) -> None:
    day = today + timedelta(days=ahead)
    for said in (day.isoformat(), f"{day.day} {MONTHS[day.month - 1]} {day.year}", f"{day:%d.%m.%Y}"):
        reading = read(f"1h garak {said}", today)
        assert reading.studied_on == today
        assert [ask.sentence for ask in reading.asks] == [refuse_day(day, today)]


# -- any line ------------------------------------------------------------------------------------------------

FRAGMENTS = [
    "45", "45m", "1h", "1h30", "1 h 30", "1:30", "14:00", "14:00-15:30", "½", "½h", "-5", "1e9", "3", "12",
    "3/5", "5/6", "1.5", "1.5h", "c3", "conf 3", "confidence", "sure", "shaky", "fair", "half an hour",
    "two", "hours", "from 9 to 10:30", "garak", "stride", "atlas", "case studies", "retest", "findings",
    "owasp llm", "probes", "garka", "table-top", "read about", "shift", "the", "a", "on", "for", "and",
    "of", "with Bob", "not", "every", "-", "–", "—", ":", "#", '"', "“", "”", ",", ";", ".", "(", ")", "!",
    "/", "🎉", "\u200f", "\x00", "\n", "don't", "GPT-4", "95%", "a_b", "#3", "https://example.org",
    "LLM01:2026", "AML.T0051", "1/2 hour", "1.30h", "1 to 2 hours", "one hour thirty", "hour and a half",
    "2 sessions of",
]  # fmt: skip
DAY_FRAGMENTS = [
    "today", "yesterday", "tue", "on tue", "last friday", "thu", "2 days ago", "2026-11-17", "17 Nov",
    "Nov 17", "17.11.", "the 17th", "tomorrow", "31.11.", "5/12/2026", "25 Dec", "next monday",
    "Tue 17 Nov", "17th", "last week",
    "mon-tue", "monday morning", "17-11-2026", "a few days ago", "17/11", "17.11.26",
    "yesteday", "wednsday", "gestern", "lundi", "3 days back", "the weekend", "Nov. 17", "y'day",
]  # fmt: skip


@st.composite
def soups(draw: st.DrawFn, always: Sequence[str] = ()) -> str:
    """Fragments of lines in any order, glued or not: one of a day at most, and one of `always`."""
    pieces = draw(st.lists(st.sampled_from(FRAGMENTS), max_size=12))
    if always:
        pieces.insert(draw(st.integers(0, len(pieces))), draw(st.sampled_from(always)))
    if always is not DAY_FRAGMENTS and draw(st.booleans()):
        pieces.insert(draw(st.integers(0, len(pieces))), draw(st.sampled_from(DAY_FRAGMENTS)))
    gaps = [draw(st.sampled_from([" ", " ", " ", "", ", "])) for _ in pieces]
    return "".join(piece + gap for piece, gap in zip(pieces, gaps, strict=True))[:LONGEST_LINE]


TEXTS = st.one_of(st.text(max_size=LONGEST_LINE), st.text(string.printable, max_size=80))
LINES = st.one_of(TEXTS, soups())


def check(line: str, reading: Reading, today: date) -> None:
    """What holds of every reading."""
    values = {row.value for row in candidates()}
    assert reading.minutes is None or 1 <= reading.minutes <= 1440
    assert reading.studied_on <= today
    assert reading.confidence is None or 1 <= reading.confidence <= 5
    assert reading.subject in values | {""}
    assert set(reading.choices) <= values
    assert len(reading.choices) <= 5
    fields = [ask.field for ask in reading.asks]
    assert len(fields) == len(set(fields))
    assert (reading.minutes is None) == bool({"minutes", "line"} & set(fields))
    assert bool(reading.choices) == ("subject" in fields)
    assert not (reading.choices and reading.subject)
    assert not (reading.confidence and "confidence" in fields)
    assert not (reading.studied_on != today and "studied_on" in fields)
    assert all(ask.sentence.endswith((".", "?")) for ask in reading.asks)
    # What a database takes: no NUL, no half of a pair.
    reading.note.encode()
    assert "\x00" not in reading.note
    assert reading.note == reading.note.strip()
    assert len(reading.note) <= LONGEST_LINE * 2
    places = [(part.start, part.end) for part in reading.parts]
    assert all(0 <= start < end <= len(line) for start, end in places)
    assert all(one[1] <= other[0] for one, other in pairwise(places))
    kinds = {part.kind for part in reading.parts}
    assert (reading.minutes is not None) == ("minutes" in kinds)
    assert (reading.confidence is not None) == ("confidence" in kinds)
    assert bool(reading.subject) == ("subject" in kinds)
    assert bool(reading.note) == ("note" in kinds) or bool(spans(line, reading, "asked"))
    assert reading.studied_on == today or "studied_on" in kinds


@settings(max_examples=400)
@given(LINES, TODAYS)
def test_any_line_is_read_without_an_error(line: str, today: date) -> None:
    check(line, read(line, today), today)


NAMES_A_DAY = re.compile(
    "today|tonight|yest|yday|y'day|ystd|this|last|ago|back|mon|tue|wed|thu|fri|sat|sun"
    "|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
    r"|\d\W\d|\d(st|nd|rd|th)"
)


@settings(max_examples=300)
@given(st.one_of(TEXTS, soups(DAY_FRAGMENTS)))
@example("45m garak on tue")
@example("23:30-00:15 17 Nov")
@example("45m garak read about 3 probes on tue shift")
def test_a_day_is_read_from_words_that_say_one_and_from_nothing_else(line: str) -> None:
    reading = read(line)
    without, until = "", 0
    for part in reading.parts:
        if part.kind == "studied_on":
            assert NAMES_A_DAY.search(line[part.start : part.end].lower())
            without += line[until : part.start]
            until = part.end
    without += line[until:]
    assert read(without).studied_on == TODAY


@settings(max_examples=300)
@given(soups(["45", "45m", "1h30", "1 h 30", "1:30", "½h", "from 9 to 10:30", "14:00-15:30", "two hours"]))
@example("1 h 30 14:00-15:30 garak")
def test_no_more_minutes_are_read_than_the_words_shown_say(line: str) -> None:
    reading = read(line)
    for said in spans(line, reading, "minutes"):
        alone = read(said)
        assert (alone.minutes, alone.studied_on) == (reading.minutes, TODAY)


@settings(max_examples=200)
@given(soups(), st.randoms(use_true_random=False), st.data())
def test_the_order_of_the_candidates_does_not_matter_and_weight_only_orders_choices(
    line: str, chance: random.Random, data: st.DataObject
) -> None:
    reading = read(line)
    mixed = list(candidates())
    chance.shuffle(mixed)
    assert read_quick_log(line, mixed, TODAY) == reading
    weights = {row.value: data.draw(st.integers(0, 9)) for row in mixed if row.value in reading.choices}
    weighed = [replace(row, weight=weights.get(row.value, 0)) for row in mixed]
    again = read_quick_log(line, weighed, TODAY)
    order = sorted(reading.choices, key=lambda value: (-weights[value], reading.choices.index(value)))
    assert list(again.choices) == order
    assert replace(again, choices=(), asks=()) == replace(reading, choices=(), asks=())


# -- what is written is read ---------------------------------------------------------------------------------


def spelled_lengths(minutes: int) -> list[str]:
    hours, rest = divmod(minutes, 60)
    ways = [f"{minutes}m", f"{minutes} min", f"{minutes} minutes"]
    if hours:
        ways += [
            f"{hours}h{rest:02}",
            f"{hours}h {rest}min",
            f"{hours} hours {rest} minutes",
            f"{hours} h {rest:02}",
        ]
    if hours < 6:
        ways += [f"{hours}:{rest:02}"]
    if hours and not rest:
        ways += [f"{hours}h", f"{hours} hours", f"14:00-{14 + hours}:00" if hours <= 9 else f"{hours} h"]
    if rest == 30:
        ways += [f"{hours}.5h", f"{hours},5 h", f"{hours or ''}½h"]
    if 10 <= minutes <= 480:
        ways += [str(minutes)]
    return ways


SPELLED_CONFIDENCES = {
    number: [f"confidence {number}", f"conf {number}", f"c{number}", f"{number}/5", f"confidence: {number}"]
    for number in range(1, 6)
}
SPELLED_CONFIDENCES[1].append("shaky")
SPELLED_CONFIDENCES[3].append("fair")
SPELLED_CONFIDENCES[5].append("sure")
NOTE_TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters='"“”„«»'), max_size=60
).map(str.strip)


@settings(max_examples=400)
@given(st.data())
def test_what_is_written_in_any_order_is_read_back(data: st.DataObject) -> None:
    minutes = data.draw(st.one_of(st.integers(1, 240), st.integers(1, 1440)))
    gone = data.draw(st.integers(0, 180))
    subject = data.draw(st.sampled_from(candidates()))
    sure = data.draw(st.none() | st.integers(1, 5))
    note = data.draw(NOTE_TEXTS)
    length = data.draw(st.sampled_from(spelled_lengths(minutes)))
    named = data.draw(st.sampled_from([subject.title, subject.title.lower(), subject.value]))
    pieces = [length, data.draw(st.sampled_from(spelled_days(TODAY, gone))), named]
    if sure:
        pieces.append(data.draw(st.sampled_from(SPELLED_CONFIDENCES[sure])))
    quoted = data.draw(st.booleans())
    if note and quoted:
        pieces.append(f'"{note}"')
    pieces = data.draw(st.permutations(pieces))
    line = data.draw(st.sampled_from([" ", ", "])).join(pieces)
    if note and not quoted:
        note = f"noted {' '.join(word for word in note.split() if word.isalnum())}".strip()
        line += f"{data.draw(st.sampled_from([' - ', ' – ', ': ', ' # ']))}{note}"
    assume(len(line) <= LONGEST_LINE)
    # In `19 Nov 10` the number can be a year, which is asked.
    assume(not re.search(r"\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* \d+( |$)", line))
    reading = read(line)
    assert asked(reading) == ""
    assert (reading.minutes, reading.studied_on) == (minutes, TODAY - timedelta(days=gone))
    assert (reading.subject, reading.confidence, reading.note) == (subject.value, sure, note)


# -- size ----------------------------------------------------------------------------------------------------

HEAVY = [
    "a ", "the ", "model ", "attack system ", "garek ", "1 ", "1:", "1.", "1/", "45m ", "1h 30 ",
    "tue ", "on ", "last ", "17 nov ", "c3 ", "3/5 ", "from 9 to ", "an hour and ", "half of ", "- ",
    '"', "“", "(", "½", "🎉", ",", "\u202e", "e\u0301", "garak and ", "case study ", "the 17th ",
    "aaaaaaaaaaab ", "x", "of 5 ", "tue on ",
]  # fmt: skip


def steps(line: str) -> int:
    """How many functions are called to read a line."""
    count = 0

    def note_call(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    read(line)
    before = sys.getprofile()
    sys.setprofile(note_call)
    try:
        read(line)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("piece", HEAVY, ids=repr)
@pytest.mark.parametrize("end", ["", "x", "!", "\n"], ids=repr)
def test_a_line_that_is_made_to_be_slow_is_not(piece: str, end: str) -> None:
    half = (piece * LONGEST_LINE)[: LONGEST_LINE // 2 - 1] + end
    full = (piece * LONGEST_LINE)[: LONGEST_LINE - 1] + end
    taken = steps(full)
    assert taken < 400_000
    # Twice the text is at most four times the work, where a bad pattern would take its square and more.
    assert taken <= 5 * steps(half) + 5_000


def test_a_long_text_is_refused_before_it_is_read() -> None:
    for size in (LONGEST_LINE + 1, 2_000_000):
        begun = time.monotonic()
        reading = read("45m garak " + "x" * (size - 10))
        assert time.monotonic() - begun < 0.5
        assert asked(reading) == "line"
        assert f"at most {LONGEST_LINE} characters; this has {size}" in reading.asks[0].sentence
        assert (reading.minutes, reading.note, reading.parts) == (None, "", ())
    assert asked(read("45m garak " + "x" * (LONGEST_LINE - 10))) == ""


@given(st.integers(-10, 10**12))
def test_lengths_are_refused_as_the_form_refuses_them(number: int) -> None:
    refusal = ""
    try:
        minutes = read_minutes(str(max(min(number, 9999), -1)))
    except ValueError as refused:
        refusal = str(refused)
    reading = read(f"{number}m garak")
    assert [ask.sentence for ask in reading.asks] == ([refusal] if refusal else [])
    assert reading.minutes == (None if refusal else minutes)


def test_a_part_is_a_plain_value() -> None:
    assert read("45m").parts == (Part(0, 3, "minutes"),)
