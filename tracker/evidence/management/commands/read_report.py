"""`manage.py read_report FILE [--json]`: what is understood of a report, without learner or database."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tracker.evidence.reading import read_report
from tracker.evidence.rules.reports.rates import attack_success_rate
from tracker.evidence.rules.reports.report import Eval, Refused, Report, as_document

_KEYS = ("tool", "version", "target", "state", "requested", "evaluated", "evals")


class Command(BaseCommand):
    help = "Prints what Cairn understands of a tool's report. Keeps nothing, and needs no database."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--json", action="store_true", help="one JSON object; status 1 for a refused file"
        )
        parser.add_argument("--attack", default="", help="the attack of a Counterfit run_summary.json")
        parser.add_argument("--target", default="", help="the target of a Counterfit run_summary.json")
        parser.add_argument("--params", type=Path, help="the params.json beside a run_summary.json")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = _read(options)
        except Refused as refused:
            if not options["json"]:
                raise CommandError(str(refused)) from None
            self.stdout.write(json.dumps({"refused": str(refused)}))
            sys.exit(1)
        if options["json"]:
            document = as_document(report)
            self.stdout.write(json.dumps({key: document[key] for key in _KEYS}))
        else:
            for line in _table(report):
                self.stdout.write(line)


def _read(options: dict[str, Any]) -> Report:
    path: Path = options["file"]
    if not path.is_file():
        raise Refused(f"There is no file {path}." if not path.exists() else f"{path} is not a file.")
    try:
        parameters = options["params"].read_bytes() if options["params"] else None
        return read_report(path, attack=options["attack"], target=options["target"], parameters=parameters)
    except OSError as error:
        raise Refused(f"{error.filename} cannot be opened: {error.strerror}.") from None


def _table(report: Report) -> list[str]:
    """The report for a person at a terminal."""
    lines = [
        f"{report.tool} {report.version}".strip() + f", target {report.target or 'not named'}",
        f"{report.state}. {report.why_partial}".rstrip(),
        f"{report.attempts} attempts scored; started {report.started_at or 'at a time not named'}",
        *report.notes,
        "",
    ]
    width = max(len(f"{row.probe}  {row.detector}") for row in report.evals)
    lines += [f"{f'{row.probe}  {row.detector}':<{width}}  {_outcome(row)}" for row in report.evals]
    if report.not_evaluated:
        lines += ["", f"Asked for, without a result: {', '.join(report.not_evaluated)}"]
    return lines


def _outcome(row: Eval) -> str:
    rate = attack_success_rate(row.passed, row.evaluated)
    if rate is None:
        return "not scored"
    return (
        f"{row.passed} of {row.evaluated} passed; attack success {rate.share:.1%} "
        f"(95 % interval {rate.low:.1%} to {rate.high:.1%})"
    )
