"""The database itself refuses to change what a completion froze.

A migration that makes the table anew on SQLite loses the trigger there: it has to call `freeze` again, which
tests/milestones/test_snapshot.py tells.
"""

from django.db import migrations

FROZEN = ("learner_id", "module_key", "number", "track_key", "revision", "completed_on", "completed_at", "snapshot")
SAID = "a completion's record is frozen"


def freeze(apps, schema_editor):
    columns = ", ".join(FROZEN)
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(
            f"CREATE TRIGGER completion_is_frozen BEFORE UPDATE OF {columns} ON milestones_completion "
            f"BEGIN SELECT RAISE(ABORT, '{SAID.replace(chr(39), chr(39) * 2)}'); END"
        )
    else:
        schema_editor.execute(
            "CREATE FUNCTION refuse_change_of_completion() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION $said${SAID}$said$ USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        schema_editor.execute(
            f"CREATE TRIGGER completion_is_frozen BEFORE UPDATE OF {columns} ON milestones_completion "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_completion()"
        )


def thaw(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER IF EXISTS completion_is_frozen")
    else:
        schema_editor.execute("DROP TRIGGER IF EXISTS completion_is_frozen ON milestones_completion")
        schema_editor.execute("DROP FUNCTION IF EXISTS refuse_change_of_completion()")


class Migration(migrations.Migration):
    dependencies = [("milestones", "0002_completions_and_retrospectives")]

    operations = [migrations.RunPython(freeze, thaw)]
