"""Findings in the forms that people, programs and code hosts read."""

import json
from collections.abc import Sequence
from pathlib import Path

from offkey import __version__
from offkey.app.lint.checks import CHECKS
from offkey.app.lint.findings import Finding, Severity

_SARIF_LEVELS: dict[Severity, str] = {"info": "note", "warning": "warning", "error": "error", "fatal": "error"}
_GITHUB_LEVELS: dict[Severity, str] = {"info": "notice", "warning": "warning", "error": "error", "fatal": "error"}
_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def written(findings: Sequence[Finding], form: str) -> str:
    """Return findings in one of the forms, each line ended."""
    if form == "json":
        return json.dumps({"version": 1, "findings": [_plain(one) for one in findings]}, indent=2) + "\n"
    if form == "sarif":
        return json.dumps(_sarif(findings), indent=2) + "\n"
    lines = (_github(one) if form == "github" else str(one) for one in findings)
    return "".join(f"{line}\n" for line in lines)


def _plain(one: Finding) -> dict[str, object]:
    return {
        "file": one.file,
        "line": one.place.line,
        "column": one.place.column,
        "severity": one.severity,
        "code": one.code,
        "rule": one.rule,
        "message": one.message,
    }


def _github(one: Finding) -> str:
    """Return a workflow command. Source: GitHub, workflow commands for Actions."""
    message = one.message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    file = one.file.replace("%", "%25").replace(",", "%2C").replace(":", "%3A")
    where = f"file={file},line={one.place.line},col={one.place.column},title={one.code}"
    return f"::{_GITHUB_LEVELS[one.severity]} {where}::{message}"


def _sarif(findings: Sequence[Finding]) -> dict[str, object]:
    """Return SARIF 2.1.0. Source: OASIS, Static Analysis Results Interchange Format 2.1.0."""
    used = {one.code for one in findings}
    rules = [
        {"id": check.code, "shortDescription": {"text": check.page.partition("\n")[0]}}
        for check in CHECKS
        if check.code in used
    ]
    driver = {"name": "offkey", "version": __version__, "rules": rules}
    results = [
        {
            "ruleId": one.code,
            "level": _SARIF_LEVELS[one.severity],
            "message": {"text": f"{one.rule}: {one.message}" if one.rule else one.message},
            "locations": [_location(one)],
        }
        for one in findings
    ]
    return {"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _location(one: Finding) -> dict[str, object]:
    region = {"startLine": one.place.line, "startColumn": one.place.column}
    uri = Path(one.file).as_posix()
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}
