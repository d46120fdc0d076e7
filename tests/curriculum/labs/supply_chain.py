"""Hand-ins for the labs of the module on the supply chain: one accepted, one refused each."""

import hashlib

from tests.curriculum.labs.example import (
    Example,
    Handed,
    as_json,
    as_jsonl,
    as_junit,
    as_markdown,
    as_yaml,
)


def hexadecimal(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def scan(file: str, scanned: int, issue: dict[str, str] | None = None) -> bytes:
    """A report as modelscan 0.8.8 writes it."""
    found = {"LOW": 0, "MEDIUM": 0, "HIGH": 0, "CRITICAL": int(issue is not None)}
    seen: dict[str, object] = {"total_scanned": scanned}
    if scanned:
        seen["scanned_files"] = [file]
    return as_json(
        {
            "summary": {
                "total_issues_by_severity": found,
                "total_issues": sum(found.values()),
                "input_path": file,
                "absolute_path": "",
                "modelscan_version": "0.8.8",
                "timestamp": "2026-11-23T00:01:02.590811",
                "scanned": seen,
            },
            "issues": [issue] if issue else [],
            "errors": [],
        }
    )


SYSTEM = {
    "description": "Use of unsafe operator 'system' from module 'posix'",
    "operator": "system",
    "module": "posix",
    "source": "bad.pkl",
    "scanner": "modelscan.scanners.PickleUnsafeOpScan",
    "severity": "CRITICAL",
}


def scans(good: bytes, words: int) -> dict[str, Handed]:
    text = "word " * (words // 3)
    note = (
        f"# What it does\n\n{text}\n\n# Why the scanner is silent\n\n{text}\n\n# What catches it\n\n{text}\n"
    )
    return {
        "bad.json": scan("bad.pkl", 1, SYSTEM),
        "good.json": good,
        "missed.json": scan("quiet.pkl", 1),
        "missed.md": as_markdown(note),
    }


LOAD_TESTS = (
    "test_correct",
    "test_unsigned",
    "test_wrong_key",
    "test_altered_weights",
    "test_altered_tokenizer",
    "test_bom_is_valid",
    "test_bom_matches_files",
)
PARTS = {
    "served-model": "machine-learning-model",
    "base-model": "machine-learning-model",
    "tokenizer": "file",
    "training-data": "data",
    "training-code": "application",
}


def signed(parts: dict[str, str], outcomes: dict[str, str]) -> dict[str, Handed]:
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "components": [
            {
                "bom-ref": ref,
                "type": kind,
                "name": ref,
                "version": "1.1.0",
                "hashes": [{"alg": "SHA-256", "content": hexadecimal(ref)}],
                "licenses": [{"license": {"id": "MIT"}}],
            }
            for ref, kind in parts.items()
        ],
        "dependencies": [{"ref": "served-model", "dependsOn": ["base-model", "training-data"]}],
    }
    signature = {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"publicKey": {"hint": hexadecimal("key")}, "tlogEntries": []},
        "dsseEnvelope": {
            "payload": "e30=",
            "payloadType": "application/vnd.in-toto+json",
            "signatures": [{"sig": "ZXhhbXBsZQ==", "keyid": ""}],
        },
    }
    tests = dict.fromkeys(LOAD_TESTS, "passed") | outcomes
    return {
        "bom.json": as_json(bom),
        "model.sig.json": as_json(signature),
        "load.junit.xml": as_junit(tests),
    }


SERVE_TESTS = (
    "test_normal",
    "test_no_token",
    "test_wrong_scope",
    "test_over_quota",
    "test_oversize",
    "test_slow_client",
    "test_path_traversal",
    "test_log_has_no_raw_input",
    "test_tampered_row_detected",
)


def audit(passed_gateway: range, answered: range, refusals: tuple[str, ...]) -> bytes:
    def row(number: int, stage: str, decision: str) -> dict[str, object]:
        told = not decision.startswith("refused")
        return {
            "time": "2026-11-23T05:00:00Z",
            "stage": stage,
            "decision": decision,
            "request_id": f"request-{number}",
            "actor": "router-app",
            "model_version": f"sha256:{hexadecimal('model')}" if told else None,
            "input_digest": hexadecimal(f"input {number}") if told else None,
        }

    rows = [row(i, "gateway", "allowed") for i in passed_gateway]
    rows += [row(i, "model", "answered") for i in answered]
    rows += [row(9000 + i, "gateway", decision) for i, decision in enumerate(refusals)]
    seals = [hexadecimal(f"seal {i}") for i in range(len(rows) + 1)]
    return as_jsonl([one | {"prev": seals[i], "seal": seals[i + 1]} for i, one in enumerate(rows)])


def serving(log: bytes, retention: dict[str, object]) -> dict[str, Handed]:
    settings = {
        "system": "ticket router endpoint",
        "deployer_of_high_risk": True,
        "readers": ["security on call"],
        "audit_key_kept": "secret store, not on the log host",
        "last_seal_kept": "sent hourly to the ticket system",
    }
    return {
        "serve.junit.xml": as_junit(dict.fromkeys(SERVE_TESTS, "passed")),
        "audit.jsonl": log,
        "logging.yaml": as_yaml(settings | retention),
    }


EXAMPLES = {
    "supply-chain.lab-model-scan": Example(
        accepted=scans(good=scan("good.pkl", 1), words=150),
        # The good file was compressed, so that nothing was scanned; the note is three lines.
        refused=scans(good=scan("good.pkl.gz", 0), words=30),
        because=("The good file was really scanned.", "The note has 120 words or more."),
    ),
    "supply-chain.lab-signed-load": Example(
        accepted=signed(PARTS, {}),
        # Only the weights are signed and described, so a changed tokenizer is loaded.
        refused=signed(
            {ref: kind for ref, kind in PARTS.items() if ref != "tokenizer"},
            {"test_altered_tokenizer": "failed"},
        ),
        because=(
            "Served model, base model, tokenizer, training data and training code are listed.",
            "Unsigned, wrongly signed and altered models are refused.",
        ),
    ),
    "supply-chain.lab-hardened-serving": Example(
        accepted=serving(
            audit(range(210), range(210), ("refused 401", "refused 403", "refused 413", "refused 429")),
            {"retention_days": 184},
        ),
        # Half a year taken as 183 days, refusals not logged, one request that went round the gateway.
        refused=serving(audit(range(1, 210), range(210), ()), {"retention_days": 183}),
        because=(
            "Refusals are logged too.",
            "Logs are kept for six calendar months, 184 days or more, or it is said why not.",
            "Every request id can be traced from the gateway to the model and back.",
        ),
    ),
}
