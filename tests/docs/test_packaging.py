"""The image and the systemd unit start what there is, with no more rights than they say."""

import json
import re
import shlex
from pathlib import Path

from offkey.app.commands import serve

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
UNIT = re.search(r"```ini\n(.*?)```", (ROOT / "docs" / "guides" / "systemd.md").read_text("utf-8"), re.DOTALL)[1]
FLAGS = {flag for option in serve.command.params for flag in option.opts}
HARDENED = ("NoNewPrivileges", "ProtectSystem", "ProtectHome", "PrivateTmp", "SystemCallFilter")


def unit(key):
    """Return the values of a key of the unit, in their order."""
    return [line.strip().partition("=")[2] for line in UNIT.splitlines() if line.strip().startswith(f"{key}=")]


def flags(words):
    """Return the names of the flags among words."""
    return {word.partition("=")[0] for word in words if word.startswith("--")}


def test_the_image_starts_serve_with_flags_it_knows():
    """Entry point and default arguments together are a command line."""
    assert json.loads(re.search(r"^ENTRYPOINT (.*)$", DOCKERFILE, re.MULTILINE)[1]) == ["offkey"]
    command, *rest = json.loads(re.search(r"^CMD (.*)$", DOCKERFILE, re.MULTILINE)[1])
    assert command == "serve"
    assert flags(rest) <= FLAGS


def test_the_image_runs_as_nobody_and_carries_its_revision():
    """The last user is the unprivileged one; label and program name the same commit."""
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE) == ["65534:65534"]
    assert 'org.opencontainers.image.revision="${REVISION}"' in DOCKERFILE
    assert "OFFKEY_REVISION=${REVISION}" in DOCKERFILE
    assert "HEALTHCHECK" not in DOCKERFILE


def test_the_unit_checks_its_configuration_then_serves_it():
    """Both commands exist, name the same file, and reload is the signal that serve obeys."""
    (checked,), (served,) = unit("ExecStartPre"), unit("ExecStart")
    _, *words = shlex.split(checked)
    assert words[:2] == ["check", "config"]
    _, command, *rest = shlex.split(served)
    assert command == "serve"
    assert f"--config.file={words[2]}" in rest
    assert flags(rest) <= FLAGS
    assert unit("ExecReload") == ["/bin/kill -HUP $MAINPID"]


def test_the_unit_is_confined_to_its_state_and_cache():
    """It writes where systemd gives it a folder, and compiles into its cache."""
    assert all(unit(key) for key in HARDENED)
    assert unit("CapabilityBoundingSet") == [""]
    assert unit("StateDirectory") == ["offkey"]
    assert "--storage.path=/var/lib/offkey/" in unit("ExecStart")[0]
    assert unit("Environment") == [f"NUMBA_CACHE_DIR=/var/cache/{unit('CacheDirectory')[0]}"]
