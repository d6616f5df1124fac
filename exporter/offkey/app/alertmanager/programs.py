"""What amtool and amlint say of a configuration that is not in place yet."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from offkey.app.alertmanager.rendering import CONFIG
from offkey.core.errors import RuleError

SECONDS = 60.0


@contextmanager
def laid_out(files: Mapping[str, str]) -> Iterator[Path]:
    """Give a folder that holds some files for a while."""
    with tempfile.TemporaryDirectory(prefix="offkey-alertmanager-") as folder:
        for path, text in files.items():
            place = Path(folder, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, "utf-8")
        yield Path(folder)


def check(files: Mapping[str, str], *, strict: bool = True) -> list[str]:
    """Check files with the programs that are there.

    Args:
        files: texts by path.
        strict: whether what amlint merely warns of is wrong as well.

    Returns:
        Their names.

    Raises:
        RuleError: one of them finds something wrong; the message holds its words.
    """
    asked = []
    with laid_out(files) as folder:
        for name, command in _commands(files, strict).items():
            if program := _find(name):
                asked.append(name)
                _run([program, *command], folder)
    return asked


def told(files: Mapping[str, str], labels: Mapping[str, str]) -> list[str] | None:
    """Return who is told of an alert, as amtool says; None when there is no amtool.

    Raises:
        RuleError: amtool does not read the configuration.
    """
    program = _find("amtool")
    if program is None:
        return None
    with laid_out(files) as folder:
        words = [f"{name}={value}" for name, value in labels.items()]
        said = _run([program, "config", "routes", "test", f"--config.file={CONFIG}", *words], folder)
    return said.strip().split(",")


def _commands(files: Mapping[str, str], strict: bool) -> dict[str, list[str]]:
    rules = sorted(path for path in files if path.endswith(".rules.yml"))
    tests = sorted(path for path in files if path.endswith(".test.yml"))
    found = {"amtool": ["check-config", CONFIG], "amlint": ["check", *(["--strict"] if strict else []), CONFIG]}
    return {**found, **({"promtool": ["test", "rules", *tests]} if rules and tests else {})}


def _find(name: str) -> str | None:
    """Return a program: beside our own Python, or on the PATH."""
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name)


def _run(command: list[str], folder: Path) -> str:
    try:
        done = subprocess.run(  # noqa: S603 (known programs and our own file names, no shell)
            command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        msg = f"{command[0]} could not be run: {error}; nothing was written"
        raise RuleError(msg) from error
    if done.returncode:
        msg = f"{Path(command[0]).name} refuses the configuration, nothing was written:\n{done.stdout}{done.stderr}"
        raise RuleError(msg.strip())
    return done.stdout
