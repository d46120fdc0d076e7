"""An attack result for Cairn. Copy this into the script that runs the attack; it needs Python 3.10."""

import json
from datetime import datetime, timezone


def attack_result(*, tool, tool_version, target, attack, parameters, true, before, after, worked=None):
    """An attack result as a dictionary. The lists have one entry a sample."""
    if worked is None:
        worked = [int(old) != int(new) for old, new in zip(before, after, strict=True)]
    samples = [
        {"index": index, "true": int(right), "before": int(old), "after": int(new), "success": bool(success)}
        for index, (right, old, new, success) in enumerate(zip(true, before, after, worked, strict=True))
    ]
    successes = sum(sample["success"] for sample in samples)
    return {
        "tool": tool,
        "tool_version": tool_version,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "target": {"name": target},
        "attack": {"name": attack, "parameters": parameters},
        "metrics": {"samples": len(samples), "success_rate": successes / len(samples)},
        "samples": samples,
    }


def save(result, path="attack_result.json"):
    """Write a result to a file."""
    with open(path, "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
