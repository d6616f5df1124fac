"""The documentation names what is there, and nothing that is not."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from offkey.app.cli import root
from offkey.app.config import parse
from offkey.app.schema import File
from offkey.core import plugins

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FOLDERS = {"offkey.models.detect": "detectors", "offkey.models.forecast": "forecasters"}
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


def blocks(page, language):
    """Return the code blocks of one language."""
    return [text for found, text in BLOCK.findall(page.read_text("utf-8")) if found == language]


def commands(page):
    """Return the offkey command lines of a page, without prompts and comments."""
    lines = [line for text in (*blocks(page, "sh"), *blocks(page, "console")) for line in text.splitlines()]
    found = (re.match(r"(?:\$ )?(?:\.venv/bin/)?offkey (.*?)(?:\s+#.*)?$", line) for line in lines)
    return [match[1] for match in found if match]


@pytest.mark.parametrize(("package", "folder"), FOLDERS.items())
def test_every_model_has_its_page_and_every_page_its_model(package, folder):
    """File name, configuration name and page name are one."""
    pages = {page.stem for page in (ROOT / "docs" / folder).glob("*.md")}
    assert pages == set(plugins.names(package))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    """Relative links name files of the project."""
    targets = [target for target in LINK.findall(page.read_text("utf-8")) if "://" not in target]
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_and_their_flags_exist(page):
    """Every offkey command in a page is one, and takes the flags it is shown with."""
    for line in commands(page):
        words = line.split()
        path = [word for word in words[:3] if re.fullmatch(r"[a-z-]+", word)]
        depth = next(n for n in range(len(path), -1, -1) if resolves(path[:n]))
        assert depth, f"{page.name}: offkey {line}"
        text = CliRunner().invoke(root, [*path[:depth], "--help"]).output
        for flag in re.findall(r"(?<!\S)(--?[a-zA-Z][\w.-]*)", line):
            assert flag in text, f"{page.name}: offkey {line}: no {flag}"


def resolves(path):
    """Whether words name a command."""
    command = root
    for word in path:
        command = getattr(command, "get_command", lambda *_: None)(None, word)
        if command is None:
            return False
    return True


def test_the_configuration_of_the_readme_is_accepted():
    """What people copy first works."""
    text = next(text for text in blocks(ROOT / "README.md", "yaml") if text.startswith("# offkey.yml"))
    assert [signal.name for signal in parse(text, "offkey.yml").signals] == ["payment_success"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_yaml_is_yaml_and_configurations_are_accepted(page):
    """What a page shows of offkey.yml can be pasted as it stands; where the rest is left out, any will do."""
    for text in (text for language in ("yaml", "yml") for text in blocks(page, language)):
        shown = yaml.safe_load(text)
        if isinstance(shown, list) or text.startswith("# prometheus.yml") or not set(shown) <= set(File.model_fields):
            continue
        rest = {
            "sources": {"default": {"url": "http://localhost:9090"}},
            "signals": [{"name": "any", "query": "any", "alert": {"team": "payments"}}],
        }
        assert parse(yaml.safe_dump(rest | {key: found for key, found in shown.items() if found}), page.name).signals


def test_the_make_targets_of_the_readme_exist():
    """Both commands of the README, and the ones of the contributing page."""
    text = (ROOT / "README.md").read_text("utf-8") + (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    targets = {line.partition(":")[0] for line in (ROOT / "Makefile").read_text("utf-8").splitlines() if ":" in line}
    assert set(re.findall(r"make ([a-z-]+)", text)) <= targets


def test_the_project_speaks_of_itself_alone():
    """No path of the machine it was written on, in any file that is kept."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    here = f"{ROOT}/"
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.suffix not in (".png",) and path.is_file():
            assert here not in path.read_text("utf-8", "replace"), name
