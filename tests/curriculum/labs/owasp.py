"""Hand-ins for the labs of the module on the OWASP lists: one accepted, one refused each."""

from typing import Any

from tests.curriculum.labs.example import Example, as_json, as_jsonl

# name, id of 2026, agentic id, cause
FLAWS = (
    ("read-outside-folder", "LLM03:2026", "ASI02", "The read tool joins any name to its folder."),
    ("delete-without-asking", "LLM03:2026", "ASI03", "Deleting needs no confirmation by the user."),
    ("file-text-obeyed", "LLM01:2026", "ASI01", "The prompt tells the model to follow text in files."),
    ("key-in-prompt", "LLM08:2026", "none", "A connection string stands in the system prompt."),
    ("loop-without-end", "LLM06:2026", "none", "The loop over tool calls has no upper bound."),
    ("answer-into-shell", "LLM10:2026", "ASI05", "The answer is passed to a shell as it comes."),
)


def finding(name: str, owasp: str, agentic: str, cause: str) -> dict[str, Any]:
    """One finding with a proof that ran and a fix that was tried."""
    return {
        "id": f"f-{name}",
        "owasp": owasp,
        "agentic": agentic,
        "file": "initiatives/agent_security_initiative/sample/agent.py",
        "line": 80 + len(name),
        "cause": cause,
        "proof": {"command": f"python prove.py {name}", "observed": "the marker BANANA is printed"},
        "fix": {"diff": "+ check(user, tool, arguments)", "retest": "refused"},
    }


def review() -> dict[str, Any]:
    """Six findings over five risks of one edition."""
    return {
        "samples": [{"name": "file agent", "commit": "0123abcd", "ran_model": "none"}],
        "findings": [finding(*flaw) for flaw in FLAWS],
    }


def mixed_editions() -> dict[str, Any]:
    """The usual slip: an id of 2025 beside those of 2026, one without a year, and a fix nobody tried."""
    slipped = review()
    slipped["findings"][0]["owasp"] = "LLM06:2025"
    slipped["findings"][4]["owasp"] = "LLM06"
    slipped["findings"][5]["fix"]["retest"] = ""
    return slipped


def retrieval_rows() -> list[dict[str, Any]]:
    """Twenty questions of each tenant in three modes; the small one leaks without a filter."""
    returned = {"no_filter": 5, "filter_after": 2, "filter_in_query": 5}
    return [
        {
            "mode": mode,
            "tenant": tenant,
            "asked": f"{tenant}-{number:03d}",
            "returned": returned[mode],
            "foreign": 4 if mode == "no_filter" and tenant == "meadow" else 0,
            "leaked": mode == "no_filter" and tenant == "meadow",
            "right": True,
        }
        for mode in ("no_filter", "filter_after", "filter_in_query")
        for tenant in ("harbour", "meadow")
        for number in range(20)
    ]


def poison_rows() -> list[dict[str, Any]]:
    """Twenty targets: the filter stops the stranger, provenance the writer inside."""
    return [
        {
            "asked": f"meadow-{number:03d}",
            "other_no_filter": True,
            "other_filter_in_query": False,
            "own_filter_in_query": True,
            "own_provenance": False,
        }
        for number in range(20)
    ]


def retrieval() -> dict[str, Any]:
    """The summary that goes with those rows."""
    return {
        "library": {"name": "scikit-learn", "version": "1.9.1"},
        "seed": 7,
        "k": 5,
        "corpus_sha256": "b8cc9b9e82cb",
        "tenants": [{"name": "harbour", "documents": 300}, {"name": "meadow", "documents": 30}],
        "mean_returned": {"no_filter": 5.0, "filter_after": 2.0, "filter_in_query": 5.0},
        "right": {"no_filter": 40, "filter_in_query": 40},
        "poisoning": {
            "targets": 20,
            "other_tenant_no_filter": 20,
            "other_tenant_filter_in_query": 0,
            "own_tenant_filter_in_query": 20,
            "own_tenant_provenance": 0,
        },
        "inversion": {
            "vectors": 30,
            "commonest_words": 0.217,
            "words_recovered": 1.0,
            "noise": [
                {"sigma": 0.05, "words_recovered": 0.993, "right": 1.0},
                {"sigma": 0.2, "words_recovered": 0.603, "right": 1.0},
                {"sigma": 0.4, "words_recovered": 0.329, "right": 0.733},
            ],
        },
        "conclusion": "The filter in the query separates tenants; it does not stop a writer inside one.",
    }


def only_the_happy_path() -> dict[str, Any]:
    """A summary written from memory: starved answers overlooked, no writer inside the tenant, no baseline."""
    slipped = retrieval()
    slipped["mean_returned"]["filter_after"] = 5.0
    slipped["poisoning"]["own_tenant_filter_in_query"] = 0
    slipped["inversion"]["commonest_words"] = None
    slipped["inversion"]["noise"] = slipped["inversion"]["noise"][:2]
    return slipped


EXAMPLES = {
    "owasp.lab-agent-review": Example(
        accepted={"findings.json": as_json(review())},
        refused={"findings.json": as_json(mixed_editions())},
        because=(
            "Every OWASP id is one of the 2026 list, with its year.",
            "Every finding has a fix, and the proof was repeated after it.",
        ),
    ),
    "owasp.lab-two-tenant-retrieval": Example(
        accepted={
            "retrieval.json": as_json(retrieval()),
            "retrieval_rows.jsonl": as_jsonl(retrieval_rows()),
            "poison_rows.jsonl": as_jsonl(poison_rows()),
        },
        refused={
            "retrieval.json": as_json(only_the_happy_path()),
            "retrieval_rows.jsonl": as_jsonl(retrieval_rows()),
            "poison_rows.jsonl": as_jsonl(poison_rows()),
        },
        because=(
            "The mean number returned after filtering afterwards agrees with the rows.",
            "Filtering afterwards returns fewer documents than filtering in the query.",
            "The count for a writer inside with the filter in the query agrees with the rows.",
            "The same filter did not stop a writer inside the tenant.",
            "The attack recovers more words than guessing the commonest.",
            "Three or more noise levels were measured.",
        ),
    ),
}
