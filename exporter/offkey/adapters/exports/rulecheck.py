"""What a rule file must pass before anybody's Prometheus may see it."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import promql_parser
import yaml

from offkey.adapters.exports.ruleyaml import LOADER
from offkey.core.durations import parse_duration
from offkey.core.errors import RuleError

# Time promtool is given for each file; one takes it about half a second.
SECONDS_PER_FILE = 30.0
# The keys Prometheus 2.42 knows; it refuses a file with any other.
_GROUP_KEYS = {"name", "interval", "limit", "rules"}
_RULE_KEYS = {
    "record": {"record", "expr", "labels"},
    "alert": {"alert", "expr", "for", "keep_firing_for", "labels", "annotations"},
}
_METRIC_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
# The user's own queries: they were checked where the signal was read, by the rules of its own server.
_ASKED = ("offkey:observed", "offkey:traffic")


def structure(text: str) -> list[str]:
    """Return what is wrong with the shape of a rule file; nothing when it is right."""
    try:
        parsed = yaml.load(text, LOADER)  # noqa: S506 (a safe loader)
        groups = parsed["groups"]
        faults = [f"unknown key {key}" for key in parsed if key != "groups"]
        for group in groups:
            faults += [f"group has unknown key {key}" for key in sorted(set(group) - _GROUP_KEYS)]
            parse_duration(group["interval"])
            faults += [fault for rule in group["rules"] for fault in _rule_faults(rule)]
        named = [str(sorted(_identity(rule).items())) for group in groups for rule in group["rules"]]
    except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        return [f"not a rule file: {error}"]
    return faults + [f"written twice: {name}" for name in sorted({name for name in named if named.count(name) > 1})]


def _rule_faults(rule: Mapping[str, Any]) -> list[str]:
    kind = "alert" if "alert" in rule else "record"
    name = rule[kind]
    faults = [f"{name}: unknown key {key}" for key in sorted(set(rule) - _RULE_KEYS[kind])]
    if kind == "record" and not _METRIC_NAME.fullmatch(name):
        faults.append(f"{name!r} is no metric name")
    texts = {**rule.get("labels", {}), **rule.get("annotations", {})}
    faults += [f"{name}: {label!r} is no label name" for label in texts if not _LABEL_NAME.fullmatch(label)]
    faults += [f"{name}: {label} is no text" for label, value in texts.items() if not isinstance(value, str)]
    for key in {"for", "keep_firing_for"} & set(rule):
        parse_duration(rule[key])
    if name not in _ASKED:
        try:
            promql_parser.parse(rule["expr"])
        except ValueError as error:
            faults.append(f"{name}: {error}")
    return faults


def _identity(rule: Mapping[str, Any]) -> dict[str, str]:
    return {"": rule.get("alert") or rule["record"], **rule.get("labels", {})}


def promtool(rules: Mapping[str, str], tests: Mapping[str, str], program: str | None = None) -> bool:
    """Run promtool's checks and tests over files that are not in place yet.

    Args:
        rules: texts by their path inside the rule folder.
        tests: likewise.
        program: promtool; found on the PATH when not given.

    Returns:
        Whether there was a promtool to run.

    Raises:
        RuleError: promtool found something wrong; the message holds its words.
    """
    program = program or shutil.which("promtool")
    if program is None:
        return False
    with tempfile.TemporaryDirectory(prefix="offkey-rules-") as folder:
        for path, text in {**rules, **tests}.items():
            place = Path(folder, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(text.encode())
        _run([program, "check", "rules", "--lint=all", "--lint-fatal", *rules], folder)
        if tests:
            _run([program, "test", "rules", *tests], folder)
    return True


def _run(command: Sequence[str], folder: str) -> None:
    try:
        done = subprocess.run(  # noqa: S603 (promtool and file names that are slugs, no shell)
            command, cwd=folder, capture_output=True, timeout=SECONDS_PER_FILE * len(command), check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        msg = f"{command[0]} could not be run: {error}; nothing was written"
        raise RuleError(msg) from error
    if done.returncode:
        words = (done.stdout + done.stderr).decode(errors="replace").strip()
        msg = f"promtool refuses the rules, nothing was written:\n{words}"
        raise RuleError(msg)


def refused(paths: Sequence[Path], program: str) -> dict[Path, str]:
    """Return what promtool says of each file it refuses; nothing of those it takes.

    Raises:
        RuleError: promtool could not be run.
    """
    found = {}
    for path in paths:
        try:
            done = subprocess.run(  # noqa: S603 (promtool and a file, no shell)
                [program, "check", "rules", str(path)], capture_output=True, timeout=SECONDS_PER_FILE, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            msg = f"{program} could not be run: {error}"
            raise RuleError(msg) from error
        if done.returncode:
            words = (done.stdout + done.stderr).decode(errors="replace").replace(f"Checking {path}", "")
            found[path] = " ".join(words.replace("FAILED:", "").split())
    return found
