"""Check Grafana dashboards by the rules of dashboard-linter, with the same `.lint` file for exceptions.

A variable in the place of a whole matcher (`${series:raw}`) is understood too, which dashboard-linter does not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from offkey.app import yamlfile
from offkey.app.dashboard_rules import DASHBOARD_RULES, PANEL_RULES, TARGET_RULES, Tree, plain
from offkey.app.promql import parse
from offkey.core.errors import ConfigError

EXCEPTIONS = ".lint"


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a dashboard breaks; `panel` is empty and `target` -1 where the whole dashboard is meant."""

    rule: str
    dashboard: str
    message: str
    panel: str = ""
    target: int = -1

    def __str__(self) -> str:
        where = f"{self.dashboard}, panel '{self.panel}'" if self.panel else self.dashboard
        return f"{where}{f', target {self.target}' if self.target >= 0 else ''}: {self.message} ({self.rule})"


class Entry(BaseModel):
    """Where an exception holds; what is not said holds everywhere."""

    model_config = ConfigDict(extra="forbid")
    reason: str = ""
    dashboard: str = ""
    panel: str = ""
    targetIdx: str = ""  # noqa: N815 (dashboard-linter's own key)

    def covers(self, finding: Finding) -> bool:
        """Return whether a finding is one of those meant."""
        return (
            self.dashboard in ("", finding.dashboard)
            and self.panel in ("", finding.panel)
            and self.targetIdx in ("", str(finding.target))
        )


class Exceptions(BaseModel):
    """Why a rule need not hold, and where."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(min_length=1)
    entries: tuple[Entry, ...] = ()

    def cover(self, finding: Finding) -> bool:
        """Return whether a finding is meant; without entries all are."""
        return not self.entries or any(entry.covers(finding) for entry in self.entries)


class ExceptionFile(BaseModel):
    """The content of `.lint`."""

    model_config = ConfigDict(extra="forbid")
    exclusions: dict[str, Exceptions] = Field(default_factory=dict)

    def excuses(self, finding: Finding) -> bool:
        """Return whether a finding is an exception with a reason."""
        return finding.rule in self.exclusions and self.exclusions[finding.rule].cover(finding)


def lint_file(path: Path) -> list[Finding]:
    """Return what is wrong with a dashboard file, less the exceptions in `.lint` beside it.

    Raises:
        ConfigError: a file cannot be read, is not a dashboard, or an exception has no reason.
    """
    try:
        content = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        msg = f"{path}: {error}; a dashboard is a JSON file in Grafana's classic schema"
        raise ConfigError(msg) from error
    if not isinstance(content, dict) or "panels" not in content:
        msg = f"{path}: no panels; export the dashboard from Grafana in the classic schema"
        raise ConfigError(msg)
    excused = exceptions(path.with_name(EXCEPTIONS)).excuses
    return [finding for finding in lint(content) if not excused(finding)]


def exceptions(path: Path) -> ExceptionFile:
    """Read exceptions; without a file there are none.

    Raises:
        ConfigError: the file is not acceptable.
    """
    if not path.exists():
        return ExceptionFile()
    document = yamlfile.load(path)
    try:
        return ExceptionFile.model_validate(document.value)
    except ValidationError as error:
        raise yamlfile.InvalidFile(
            [document.problem(wrong["loc"], wrong["msg"]) for wrong in error.errors()]
        ) from error


def lint(dashboard: Tree) -> list[Finding]:
    """Return what is wrong with a dashboard."""
    title = dashboard.get("title", "")
    found = [Finding(rule, title, message) for rule, check in DASHBOARD_RULES.items() for message in check(dashboard)]
    for panel in panels(dashboard):
        name = panel.get("title", "")
        found += [Finding(rule, title, said, name) for rule, check in PANEL_RULES.items() for said in check(panel)]
        for place, target in enumerate(panel.get("targets") or ()):
            found += [Finding(rule, title, message, name, place) for rule, message in _lint_target(target)]
    return found


def panels(dashboard: Tree) -> Iterator[Tree]:
    """Yield every panel, those in folded rows too."""
    for panel in dashboard["panels"]:
        if panel.get("type") == "row":
            yield from panel.get("panels") or ()
        else:
            yield panel


def _lint_target(target: Tree) -> Iterator[tuple[str, str]]:
    expression = target.get("expr", "")
    try:
        tree = parse(plain(expression))
    except ValueError as error:
        yield "target-promql-rule", f"{expression}: {str(error).partition(chr(10))[0]}"
        return
    for rule, check in TARGET_RULES.items():
        for message in check(tree):
            yield rule, f"{expression}: {message}"
