"""A change of a file as people review it."""

from difflib import unified_diff


def diff(name: str, before: str, after: str) -> str:
    """Return a change as a unified diff; empty when there is none."""
    old, new = (text.splitlines(keepends=True) for text in (before, after))
    found = unified_diff(old, new, f"a/{name}", f"b/{name}", n=2)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in found)
