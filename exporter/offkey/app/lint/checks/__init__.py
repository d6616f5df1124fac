"""The checks, by what they look at."""

from offkey.app.lint.checks import alerts, files, groups, joins, matchers, policy, templates, values
from offkey.app.lint.findings import Check

CHECKS: tuple[Check, ...] = (
    *files.CHECKS,
    *alerts.CHECKS,
    *templates.CHECKS,
    *values.CHECKS,
    *joins.CHECKS,
    *matchers.CHECKS,
    *groups.CHECKS,
    *policy.CHECKS,
)
