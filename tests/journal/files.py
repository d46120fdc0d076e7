"""Files of study, for tests that need one there."""

from uuid import uuid4

from tests.fixtures.cast import NOW
from tracker.journal import actions
from tracker.journal.models import ImportBatch, WaitingFile
from tracker.people.models import User


def make_import(learner: User, words: str) -> tuple[WaitingFile, ImportBatch]:
    """A file that waits with its subject answered, and an import that was made; `words` stand in both."""
    content = f"date,minutes,module,note\n2026-11-16,45,{words},{words}\n"
    waiting = actions.keep_waiting_file(learner, f"{words}.csv", content.encode(), now=NOW)
    actions.answer_of_waiting_file(waiting, subjects={words.casefold(): ""})
    batch = ImportBatch.objects.create(
        learner=learner,
        waiting_id=uuid4(),
        made_at=NOW,
        file_name=f"{words}.csv",
        made_by="plain",
        sessions=1,
        minutes=45,
        there_already=0,
        refused=0,
    )
    return waiting, batch
