"""Write the table of the Helm chart's values into its README, from the comments in values.yaml.

Usage: python tools/chart_values.py [--check]     exit 1 with --check: the README is stale
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

CHART = Path(__file__).parents[1] / "helm" / "offkey"
BEGIN, END = "<!-- values: begin -->", "<!-- values: end -->"


def main(arguments: list[str]) -> int:
    """Write the table, or say that it is stale; return the exit code."""
    readme = CHART / "README.md"
    before = readme.read_text()
    head, _, rest = before.partition(BEGIN)
    _, _, tail = rest.partition(END)
    after = f"{head}{BEGIN}\n{table((CHART / 'values.yaml').read_text())}{END}{tail}"
    if "--check" in arguments:
        if before != after:
            print(f"{readme} is stale; run python tools/chart_values.py", file=sys.stderr)
        return int(before != after)
    readme.write_text(after)
    return 0


def table(text: str) -> str:
    """Return one row for each described value: its path, its default and its description."""
    values = yaml.safe_load(text)
    lines = ["| Value | Default | Description |", "|---|---|---|"]
    for path, description in described(text):
        default = values
        for key in path:
            default = default[key]
        shown = yaml.safe_dump(default, default_flow_style=True, width=10_000).removesuffix("\n...\n").strip()
        if len(shown) > 60:  # a whole example, which values.yaml shows better
            shown = "see values.yaml"
        lines.append(f"| `{'.'.join(path)}` | `{shown}` | {description} |")
    return "\n".join(lines) + "\n"


def described(text: str) -> Iterator[tuple[list[str], str]]:
    """Yield the path of each key that has a comment begun with two dashes above it, and that comment."""
    path: list[str] = []
    comment = ""
    for line in text.splitlines():
        stripped = line.lstrip()
        if stripped.startswith("#"):
            said = stripped.removeprefix("#").strip()
            comment = said.removeprefix("-- ") if said.startswith("-- ") else comment and f"{comment} {said}"
            continue
        key, colon, _ = stripped.partition(":")
        if colon and not stripped.startswith("- "):
            depth = (len(line) - len(stripped)) // 2
            path = [*path[:depth], key]
            if comment:
                yield list(path), comment
        comment = ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
