"""The reference page of the checks, made from them."""

from offkey.app.lint.checks import CHECKS

_HEAD = """\
# Checks of rule files

Made from the checks by `python -m offkey.app.reference`; do not edit.

`offkey check rules FILE...` judges rule files, offkey's own and other people's, without asking a server. It reads plain
files and PrometheusRule manifests; files named together are judged as one server reads them. With promtool on the PATH
its own check runs beside, for the target `prometheus`; what it refuses is `promtool` *(fatal)*.

A check is switched off by a comment inside the rule or directly above it, or for a whole file, with a reason:

    # offkey disable promql/fragile the top five never change here
    # offkey file/disable rule/name names come from another tool

pint's comments are understood too: `# pint disable CODE`, `file/disable`, `snooze DATE CODE`, `ignore/line`,
`ignore/next-line`, `ignore/begin`, `ignore/end`, `ignore/file`, `rule/owner`, `file/owner`. What is fatal stays.
[lint](config.md#lint) in offkey.yml changes how bad what a check finds is, and holds the house rules. Exit codes:
0 nothing so bad; 1 findings at least as bad as `--fail-on`; 3 what Prometheus would refuse.
"""


def page() -> str:
    """Return the page of the checks of rules, Markdown."""
    return "\n".join([_HEAD, *(_check(check.code, check.severity, check.page) for check in CHECKS)])


def _check(code: str, severity: str, page: str) -> str:
    what, _, rest = page.partition("\n\n")
    reason, _, mend = rest.partition("Mend:")
    why = reason.removeprefix("Why:")
    said = [f"## {code}", f"{what} *({severity})*"]
    said += [f"**{title}** {' '.join(text.split())}" for title, text in (("Why:", why), ("Mend:", mend))]
    return "\n\n".join(said) + "\n"
