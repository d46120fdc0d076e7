"""Reading and knowing: an activity's page, a module's self-check, the skills, a newer curriculum."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_safe

from curriculum.catalogue import Catalogue, Module, Skill, catalogue
from tracker import clock
from tracker.desk.forms import LogForm
from tracker.journal import queries as journal_queries
from tracker.library import words
from tracker.library.views import activity_text
from tracker.milestones.queries import completed_by
from tracker.people.requests import LearnerRequest
from tracker.plans import actions as plans_actions
from tracker.plans import queries as plans_queries
from tracker.plans.access import own_activity, own_module
from tracker.plans.forms import SelfCheckForm, SkillsForm
from tracker.plans.models import Plan
from tracker.plans.rules import progress, selfcheck, skills


@require_safe
def activity(request: LearnerRequest, module_key: str, slug: str) -> HttpResponse:
    """One activity of the learner's track: what to do, where they stand with it, and a line to log on."""
    plan, content, found = own_activity(request, module_key, f"{module_key}.{slug}")
    module = content.module(module_key)
    marks = plans_queries.marks_of([request.user.pk])[request.user.pk]
    logged = journal_queries.minutes_by_activity([request.user.pk])[request.user.pk]
    text = activity_text(content, module, found, module.activities_in(plan.track_key))
    return render(
        request,
        "desk/activity.html",
        {
            "nav": "plan",
            "content": content,
            "module": module,
            "activity": found,
            "item": plans_queries.activity_standing(
                found, plan, marks.get(found.key), logged.get(found.key, 0)
            ),
            "tracks": [content.track(plan.track_key)],
            "form": LogForm(
                today=clock.today(request.user.zone_info),
                content=content,
                track_key=plan.track_key,
                initial={"subject": found.key},
            ),
            "updated_on": updated_on(
                plan, request, found.text_since, text.lab.text_since if text.lab else None
            ),
            "text": text,
            "rules": text.lab.rules_in(plan.track_key) if text.lab else (),
        },
    )


def updated_on(plan: Plan, request: LearnerRequest, *moments: datetime | None) -> date | None:
    """The local day on which the newest of these texts was written, where the plan's revision is older."""
    since = catalogue(plan.revision).loaded_at
    later = [moment for moment in moments if moment is not None and moment > since]
    return max(later).astimezone(request.user.zone_info).date() if later else None


# ------------------------------------------------------------------------------------------- the self-check


@require_http_methods(["GET", "HEAD", "POST"])
def self_check(request: LearnerRequest, module_key: str) -> HttpResponse:
    """The module's recall questions, answered by saying what one knows."""
    _, _, module = own_module(request, module_key)
    form = SelfCheckForm(
        request.POST if request.method == "POST" else None,
        questions=module.questions,
        known=plans_queries.self_check_answers(request.user.pk),
    )
    if form.is_bound and form.is_valid():
        plans_actions.answer_self_check(
            request.user, form.cleaned_data, now=clock.now(), on=clock.today(request.user.zone_info)
        )
        return redirect("self-check-result", module_key)
    return render(
        request,
        "desk/self_check.html",
        {"nav": "plan", "module": module, "form": form},
        status=422 if form.is_bound else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def self_check_result(request: LearnerRequest, module_key: str) -> HttpResponse:
    """What the answers say: activities that may be known, with the hours they take out. POST marks them."""
    plan, content, module = own_module(request, module_key)
    on = clock.today(request.user.zone_info)
    answers = plans_queries.self_check_answers(request.user.pk)
    asked = [selfcheck.Asked(row.key, row.checks) for row in module.questions]
    if not selfcheck.is_complete(asked, answers):
        return redirect("self-check", module_key)
    found = plans_queries.facts_of(request.user.pk, on)
    own = [row for row in module.activities_in(plan.track_key) if row.key not in found.marks]
    if request.method == "POST":
        chosen = [row.key for row in own if row.key in request.POST.getlist("known")]
        before = plans_queries.stand(found)
        number = plans_actions.mark_known(request.user, plan, chosen, content=content, now=clock.now(), on=on)
        after = plans_queries.standing(request.user.pk, on)
        messages.success(request, _said(number, before, after))
        return redirect("module", module_key)
    rows = selfcheck.suggestions(
        [selfcheck.Doable(row.key, row.lab_key is not None) for row in own], asked, answers
    )
    context = {
        "nav": "plan",
        "module": module,
        "rows": list(zip(own, rows, strict=True)),
        **_if_known(found, content, [row.key for row in rows if row.is_suggested]),
    }
    return render(request, "desk/self_check_result.html", context)


def _said(number: int, before: plans_queries.Standing, after: plans_queries.Standing) -> str:
    less = before.remaining_minutes - after.remaining_minutes
    if not number:
        return "Nothing was marked; the plan is as it was."
    known = f"{words.count(number, 'activity', 'activities')} known before".capitalize()
    hours = f", {words.hours(less)} less to do" if less else ""
    date_now = f" Done by {words.long_date(after.finish_on)}." if after.finish_on else ""
    return f"{known}{hours}.{date_now}"


def _if_known(found: plans_queries.Facts, content: Catalogue, keys: list[str]) -> dict[str, Any]:
    """Where the plan stands, and where it would stand with these activities known."""
    said = {key: plans_queries.Said(progress.KNOWN, found.on, content.activity(key).minutes) for key in keys}
    would = replace(found, marks={**found.marks, **said})
    return {
        "stands": plans_queries.stand(found),
        "would": plans_queries.stand(plans_queries.agreed_anew(would, would.start)),
    }


# ----------------------------------------------------------------------------------------------- the skills


@require_http_methods(["GET", "HEAD", "POST"])
def skills_matrix(request: LearnerRequest) -> HttpResponse:
    """The six rows: before, now, the target. POST rates them."""
    plan = plans_queries.active_plan(request.user.pk)
    if plan is None:
        stands = plans_queries.standing(request.user.pk, clock.today(request.user.zone_info))
        return render(request, "desk/no_plan.html", {"nav": "milestones", "stands": stands})
    content = catalogue(plan.revision)
    standings = plans_queries.skill_standings(request.user.pk, content, plan.track_key)
    form = SkillsForm(
        request.POST if request.method == "POST" else None, skills=content.skills, standings=standings
    )
    completed = dict(completed_by([request.user.pk])[request.user.pk])
    if form.is_bound and form.is_valid():
        plans_actions.rate_skills(
            request.user, form.ratings(), now=clock.now(), on=clock.today(request.user.zone_info)
        )
        messages.success(request, "The ratings are kept.")
        return redirect("skills-matrix")
    return render(
        request,
        "desk/skills.html",
        {
            "nav": "milestones",
            "form": form,
            "track": content.track(plan.track_key),
            "growth": skills.growth(standings),
            "rated": any(row.now for row in standings),
            "proved": _proved(content, standings, completed, request.GET.get("after", "")),
            "proofs": {
                skill.key: [content.module(key) for key in skill.proof_modules] for skill in content.skills
            },
            "own_modules": content.track(plan.track_key).module_keys,
        },
        status=422 if form.is_bound else 200,
    )


def _proved(
    content: Catalogue, standings: list[skills.SkillStanding], completed: dict[str, date], after: str
) -> list[tuple[Skill, list[Module]]]:
    """The skills to rate again: each with the completed modules that prove it since its latest rating.

    after: the key of a module that was completed just now; it counts on the day of a rating too.
    """
    rows = []
    for skill, row in zip(content.skills, standings, strict=True):
        since = skills.proved_since(skill.proof_modules, completed, row.now)
        keys = [key for key in skill.proof_modules if key in since or (key == after and key in completed)]
        modules = [module for key in keys if (module := content.find_module(key))]
        if modules:
            rows.append((skill, modules))
    return rows


# --------------------------------------------------------------------------------------- a newer curriculum


@require_http_methods(["GET", "HEAD", "POST"])
def newer_curriculum(request: LearnerRequest) -> HttpResponse:
    """What a newer revision would change in the learner's plan. POST moves the plan to it."""
    plan = plans_queries.active_plan(request.user.pk)
    if plan is None:
        raise Http404
    newer = plans_queries.newer_revision(plan)
    if request.method == "POST":
        # The number that was looked at: a revision published since is looked at first.
        if newer is not None and request.POST.get("revision") == str(newer.number):
            plans_actions.move_to_revision(plan, catalogue(newer.number), now=clock.now())
            messages.success(
                request,
                format_html("Your plan follows revision {} now: {}.", newer.number, newer.changes.sentence),
            )
            return redirect("plan")
        messages.info(request, "Nothing was changed: look at what is new first.")
        return redirect("plan" if newer is None else "newer-curriculum")
    if newer is None:
        return render(request, "desk/no_newer.html", {"nav": "plan", "plan": plan})
    found = plans_queries.facts_of(request.user.pk, clock.today(request.user.zone_info))
    moved = Plan.objects.get(pk=plan.pk)
    moved.revision = newer.number
    then, now = catalogue(plan.revision), catalogue(newer.number)
    context = {
        "nav": "plan",
        "plan": plan,
        "newer": newer,
        "loaded_at": now.loaded_at,
        "stands": plans_queries.stand(found),
        "would": plans_queries.stand(
            plans_queries.agreed_anew(replace(found, plan=moved), plans_queries.layout_start(found))
        ),
        "added": by_module(newer.changes.added, now),
        "retired": by_module(newer.changes.retired, then),
        "finished": {key for key, said in found.marks.items() if said.kind == progress.DONE},
        "begun": set(found.by_activity),
        "criteria_added": [(now.module_of(row.key), row) for row in newer.changes.criteria_added],
        "criteria_retired": [(then.module_of(row.key), row) for row in newer.changes.criteria_retired],
        "criteria_changed": [(now.module_of(row.key), row) for row in newer.changes.criteria_changed],
        "labs_changed": [(now.module_of(row.key), row) for row in newer.changes.labs_changed],
    }
    return render(request, "desk/newer_curriculum.html", context)


def by_module(activities: Any, content: Catalogue) -> list[tuple[Module, list[Any]]]:
    """Activities in the order of their modules, module by module."""
    rows: dict[str, list[Any]] = {}
    for row in activities:
        rows.setdefault(row.module_key, []).append(row)
    return [(content.module(key), found) for key, found in rows.items()]
