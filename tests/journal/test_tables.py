"""Files of study time: what each tool writes, what is refused and on which line, and the way back."""

import csv
import io
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, time
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tracker.journal.models import StudySession
from tracker.journal.rules import tables
from tracker.journal.rules.table import cells
from tracker.journal.rules.tables import (
    DayOrderUnclear,
    Known,
    NotATable,
    Refusal,
    Row,
    SeveralPeople,
    Table,
    match,
    read_table,
    same,
    submissions,
    write_table,
)

BERLIN = ZoneInfo("Europe/Berlin")
KEYS = {"garak", "garak.first-scan", "stride"}


def read(file: str | bytes, **asked: object) -> Table:
    """The file as UTF-8, read for a learner in Berlin."""
    data = file.encode() if isinstance(file, str) else file
    return read_table(data, **{"zone": BERLIN, **asked})  # type: ignore[arg-type]


def one(file: str | bytes, **asked: object) -> Row:
    """The only row of a file in which nothing is refused."""
    table = read(file, **asked)
    assert table.refusals == ()
    (row,) = table.rows
    return row


def refused(file: str | bytes, **asked: object) -> dict[int, str]:
    """The sentences of a file's refused lines."""
    return {refusal.line: refusal.sentence for refusal in read(file, **asked).refusals}


def make_known(row: Row, key: int, **fields: object) -> Known:
    """The session that a row makes."""
    session = Known(
        key=key,
        minutes=row.minutes,
        studied_on=row.studied_on,
        module_key=row.module_key,
        activity_key=row.activity_key,
        note=row.note,
        confidence=row.confidence,
    )
    return replace(session, **fields)  # type: ignore[arg-type]


def imported(rows: Iterable[Row], sessions: list[Known]) -> list[Known]:
    """What an import does with the sessions there are: those stay, and the new rows join them."""
    rows = tuple(rows)
    found = match(rows, sessions)
    new = [
        make_known(row, key=1000 + len(sessions) + place, submission=number)
        for place, (row, number, session) in enumerate(zip(rows, submissions(rows), found, strict=True))
        if session is None
    ]
    return sessions + new


# ------------------------------------------------------------------------------------------------ Toggl Track

TOGGL = (
    "\ufeffUser,Email,Client,Project,Task,Description,Billable,Start date,Start time,End date,End time,"
    "Duration,Tags,Amount ()\r\n"
    "Alice,alice@example.org,,Garak,Probes,Encoding probes,No,2026-11-16,09:05:00,2026-11-16,10:35:29,"
    "01:30:29,,\r\n"
    'Alice,alice@example.org,,Stride,,"Data flows, then ""threats""",No,2026-11-17,23:30:00,2026-11-18,'
    '00:45:30,01:15:30,"reading, evening",\r\n'
)


def test_a_detailed_report_of_toggl() -> None:
    table = read(TOGGL)
    assert table == Table(
        "toggl",
        rows=(
            Row(2, 90, date(2026, 11, 16), time(9, 5), "Garak / Probes", note="Encoding probes"),
            # Over midnight: it belongs to the day it began. Half a minute counts as one.
            Row(3, 76, date(2026, 11, 17), time(23, 30), "Stride", note='Data flows, then "threats"'),
        ),
        refusals=(),
    )


def test_a_newer_report_of_toggl_with_dashes_for_nothing_and_an_entry_still_running() -> None:
    table = read(
        '\ufeff"Description","Duration","Member","Email","Project","Tags","Start date","Start time",'
        '"Stop date","Stop time"\n'
        '"First scan","1:00:00","Alice","alice@example.org","-","garak","2026-11-16","09:00:00",'
        '"2026-11-16","10:00:00"\n'
        '"-","0:20:00","Alice","alice@example.org","Stride","-","2026-11-16","11:00:00",'
        '"2026-11-16","11:20:00"\n'
        '"Reading","-","Alice","alice@example.org","-","-","2026-11-16","12:00:00","",""\n',
        keys=KEYS,
    )
    assert table.format == "toggl"
    assert table.rows == (
        Row(2, 60, date(2026, 11, 16), time(9), "garak", module_key="garak", note="First scan"),
        Row(3, 20, date(2026, 11, 16), time(11), "Stride", module_key="stride"),
    )
    assert table.refusals == (
        Refusal(4, "This entry has no end: it was still running when the file was made."),
    )


TOGGL_LENGTH = "Description,Start date,Start time,End date,End time,Duration\nx,2026-11-16,{},{}\n"


@pytest.mark.parametrize(
    ("times", "length", "minutes"),
    [
        # Improved, classic and decimal, as the profile of a Toggl user says; then those of other trackers.
        ("09:00:00,2026-11-16,10:30:00", "1:30:00", 90),
        # Half a minute is one, after even minutes as after odd ones.
        ("09:00:00,2026-11-16,10:14:30", "1:14:30", 75),
        ("09:00:00,2026-11-16,10:15:30", "1:15:30", 76),
        ("09:00:00,2026-11-16,09:18:25", "18:25 min", 18),
        ("09:00:00,2026-11-16,09:00:35", "35 sec", 1),
        ("09:00:00,2026-11-16,10:30:36", "1.51 h", 91),
        ("09:00:00,2026-11-16,10:30:36", '"1,51"', 91),
        ("09:00:00,2026-11-16,10:30:00", "1:30", 90),
        ("09:00:00,2026-11-16,10:30:00", "1h 30m 00s", 90),
        ("09:00:00,2026-11-16,10:30:00", "90 min", 90),
        ("09:00:00,2026-11-16,10:30:00", "", 90),
        # Reports may be rounded: the length is what the tool shows, not what lies between the times.
        ("09:00:00,2026-11-16,09:07:00", "0:15:00", 15),
        ("09:00:00,2026-11-17,09:00:00", "24:00:00", 1440),
    ],
)
def test_lengths_as_trackers_write_them(times: str, length: str, minutes: int) -> None:
    assert one(TOGGL_LENGTH.format(times, length)).minutes == minutes


@pytest.mark.parametrize(
    ("times", "length", "sentence"),
    [
        ("09:00:00,2026-11-16,09:18:25", "18:25", "“18:25” as hours and minutes does not fit"),
        ("09:00:00,2026-11-16,09:00:29", "0:00:29", "“0:00:29” is less than half a minute"),
        ("09:00:00,2026-11-16,09:00:00", "", "“09:00:00 to 09:00:00” is less than half a minute"),
        ("09:00:00,2026-11-17,10:00:00", "25:00:00", "“25:00:00” is 1,500 minutes, and a day has 1,440"),
        ("09:00:00,2026-11-16,10:00:00", "-1:00:00", "“-1:00:00” is not a length"),
        ("09:00:00,2026-11-16,10:00:00", "1e9", "“1e9” is not a length"),
        ("09:00:00,2026-11-16,10:00:00", "½", "“½” is not a length"),
        # Hours, minutes or seconds: nobody says.
        ("09:00:00,2026-11-16,10:00:00", "90", "“90” is not a length"),
        ("09:00:00,2026-11-16,08:00:00", "1:00:00", "ends before it begins: “2026-11-16 09:00:00”"),
        ("25:00:00,2026-11-16,10:00:00", "1:00:00", "“25:00:00” is not a time"),
        ("13:00 PM,2026-11-16,14:00:00", "1:00:00", "“13:00 PM” is not a time"),
        ("noon,2026-11-16,13:00:00", "1:00:00", "“noon” is not a time"),
        ("09:00:00,2026-11-16,", "", "The length is missing"),
        ("09:00:00,2026-02-30,10:00:00", "1:00:00", "There is no day “2026-02-30”"),
    ],
)
def test_lengths_that_are_none(times: str, length: str, sentence: str) -> None:
    found = refused(TOGGL_LENGTH.format(times, length))
    assert list(found) == [2]
    assert sentence in found[2]


def test_a_night_of_three_hours_that_the_clock_calls_two() -> None:
    # In Berlin the hour after 02:00 on 25 October 2026 came twice.
    file = "Description,Start date,Start time,End date,End time,Duration\nx,2026-10-25,{},2026-10-25,{},\n"
    assert one(file.format("01:00:00", "04:00:00")).minutes == 240
    # Ten past the second two o'clock, begun at half past the first one.
    assert one(file.format("02:30:00", "02:10:00")).minutes == 40


def test_the_report_of_a_team_is_asked_whose_time_it_is() -> None:
    file = (
        "User,Email,Project,Description,Start date,Start time,End date,End time,Duration\n"
        "Alice,alice@example.org,Garak,Probes,2026-11-16,09:00:00,2026-11-16,10:00:00,1:00:00\n"
        "Bob,bob@example.org,Stride,Review,2026-11-16,09:00:00,2026-11-16,11:00:00,2:00:00\n"
        ",,Stride,Review,2026-11-16,09:00:00,2026-11-16,11:00:00,2:00:00\n"
    )
    with pytest.raises(SeveralPeople, match="the time of 2 people: “alice") as asked:
        read(file)
    assert asked.value.people == ("alice@example.org", "bob@example.org")
    table = read(file, person="Alice@Example.org")
    assert [row.note for row in table.rows] == ["Probes"]
    assert [(refusal.line, refusal.sentence) for refusal in table.refusals] == [
        (3, "This is the time of “bob@example.org”, not yours."),
        (4, "This line does not say whose time it is."),
    ]


# --------------------------------------------------------------------------------------------------- Clockify

CLOCKIFY = (
    "Project,Client,Description,Task,User,Group,Email,Tags,Billable,Start Date,Start Time,End Date,End Time,"
    "Duration (h),Duration (decimal),Billable Rate (EUR),Billable Amount (EUR)\n"
    "garak,,First scan,garak.first-scan,Alice,,alice@example.org,,Yes,{},01:05:00 PM,{},02:35:00 PM,"
    "01:30:00,1.50,0.00,0.00\n"
    "Stride,,Data flows,,Alice,,alice@example.org,,Yes,{},12:10 AM,{},12:40 AM,00:30:00,0.50,0.00,0.00\n"
)


def test_a_detailed_report_of_clockify() -> None:
    table = read(CLOCKIFY.format("11/23/2026", "11/23/2026", "11/05/2026", "11/05/2026"), keys=KEYS)
    assert table.format == "clockify"
    assert table.rows == (
        Row(
            2,
            90,
            date(2026, 11, 23),
            time(13, 5),
            "garak / garak.first-scan",
            "garak",
            "garak.first-scan",
            note="First scan",
        ),
        Row(3, 30, date(2026, 11, 5), time(0, 10), "Stride", "stride", note="Data flows"),
    )
    assert table.remarks == ("“11/23/2026” in line 2 shows that the month comes first.",)


def test_one_day_after_the_twelfth_decides_for_all() -> None:
    days = [row.studied_on for row in read(CLOCKIFY.format(*["04/11/2026"] * 2, *["13/11/2026"] * 2)).rows]
    assert days == [date(2026, 11, 4), date(2026, 11, 13)]
    days = [row.studied_on for row in read(CLOCKIFY.format(*["04/11/2026"] * 2, *["04/13/2026"] * 2)).rows]
    assert days == [date(2026, 4, 11), date(2026, 4, 13)]
    # The last day of an entry decides like the first, and against what was asked for.
    night = read(CLOCKIFY.format("12/11/2026", "13/11/2026", "04/11/2026", "04/11/2026"), day_first=False)
    assert [row.studied_on for row in night.rows] == [date(2026, 11, 12), date(2026, 11, 4)]
    assert night.remarks == ("“13/11/2026” in line 2 shows that the day comes first.",)


def test_days_that_nothing_decides_are_asked_for() -> None:
    file = CLOCKIFY.format("04/11/2026", "04/11/2026", "05/05/2026", "05/05/2026")
    with pytest.raises(DayOrderUnclear) as asked:
        read(file)
    assert str(asked.value) == (
        "“04/11/2026” in line 2 is 2026-11-04 if the day comes first and 2026-04-11 if the month does, "
        "and no other day in the file decides it. Say which comes first."
    )
    assert [row.studied_on for row in read(file, day_first=True).rows] == [
        date(2026, 11, 4),
        date(2026, 5, 5),
    ]
    assert [row.studied_on for row in read(file, day_first=False).rows] == [
        date(2026, 4, 11),
        date(2026, 5, 5),
    ]


def test_days_in_two_orders_are_refused() -> None:
    with pytest.raises(NotATable, match="“23/11/2026” in line 3 has the day first, “11/23/2026” in line 2"):
        read(CLOCKIFY.format(*["11/23/2026"] * 2, *["23/11/2026"] * 2))


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("2026-11-05", date(2026, 11, 5)),
        ("2026/11/5", date(2026, 11, 5)),
        # Nobody writes the month first with dots.
        ("05.11.2026", date(2026, 11, 5)),
        ("11/11/2026", date(2026, 11, 11)),
        # Not refused for being far ahead or back: there is no clock here.
        ("2999-01-01", date(2999, 1, 1)),
        ("0999-01-01", date(999, 1, 1)),
    ],
)
def test_days_that_need_no_asking(said: str, day: date) -> None:
    assert one(f"date,minutes\n{said},45\n").studied_on == day


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("2026-02-29", "There is no day “2026-02-29”"),
        ("31/02/2026", "There is no day “31/02/2026”"),
        ("99/99/2026", "There is no day “99/99/2026”"),
        ("05/11/26", "“05/11/26” is not a date"),
        ("2026-11/05", "“2026-11/05” is not a date"),
        ("next Tuesday", "“next Tuesday” is not a date"),
        ("", "The day is missing"),
    ],
)
def test_days_that_are_none(said: str, sentence: str) -> None:
    assert sentence in refused(f"date,minutes\n{said},45\n")[2]


def test_the_total_below_a_report_is_not_an_entry() -> None:
    file = CLOCKIFY.format(*["2026-11-23"] * 4) + "Total,,,,,,,,,,,,,02:00:00,2.00,,0.00\n"
    assert len(read(file).rows) == 2
    assert refused(file) == {4: "This line is the total of the report, not an entry."}


def test_a_length_is_read_from_the_column_of_decimal_hours() -> None:
    file = "Project,Start Date,Duration (decimal)\nGarak,2026-11-16,{}\n"
    assert one(file.format("1.51")).minutes == 91
    assert one(file.format("2")).minutes == 120
    assert "“24.1” is 1,446 minutes" in refused(file.format("24.1"))[2]


# ------------------------------------------------------------------------------------------------ timewarrior

TIMEWARRIOR = (
    "[\n"
    '{"id":3,"start":"20261119T130000Z","end":"20261119T143029Z","tags":["garak","probes"],'
    '"annotation":"Encoding probes"},\n'
    '{"id":2,"start":"20261119T233000Z","end":"20261120T004500Z","tags":["reading list"]},\n'
    '{"id":1,"start":"20261120T080000Z","tags":["stride"]}\n'
    "]\n"
)


def test_an_export_of_timewarrior_in_the_zone_of_the_learner() -> None:
    table = read(TIMEWARRIOR, keys=KEYS)
    assert table.format == "timewarrior"
    assert table.rows == (
        Row(2, 90, date(2026, 11, 19), time(14), "garak, probes", "garak", note="Encoding probes"),
        # Half past midnight in Berlin, where it is the next day.
        Row(3, 75, date(2026, 11, 20), time(0, 30), "reading list"),
    )
    assert table.refusals == (
        Refusal(4, "This interval has no end: it was still running when the file was made."),
    )
    there = read(TIMEWARRIOR, zone=ZoneInfo("America/New_York"))
    assert [(row.studied_on, row.started_at) for row in there.rows] == [
        (date(2026, 11, 19), time(8)),
        (date(2026, 11, 19), time(18, 30)),
    ]


def test_the_lines_of_intervals_that_a_program_has_laid_out() -> None:
    begun, ended = '"start": "20261119T130000Z"', '"end": "20261119T140000Z"'
    table = read(f'\n[\r\n  {{\n    {begun},\n    {ended}\n  }},\n\n  {{"start": ""}}]')
    assert [row.line for row in table.rows] == [3]
    assert [refusal.line for refusal in table.refusals] == [8]


def test_an_interval_over_a_change_of_the_clock_is_as_long_as_it_was() -> None:
    file = '[{"start":"20261025T000000Z","end":"20261025T030000Z"}]'
    row = one(file)
    assert (row.studied_on, row.started_at, row.minutes) == (date(2026, 10, 25), time(2), 180)


@pytest.mark.parametrize(
    ("interval", "sentence"),
    [
        ('{"start":"20261119T130000Z","end":"20261119T120000Z"}', "ends before it begins"),
        ('{"start":"20261119T130000Z","end":"20261119T130029Z"}', "is less than half a minute"),
        ('{"start":"20261119T130000Z","end":"20261121T130000Z"}', "is 2,880 minutes"),
        ('{"start":"20261319T130000Z","end":"20261121T130000Z"}', "There is no instant “20261319T130000Z”"),
        ('{"start":"2026-11-19 13:00","end":"20261121T130000Z"}', "The start is “2026-11-19 13:00”"),
        ('{"start":7,"end":"20261121T130000Z"}', "“7”"),
        ('{"start":[[[]]],"end":"20261121T130000Z"}', "The start of this interval is missing or no text"),
        ('{"end":"20261121T130000Z"}', "The start of this interval is missing or no text"),
        (
            '{"start":"20261119T130000Z","end":"20261119T140000Z","end":"20261119T150000Z"}',
            "“end” stands twice",
        ),
        ('{"start":"20261119T130000Z","end":"20261119T140000Z","tags":"garak"}', "are no list of words"),
        ('{"start":"20261119T130000Z","end":"20261119T140000Z","tags":[{}]}', "are no list of words"),
        ('{"start":"20261119T130000Z","end":"20261119T140000Z","annotation":["x"]}', "is no text"),
        ('{"start":"20261119T130000Z","end":"20261119T140000Z","annotation":"\\u0000"}', "holds a NUL"),
        ('{"start":"20261119T130000Z","end":"20261119T140000Z","annotation":"\\ud800"}', "half a character"),
        ('{"start":"99991231T235900Z","end":"99991231T235959Z"}', "outside the years"),
        ("12", "Expected is an interval"),
        ("[]", "Expected is an interval"),
    ],
)
def test_intervals_that_are_none(interval: str, sentence: str) -> None:
    good = '{"start":"20261119T130000Z","end":"20261119T140000Z"}'
    table = read(f"[\n{good},\n{interval},\n{good}\n]")
    assert [row.line for row in table.rows] == [2, 4]
    ((line, said),) = [(refusal.line, refusal.sentence) for refusal in table.refusals]
    assert line == 3
    assert sentence in said


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("[]", "The list of intervals is empty"),
        ("{}", "not what “timew export” writes"),
        ('{"start":"20261119T130000Z"}', "not what “timew export” writes"),
        ('[{"description":"x","duration":60}]', "not what “timew export” writes"),
        ("[1, 2, 3]", "not what “timew export” writes"),
        ('[\n{"start":"20261119T130000Z"},\n{"sta', "breaks off or is wrong from line 3 on"),
        ('[\n{"start":"20261119T130000Z"}', "breaks off or is wrong from line 2 on"),
        ("[\n", "breaks off or is wrong from line 2 on"),
        ('[{"start":"x"}] and more', "Something stands after the end"),
        ("[" * 100_000, "lists in lists without end"),
        ('[{"a":' * 100_000, "lists in lists without end"),
        ("[" + '{"start":"x"},' * 20_001 + "1]", "more than 20,000 rows"),
    ],
)
def test_json_that_is_not_timewarriors(file: str, sentence: str) -> None:
    with pytest.raises(NotATable) as refusal:
        read(file)
    assert sentence in str(refusal.value)


# ----------------------------------------------------------------------------------------------- a plain list

ROW = Row(2, 45, date(2026, 11, 16), subject="garak", note="Encoding probes, all of them")


@pytest.mark.parametrize(
    "file",
    [
        'date,minutes,module,note\n2026-11-16,45,garak,"Encoding probes, all of them"\n',
        "date;minutes;module;note\n2026-11-16;45;garak;Encoding probes, all of them\n",
        "date\tminutes\tmodule\tnote\n2026-11-16\t45\tgarak\tEncoding probes, all of them\n",
        "date|minutes|module|note\n2026-11-16|45|garak|Encoding probes, all of them\n",
        'NOTE , Module,MINUTES,Date\n"Encoding probes, all of them",garak,45,2026-11-16\n',
        'date,minutes,module,note\r\n2026-11-16,45,garak,"Encoding probes, all of them"',
        'date,minutes,module,note\r2026-11-16,45,garak,"Encoding probes, all of them"\r',
        'date,minutes,module,note,,\n2026-11-16,45.0,garak,"Encoding probes, all of them",,\n',
        'sep=;\n2026-11-16;"45,00";garak;Encoding probes, all of them\n',
        '\n2026-11-16,45m,garak,"Encoding probes, all of them"\n',
        "\n2026-11-16;0:45;garak;Encoding probes, all of them\n",
    ],
)
def test_a_plain_list_in_its_shapes(file: str) -> None:
    table = read(file)
    assert table == Table("plain", (ROW,), ())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_list_in_any_unicode(encoding: str) -> None:
    row = one("date,minutes,module,note\n2026-11-16,45,garak,Ünïcödé 日本\n".encode(encoding))
    assert row.note == "Ünïcödé 日本"


def test_a_list_in_no_unicode_says_how_it_was_read() -> None:
    file = "date,minutes,module,note\n2026-11-16,45,garak,Prüfung “x”\n"
    table = read(file.encode("cp1252"))
    assert table.rows[0].note == "Prüfung “x”"
    assert table.remarks == (
        "The file is not UTF-8, so it was read as Windows-1252; see whether its accents are right.",
    )
    table = read(file.replace("“x”", "\x81").encode("latin-1"))
    assert table.rows[0].note == "Prüfung \x81"
    assert "read as Latin-1" in table.remarks[0]


def test_a_module_is_a_key_only_where_there_is_one() -> None:
    file = "date,minutes,module\n2026-11-16,45,Garak.first-scan\n2026-11-16,45,GARAK \n2026-11-16,45,atlas\n"
    found = [(row.subject, row.module_key, row.activity_key) for row in read(file, keys=KEYS).rows]
    assert found == [
        ("Garak.first-scan", "garak", "garak.first-scan"),
        ("GARAK", "garak", ""),
        ("atlas", "", ""),
    ]
    # Two modules at once are none.
    assert one("date,minutes,module,activity\n2026-11-16,45,stride,garak.first-scan\n", keys=KEYS) == Row(
        2, 45, date(2026, 11, 16), subject="stride / garak.first-scan"
    )


def test_a_column_that_is_not_read_is_said() -> None:
    table = read("date,minutes,Mood,confidence\n2026-11-16,45,good,3\n")
    assert table.rows == (Row(2, 45, date(2026, 11, 16), confidence=3),)
    assert table.remarks == ("Columns that are not read: “mood”.",)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("2026-11-16,1e9,garak,", "“1e9” is not a length. Expected are minutes such as 45."),
        (
            "2026-11-16,-5,garak,",
            "“-5”: Study takes at least one minute; a negative length cannot be logged.",
        ),
        ("2026-11-16,½,garak,", "“½” is not a length. Expected are minutes such as 45."),
        ("2026-11-16,0,garak,", "“0”: Study takes at least one minute."),
        ("2026-11-16,1441,garak,", "“1441”: A day has 24 hours."),
        # A thousand to some, one to others.
        ('2026-11-16,"1,000",garak,', "“1,000” is not a length"),
        ("2026-11-16,=45,garak,", "“=45” is not a length"),
        ("2026-11-16,,garak,", "The minutes are missing"),
        ("2026-11-16,45", "This line has 2 cells with a comma between them, and 4 are expected."),
        ("2026-11-16;45;garak;note", "This line has 1 cell with a comma between them, and 4 are expected."),
        (
            "2026-11-16,45,garak,one,two",
            "This line has 5 cells with a comma between them, and 4 are expected.",
        ),
        ("2026-11-16,45,garak,a\0b", "NUL"),
        (f"2026-11-16,45,garak,{'x' * 4001}", "A note has at most 4,000 characters; “xxx"),
        (f"2026-11-16,45,{'x' * 501},", "A subject has at most 500 characters"),
        ('2026-11-16,45,garak,"a"b', "This line: a quotation mark stands where a cell should end"),
        (f"2026-11-16,45,garak,{'x' * 2_000_000}", "This line has 2,000,021 characters; no note is so long."),
        ("," * 300 + "x", "This line has 301 cells; no report has so many columns."),
    ],
)
def test_lines_that_are_refused_and_those_around_them_read(row: str, sentence: str) -> None:
    good = "2026-11-16,45,garak,fine\n"
    table = read(f"date,minutes,module,note\n{good}{row}\n{good}")
    assert [row.line for row in table.rows] == [2, 4]
    ((line, said),) = [(refusal.line, refusal.sentence) for refusal in table.refusals]
    assert line == 3
    assert sentence in said
    assert len(said) < 250
    assert said.isprintable()


def test_a_formula_is_text() -> None:
    row = one("date,minutes,module,note\n2026-11-16,45,=1+1,\"=cmd|'/c calc'!A0\"\n")
    assert (row.subject, row.note) == ("=1+1", "=cmd|'/c calc'!A0")


def test_what_is_shown_of_a_file_is_visible_and_short() -> None:
    said = refused(f"date,minutes\n\u202e2026\x1b[31m{'x' * 100},45\n")[2]
    assert said == f"“�2026�[31m{'x' * 29}…” is not a date. Expected is one like 2026-11-23."


def test_a_quotation_mark_that_is_never_closed() -> None:
    table = read('date,minutes\n2026-11-16,45\n2026-11-17,"45\n2026-11-18,45\n2026-11-19,45\n')
    assert [row.line for row in table.rows] == [2]
    assert table.refusals == (
        Refusal(
            3, "A quotation mark is opened on this line and not closed, so lines 3 to 5 could not be read."
        ),
    )


def test_nothing_is_read_out_of_a_cell_that_never_ends() -> None:
    table = read('date,minutes\n2026-11-16,45\n"' + "2026-11-17,45\n" * 15_000)
    assert [row.line for row in table.rows] == [2]
    ((line, said),) = [(refusal.line, refusal.sentence) for refusal in table.refusals]
    assert line == 3
    assert "so lines 3 to 15,002 could not be read" in said


def test_a_quotation_mark_that_another_row_closes() -> None:
    table = read('date,minutes,note\n2026-11-16,45,"a\n2026-11-17,45,"b"\n2026-11-18,45,"c"\n')
    assert [row.line for row in table.rows] == [4]
    ((line, said),) = [(refusal.line, refusal.sentence) for refusal in table.refusals]
    assert (line, said[:13]) == (2, "Lines 2 to 3:")


@given(st.lists(st.integers(0, 3), min_size=1, max_size=8), st.sampled_from(["\n", "\r\n", "\r"]))
def test_the_lines_are_right_whatever_the_notes_hold(breaks: list[int], end: str) -> None:
    file = f"date,minutes,note{end}{end}"
    lines = []
    line = 3
    for place, count in enumerate(breaks):
        # Every second row has an impossible day: rows and refusals are counted alike.
        day = "2026-02-30" if place % 2 else "2026-11-16"
        file += f'{day},45,"a{f"{end}x" * count}"{end}'
        lines.append(line)
        line += count + 1
    table = read(file)
    assert [row.line for row in table.rows] == lines[::2]
    assert [refusal.line for refusal in table.refusals] == lines[1::2]


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (b"", "The file is empty."),
        (b"\xef\xbb\xbf \r\n\n", "The file is empty."),
        (b",,,\n", "The file is empty."),
        (b"date,minutes,module,note\n", "names its columns and has no row below them"),
        (b"date,minutes,module,note\n\n,,,\n", "names its columns and has no row below them"),
        (b"when:how long:what\n2026-11-16:45:garak\n", "The first row is “when:how long:what”. Expected are"),
        (b"Datum;Minuten\n2026-11-16;45\n", "The first row is “Datum, Minuten”. Expected are the columns"),
        (b"User,Time (h),Time (decimal)\nAlice,1:00:00,1.00\n", "looks like a summary"),
        (
            b"date,day,minutes\n2026-11-16,2026-11-16,45\n",
            "Two columns, “date” and “day”, say the same thing",
        ),
        (b"date,minutes,minutes\n2026-11-16,45,45\n", "Two columns, “minutes” and “minutes”, say the same"),
        (b"PK\x03\x04\x14\x00", "This is a workbook or a zip archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "This is a workbook"),
        (b"%PDF-1.7", "This is a PDF"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "This is not a text file"),
        (b"\xff\xfed\x00a\x00t", "begins like UTF-16 and then is not"),
        (b"\xef\xbb\xbfdate,\xff", "begins like UTF-8 and then is not"),
        (b"\x00" * 1000, "Expected are the columns"),
        (b'"never closed', "The first row cannot be read"),
        (b"x" * 5_000_001, "The file has 5,000,001 bytes, and at most 5,000,000 (5 MB) are read"),
        (b"date,minutes\n" + b"2026-11-16,45\n" * 20_001, "more than 20,000 rows"),
        (b"date,minutes\n" + b"x\n" * 1_000_000, "The file has 1,000,001 lines"),
    ],
    ids=lambda value: value[:20].decode("latin-1") if isinstance(value, bytes) else None,
)
def test_files_that_are_refused_as_a_whole(file: bytes, sentence: str) -> None:
    with pytest.raises(NotATable) as refusal:
        read(file)
    assert sentence in str(refusal.value)
    assert str(refusal.value).isprintable()


def test_a_file_of_the_most_rows_is_read() -> None:
    assert len(read(b"date,minutes\n" + b"2026-11-16,45\n" * tables.MAX_ROWS).rows) == tables.MAX_ROWS


BEGINNINGS = [
    b"",
    b"date,minutes,module,note\n",
    b"2026-11-16,45,",
    TOGGL.encode(),
    CLOCKIFY.format(*["11/11/2026"] * 4).encode(),
    TIMEWARRIOR.encode()[:-4],
    b'[{"start":"20261119T130000Z","end":"20261119T140000Z"',
    b"date,minutes,module_key,activity_key,confidence,note\n",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(BEGINNINGS), st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode)))
@example(b"", b"0001-01-01,1")
@example(b"Start date,Start time,End date,End time\n", b"0001-01-01,00:00,9999-12-31,23:59")
@example(b"Start date,Start time,End date,End time\n", b"9999-12-31,23:59,0001-01-01,00:00")
def test_any_bytes_are_a_table_or_refused(beginning: bytes, rest: bytes) -> None:
    try:
        table = read(beginning + rest)
    except NotATable:
        return
    lines = [row.line for row in table.rows] + [refusal.line for refusal in table.refusals]
    assert len(set(lines)) == len(lines) > 0
    assert (
        1 <= min(lines) <= max(lines) <= (beginning + rest).count(b"\n") + (beginning + rest).count(b"\r") + 1
    )
    assert all(1 <= row.minutes <= 1440 for row in table.rows)
    assert all(refusal.sentence.isprintable() for refusal in table.refusals)


CELLS = st.text(
    st.one_of(st.sampled_from("'=+-@＝\t\r\n \";,|\ufeff0"), st.characters(exclude_categories=["Cs"])),
    max_size=30,
)


TEXTS = CELLS.filter(lambda text: "\0" not in text)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.dates().map(str), st.sampled_from(["", "2026-02-30", "x"]), TEXTS),
            st.one_of(st.integers(1, 1440).map(str), st.sampled_from(["", "0", "1441", "-5", "1e9"]), TEXTS),
            TEXTS,
            TEXTS,
        ),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from(",;\t|"),
)
def test_every_row_is_read_as_it_stands_or_refused_on_its_line(
    cells: list[tuple[str, str, str, str]], delimiter: str
) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter)
    writer.writerow(["date", "minutes", "module", "note"])
    said = {}
    for written in cells:
        if any(cell.strip() for cell in written):
            said[len(list(io.StringIO(file.getvalue(), newline=""))) + 1] = written
        writer.writerow(written)
    if not said:
        return
    table = read(file.getvalue())
    assert sorted([row.line for row in table.rows] + [no.line for no in table.refusals]) == list(said)
    for row in table.rows:
        day, minutes, module, note = said[row.line]
        if minutes.strip().isdecimal():
            assert row.minutes == int(minutes)
        if len(day) == 10:
            assert str(row.studied_on) == day
        assert row.subject == module.strip()
        assert row.note == note.replace("\r\n", "\n").replace("\r", "\n").strip()


# ---------------------------------------------------------------------------------------- out, and in again

ROWS = st.builds(
    Row,
    line=st.just(0),
    minutes=st.integers(1, 1440),
    studied_on=st.dates(),
    started_at=st.none() | st.times().map(lambda at: at.replace(microsecond=0)),
    subject=TEXTS,
    module_key=st.sampled_from(["", "garak", "stride"]),
    activity_key=st.sampled_from(["", "garak.first-scan", "stride.retired-one"]),
    confidence=st.none() | st.integers(1, 5),
    note=TEXTS,
    source_id=TEXTS,
)


@settings(max_examples=400, deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=6, unique_by=lambda row: row.source_id or id(row)))
@example(
    [Row(0, 45, date(2026, 11, 16), note=note) for note in ("'", "'=", "''=x", " =x", "- a\n- b", "'tis")]
)
def test_what_is_written_is_read_back_to_the_last_blank(rows: list[Row]) -> None:
    file = write_table(rows)
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        table = read(file.encode(encoding))
        assert (table.format, table.refusals, table.remarks) == ("cairn", (), ())
        assert [replace(row, line=0) for row in table.rows] == rows
    first = {cell[0] for line in csv.reader(io.StringIO(file, newline="")) for cell in line if cell}
    assert not first & set("=+-@\t\r\n＝＋－＠")


def test_the_file_of_cairn() -> None:
    rows = [
        Row(0, 45, date(2026, 11, 16), module_key="garak", confidence=3, note="=cmd|' /c calc'!A0"),
        Row(0, 90, date(2026, 11, 17), note='- one\n- "two"'),
    ]
    assert write_table(rows) == (
        "date,minutes,module_key,activity_key,confidence,note\r\n"
        "2026-11-16,45,garak,,3,'=cmd|' /c calc'!A0\r\n"
        '2026-11-17,90,,,,"\'- one\n- ""two"""\r\n'
    )
    assert write_table([]) == "date,minutes,module_key,activity_key,confidence,note\r\n"


def test_a_file_of_cairn_that_a_spreadsheet_saved() -> None:
    file = "DATE;MINUTES;MODULE_KEY;ACTIVITY_KEY;CONFIDENCE;NOTE\r\n16.11.2026;45,0;garak;;3,0;'=1\r\n"
    assert one(file) == Row(2, 45, date(2026, 11, 16), module_key="garak", confidence=3, note="=1")


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ("Garak,,,", "“Garak” is no key of a module"),
        (f"{'g' * 81},,,", "is no key of a module"),
        ("garak,first scan,,", "“first scan” is no key of an activity"),
        ("garak,,6,", "“6” is no confidence"),
        ("garak,,½,", "“½” is no confidence"),
    ],
)
def test_a_file_of_cairn_is_checked_like_any(cells: str, sentence: str) -> None:
    file = f"date,minutes,module_key,activity_key,confidence,note\n2026-11-16,45,{cells}\n"
    assert sentence in refused(file)[2]


def test_a_session_that_a_file_of_cairn_has_twice() -> None:
    row = Row(0, 45, date(2026, 11, 16), source_id="8f6c0c1e-53a7-4c35-a2ad-0d2a4c7a4a10")
    table = read(write_table([row, replace(row, minutes=50)]))
    assert [entry.minutes for entry in table.rows] == [45]
    assert table.refusals[0].sentence.startswith("This line is the same session as line 2, by its source_id.")


# ------------------------------------------------------------------------------------------ what is there

FILES = [
    TOGGL,
    CLOCKIFY.format(*["2026-11-16"] * 4),
    TIMEWARRIOR,
    "date,minutes,module,note\n2026-11-16,45,garak,\n2026-11-16,45,garak,\n2026-11-16,45,garak,x\n",
]


@pytest.mark.parametrize("file", FILES, ids=["toggl", "clockify", "timewarrior", "plain"])
def test_a_file_imported_twice_logs_once(file: str) -> None:
    rows = read(file).rows
    once = imported(rows, [])
    # Two equal ones in the file are two.
    assert len(once) == len(rows)
    assert imported(rows, once) == once
    assert len({session.submission for session in once}) == len(rows)


def test_a_longer_file_adds_what_it_has_more() -> None:
    file = FILES[3]
    once = imported(read(file).rows, [])
    longer = read(file + "2026-11-16,45,garak,\n2026-11-17,45,garak,\n").rows
    assert [found is None for found in match(longer, once)] == [False, False, False, True, True]


def test_a_session_corrected_or_deleted_since_does_not_come_again() -> None:
    rows = read(FILES[3]).rows
    first, second, third = imported(rows, [])
    there = [
        replace(first, minutes=50, module_key="stride", note="corrected"),
        replace(second, deleted=True),
        third,
    ]
    assert match(rows, there) == tuple(there)


def test_a_subject_matched_with_another_module_is_the_same_row() -> None:
    rows = read(FILES[3]).rows
    assert submissions([replace(row, module_key="garak") for row in rows]) == submissions(rows)
    assert submissions(read(FILES[3], keys=KEYS).rows) == submissions(rows)


def test_a_session_logged_by_hand_answers_for_one_row_alone() -> None:
    rows = read(FILES[3], keys=KEYS).rows
    by_hand = Known(7, 45, date(2026, 11, 16), module_key="garak")
    assert match(rows, [by_hand]) == (by_hand, None, None)
    assert match(rows, [replace(by_hand, deleted=True)]) == (None, None, None)
    assert match(rows, [replace(by_hand, module_key="stride")]) == (None, None, None)
    # What came of the second row is the second row, and the one by hand still answers for the first.
    twice = imported(rows, [by_hand])
    assert len(twice) == 3
    assert imported(rows, twice) == twice


def test_a_row_without_confidence_takes_none_from_a_row_that_states_it() -> None:
    there = [Known(1, 45, date(2026, 11, 16), confidence=5), Known(2, 45, date(2026, 11, 16), confidence=3)]
    rows = [Row(2, 45, date(2026, 11, 16)), Row(3, 45, date(2026, 11, 16), confidence=5)]
    assert match(rows, there) == (there[1], there[0])
    assert match([replace(rows[1], confidence=4)], there) == (None,)
    assert same(rows[0], there[0])
    assert not same(replace(rows[1], confidence=4), there[0])


SESSIONS = st.lists(
    st.builds(
        Known,
        key=st.just(0),
        minutes=st.sampled_from([30, 45]),
        studied_on=st.sampled_from([date(2026, 11, 16), date(2026, 11, 17)]),
        module_key=st.sampled_from(["", "garak"]),
        note=st.sampled_from(["", "x", "=x", " x\n", "'tis"]),
        confidence=st.sampled_from([None, 3, 5]),
        submission=st.none() | st.uuids(),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda session: session.submission or id(session),
)


@settings(deadline=None)
@given(SESSIONS, st.booleans(), st.booleans())
def test_the_import_of_an_export_changes_nothing(drawn: list[Known], with_ids: bool, resaved: bool) -> None:
    sessions = [replace(session, key=key) for key, session in enumerate(drawn)]
    file = write_table(
        Row(
            0,
            session.minutes,
            session.studied_on,
            module_key=session.module_key,
            note=session.note,
            confidence=session.confidence,
            source_id=str(session.submission or "") if with_ids else "",
        )
        for session in sessions
    )
    if resaved:
        # A spreadsheet may end lines otherwise, and the lines of notes too.
        file = file.replace("\r\n", "\n").replace("\n", "\r\n")
    found = match(read(file).rows, sessions)
    assert None not in found
    assert len({session.key for session in found if session}) == len(sessions)


def test_an_export_knows_its_sessions_after_they_were_corrected() -> None:
    number = UUID("8f6c0c1e-53a7-4c35-a2ad-0d2a4c7a4a10")
    session = Known(1, 45, date(2026, 11, 16), submission=number)
    rows = read(write_table([Row(0, 45, date(2026, 11, 16), source_id=str(number))])).rows
    corrected = replace(session, minutes=60)
    assert match(rows, [corrected]) == (corrected,)
    assert not same(rows[0], corrected)
    # Another learner may read the same file once.
    assert submissions(rows) == (number,)
    # No two rows share a number, whatever the file says.
    assert len(set(submissions([*rows, *rows, *rows]))) == 3


def test_numbers_of_rows_stay_as_they_are() -> None:
    # They are in the database: another way to make them would log every file again.
    assert submissions(read(FILES[3]).rows) == (
        UUID("546c4cea-2867-59df-a363-2f987b625c81"),
        UUID("d427ae19-744f-51fa-9954-6cc49ec21194"),
        UUID("2efb9680-7f0e-5640-8528-53dab9a6471f"),
    )


def test_the_limits_are_those_of_what_is_stored() -> None:
    fields = {field.name: field for field in StudySession._meta.fields}
    assert fields["note"].max_length == cells.LONGEST_NOTE
    assert fields["module_key"].max_length == tables.LONGEST_MODULE_KEY
    assert fields["activity_key"].max_length == tables.LONGEST_ACTIVITY_KEY
