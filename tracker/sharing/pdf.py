"""A portfolio as a PDF, of the same values as its page: the same values give the same bytes.

To import this takes fpdf2 and what that needs, so only who asks for a PDF imports it.
"""

from datetime import UTC, datetime, time

from tracker.library.prose import paragraphs
from tracker.library.words import count, hours, long_date
from tracker.milestones.pdf import LOZENGE, QUIET, Paper
from tracker.sharing.queries import ShownPortfolio
from tracker.sharing.rules import ShownCriterion, ShownEvidence, ShownMilestone

LAB_WORDS = {"met": "every rule met", "claimed": "part of it claimed", "missing": "rules not met"}


def portfolio_pdf(shown: ShownPortfolio) -> bytes:
    """The portfolio as a PDF file, dated with its latest milestone."""
    days = [row.completed_on for row in shown.milestones if row.completed_on]
    on = max(days, default=None)
    at = datetime.combine(on, time(), tzinfo=UTC) if on else datetime(2000, 1, 1, tzinfo=UTC)
    paper = Paper(shown.title, at)
    paper.heading = paper.drawable(shown.title)
    paper.say(shown.title, 24, strong=True)
    for paragraph in paragraphs(shown.intro):
        paper.ln(1.5)
        paper.say(paragraph, 11)
    for milestone in shown.milestones:
        _milestone(paper, milestone)
    if not shown.milestones:
        paper.ln(4)
        paper.say("No milestone is shown here yet.")
    else:
        paper.ln(6)
        paper.say(
            "Evidenced: Cairn judged the lab, or kept the file. Claimed: by the learner's own word. "
            "Each milestone is as it was frozen on the day it was completed.",
            8.5,
            QUIET,
        )
    if paper.missing:
        paper.ln(2)
        paper.say(
            f"{LOZENGE} stands for a character that the letters of this file do not have. The page has it.",
            8.5,
            QUIET,
        )
    return bytes(paper.output())


def _milestone(paper: Paper, row: ShownMilestone) -> None:
    paper.section(paper.drawable(row.title))
    facts = [row.module_title]
    if row.completed_on:
        studied = f", {hours(row.real.minutes)} of study" if row.real.minutes else ""
        facts.append(f"Completed {long_date(row.completed_on)}{studied}")
    mentors = f" by {count(row.confirmations, 'mentor')}" if row.confirmations else ""
    facts.append(f"{row.state.capitalize()}{mentors}")
    paper.say(". ".join(facts) + ".", 9, QUIET)
    for item in row.criteria:
        _criterion(paper, item)
    if row.editions:
        paper.ln(1.5)
        paper.say(f"Frameworks: {', '.join(row.editions)}.", 8.5, QUIET)


def _criterion(paper: Paper, item: ShownCriterion) -> None:
    paper.ln(1.5)
    paper.say(f"• {item.text}")
    facts = [item.state.capitalize()]
    if item.lab_title:
        outcome = LAB_WORDS.get(item.lab_outcome)
        facts.append(f"Lab: {item.lab_title}" + (f", {outcome}" if outcome else ""))
    if item.hidden:
        facts.append(f"{count(item.hidden, 'piece')} of evidence not shown")
    paper.say(" · ".join(facts), 8.5, QUIET)
    for evidence in item.evidence:
        paper.say(evidence_line(evidence), 8.5)
    for paragraph in paragraphs(item.note):
        paper.say(paragraph, 8.5)


def evidence_line(row: ShownEvidence) -> str:
    """A piece of evidence in one line, its hash and commit in full."""
    facts = [row.name]
    if row.url and row.url != row.name:
        facts.append(row.url)
    if row.run is not None:
        facts.append(
            f"{row.run.tool} {row.run.version}".strip()
            + (f", {count(row.run.attempts, 'attempt')}" if row.run.attempts else "")
            + (f", against {row.run.target}" if row.run.target else "")
        )
    if row.sha256:
        facts.append(f"SHA-256 {row.sha256}")
    if row.commit:
        facts.append(row.commit)
    return " · ".join(facts)
