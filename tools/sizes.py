"""Keep files and functions short: at most 300 lines a file and 40 a function, docstrings not counted.

Usage: python tools/sizes.py FOLDER...     exit 1 when something is longer and not listed below with its reason.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

FILE_LINES = 300
FUNCTION_LINES = 40
ALLOWED: dict[str, str] = {}


def main(folders: list[str]) -> int:
    """Print what is too long; return the exit code."""
    found = [line for folder in folders for path in sorted(Path(folder).rglob("*.py")) for line in too_long(path)]
    print("\n".join(found) or "sizes: all files and functions are within bounds")
    return bool(found)


def too_long(path: Path) -> Iterator[str]:
    """Yield a line for the file and for each function beyond its bound."""
    text = path.read_text()
    if (size := text.count("\n")) > FILE_LINES and str(path) not in ALLOWED:
        yield f"{path}: {size} lines (at most {FILE_LINES})"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            size = (node.end_lineno or 0) - node.lineno + 1 - docstring_lines(node)
            where = f"{path}:{node.name}"
            if size > FUNCTION_LINES and where not in ALLOWED:
                yield f"{path}:{node.lineno}: {node.name} has {size} lines (at most {FUNCTION_LINES})"


def docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return how many lines a function's docstring takes."""
    if ast.get_docstring(node) is None:
        return 0
    return (node.body[0].end_lineno or 0) - node.body[0].lineno + 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
