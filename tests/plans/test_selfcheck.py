"""What a self-check says: which activities of a module may be called known."""

from hypothesis import given
from hypothesis import strategies as st

from tracker.plans.rules.selfcheck import Asked, Doable, is_complete, suggestions

KEYS = [f"m.activity-{letter}" for letter in "abcdef"]
ANSWERS = st.sampled_from(["yes", "partly", "no"])
activities = st.lists(
    st.builds(Doable, st.sampled_from(KEYS), st.booleans()), unique_by=lambda activity: activity.key
)
questions = st.lists(
    st.builds(
        Asked,
        st.integers(0, 20).map(lambda number: f"m.ask-{number}"),
        st.lists(st.sampled_from(KEYS), unique=True).map(tuple),
    ),
    unique_by=lambda question: question.key,
    max_size=8,
)


@st.composite
def checks(draw: st.DrawFn) -> tuple[list[Doable], list[Asked], dict[str, str]]:
    """Activities, questions, and answers to some of the questions and to some that are not asked."""
    asked = draw(questions)
    keys = [*(question.key for question in asked), "other.ask-this"]
    return draw(activities), asked, draw(st.dictionaries(st.sampled_from(keys), ANSWERS))


Check = tuple[list[Doable], list[Asked], dict[str, str]]


def suggested(check: Check) -> set[str]:
    return {row.key for row in suggestions(*check) if row.is_suggested}


@given(checks())
def test_what_ends_in_evidence_is_never_suggested(check: Check) -> None:
    assert not suggested(check) & {activity.key for activity in check[0] if activity.has_evidence}


@given(checks())
def test_every_activity_has_its_row_in_its_place(check: Check) -> None:
    rows = suggestions(*check)
    assert [row.key for row in rows] == [activity.key for activity in check[0]]
    for row in rows:
        assert 0 <= row.known <= row.asked
        assert row.asked == sum(row.key in question.checks for question in check[1])


@given(checks())
def test_what_is_suggested_was_asked_for_and_known_in_full(check: Check) -> None:
    for row in suggestions(*check):
        if row.is_suggested:
            assert row.known == row.asked > 0


@given(checks())
def test_a_question_without_an_answer_is_one_not_known(check: Check) -> None:
    doable, asked, answers = check
    unknown = {question.key: "no" for question in asked}
    assert suggestions(doable, asked, answers) == suggestions(doable, asked, {**unknown, **answers})


@given(checks())
def test_half_known_is_not_known(check: Check) -> None:
    doable, asked, answers = check
    less = {key: "no" if knows == "partly" else knows for key, knows in answers.items()}
    assert suggestions(doable, asked, answers) == suggestions(doable, asked, less)


@given(checks(), st.data())
def test_knowing_more_takes_no_suggestion_away(check: Check, data: st.DataObject) -> None:
    doable, asked, answers = check
    more = {question.key: "yes" for question in asked if data.draw(st.booleans())}
    assert suggested(check) <= suggested((doable, asked, {**answers, **more}))


@given(activities, questions)
def test_knowing_everything_suggests_all_that_is_asked_for_but_evidence(
    doable: list[Doable], asked: list[Asked]
) -> None:
    spoken_for = {key for question in asked for key in question.checks}
    assert suggested((doable, asked, {question.key: "yes" for question in asked})) == {
        activity.key for activity in doable if activity.key in spoken_for and not activity.has_evidence
    }


@given(questions, ANSWERS)
def test_a_check_is_complete_when_nothing_is_left_out(asked: list[Asked], knows: str) -> None:
    answers = {question.key: knows for question in asked}
    assert is_complete(asked, {**answers, "other.ask-this": "no"})
    for question in asked:
        assert not is_complete(asked, {key: said for key, said in answers.items() if key != question.key})


def test_one_question_may_speak_for_two_activities_and_two_for_one() -> None:
    doable = [Doable("m.read", has_evidence=False), Doable("m.write", has_evidence=False)]
    asked = [Asked("m.ask-why", ("m.read", "m.write")), Asked("m.ask-how", ("m.write",))]
    rows = suggestions(doable, asked, {"m.ask-why": "yes", "m.ask-how": "partly"})
    assert [(row.known, row.asked, row.is_suggested) for row in rows] == [(1, 1, True), (1, 2, False)]
