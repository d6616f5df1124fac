"""The command line: a folder of commands, words on stderr, exit codes that programs may rely on."""

import json
import os
import subprocess
import sys

import click
import pytest

from offkey import __version__
from offkey.app import cli
from offkey.app.commands import version
from offkey.app.folder import summary
from offkey.core import errors, plugins

CONTEXT = click.Context(cli.root)
COMMANDS = cli.root.list_commands(CONTEXT)
SLOW_OF_PYTHON = {"asyncio", "difflib", "email", "importlib.metadata", "json", "logging", "ssl", "subprocess"}
GOOD = "sources: {default: {url: http://localhost:9090, headers: {X-Key: hidden}}}\nsignals: [{name: a, query: up}]\n"


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch):
    """Colours are settled by each test; whatever a run changes is undone."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.setenv(name, "")


@pytest.fixture
def run(capsys):
    """Return a function that runs a command and gives its exit code, stdout and stderr."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = cli.run(arguments)
        return (code, *capsys.readouterr())

    return call


def process(*arguments, **environment):
    """Run the command line in a process of its own."""
    code = "import sys\nfrom offkey.app.cli import main\nsys.argv[0] = 'offkey'\nmain()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def walk(command, path=("offkey",)):
    """Yield every command with its words."""
    yield path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(CONTEXT):
            yield from walk(command.get_command(CONTEXT, name), (*path, name))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_file_is_a_command_of_its_name(name):
    """The folder is the registry; the line in the list is the command's own."""
    command = cli.root.get_command(CONTEXT, name)
    assert command.name == name
    assert summary("offkey.app.commands", name) == command.get_short_help_str(200).removesuffix(".")


@pytest.mark.parametrize(("path", "command"), list(walk(cli.root)), ids=lambda value: str(value)[:30])
def test_every_command_and_option_says_what_it_does(path, command):
    """Each command has one line and one example of itself; each option has a line."""
    assert command.help
    assert f"Example: {path[0]}" in command.help or f"Example: source <({path[0]}" in command.help
    assert " ".join(path[1:2]) in command.help.partition("Example: ")[2]
    assert [option.name for option in command.params if isinstance(option, click.Option) and not option.help] == []


def test_help_imports_next_to_nothing():
    """`offkey --help` names every command and imports none; beside click and itself it needs what click does."""
    code = (
        "import sys\nbefore = set(sys.modules)\nfrom offkey.app.cli import run\nassert run(['--help']) == 0\n"
        "print(*sorted(set(sys.modules) - before), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = set(done.stderr.split())
    foreign = {name.partition(".")[0] for name in imported} - sys.stdlib_module_names
    own = {name for name in imported if name.startswith("offkey.")}
    assert foreign == {"click", "offkey"}
    assert own == {f"offkey.{name}" for name in ("app", "app.cli", "app.commands", "app.folder", "core", "core.errors")}
    assert not imported & SLOW_OF_PYTHON
    assert all(f"\n  {name}" in done.stdout for name in COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["chek"], "error: no command called 'chek'; did you mean 'check'?\nhint: offkey --help\n"),
        (["check", "confg"], "error: no command called 'confg'; did you mean 'config'?\nhint: offkey check --help\n"),
        (["version", "--speed"], "error: No such option '--speed'.\nhint: offkey version --help\n"),
        (["check", "config"], "error: Missing argument 'PATHS...'.\nhint: offkey check config --help\n"),
        (["version", "-o", "xml"], "error: Invalid value for '-o' / '--output': 'xml' is not one of"),
        (
            ["run", "--once", "--prometheus.url", "localhost:9090"],
            "error: Invalid value for '--prometheus.url': found 'localhost:9090'; write http://host:port",
        ),
    ],
)
def test_wrong_usage_is_code_2_with_a_hint(run, arguments, said):
    """What was wrong goes to stderr, with the command that explains it; stdout stays empty."""
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith(said)


def test_a_group_alone_shows_its_help_as_wrong_usage(run):
    """`offkey check` is not a success: a script that forgot the rest must notice."""
    code, out, err = run("check")
    assert (code, out) == (2, "")
    assert err.startswith("Usage: offkey check")


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (errors.ConfigError("f.yml:1:1: bad\nf.yml:2:1: worse"), 2, "error: f.yml:1:1: bad\nerror: f.yml:2:1: worse\n"),
        (errors.UnknownPlugin("no such kind"), 2, "error: no such kind\nhint: offkey models list\n"),
        (errors.RuleError("changed by hand"), 1, "error: changed by hand\n"),
        (errors.SourceDown("refused"), 4, "error: refused\n"),
        (errors.StateError("torn"), 5, "error: torn\n"),
        (PermissionError(13, "Permission denied", "out.yml"), 5, "error: out.yml: permission denied\n"),
        (KeyboardInterrupt(), 130, "\n"),
        (click.ClickException("plain"), 1, "error: plain\n"),
    ],
)
def test_every_error_has_its_exit_code(run, monkeypatch, error, code, said):
    """Errors raised on purpose become words and a code, never a traceback."""

    def fail(**_options):
        raise error

    monkeypatch.setattr(version.command, "callback", fail)
    assert run("version") == (code, "", said)


def test_a_command_may_choose_its_exit_code(run, monkeypatch):
    """Findings are code 1, whether by `context.exit` or by the returned number."""
    monkeypatch.setattr(version.command, "callback", lambda **_: click.get_current_context().exit(1))
    assert run("version")[0] == 1
    monkeypatch.setattr(version.command, "callback", lambda **_: 3)
    assert run("version")[0] == 3


def test_a_request_to_end_is_an_interrupt():
    """SIGTERM unwinds what runs, like Ctrl-C, also where nothing else obeys it because the process is the first one."""
    code = (
        "import os, signal, sys\nfrom offkey.app import cli\nfrom offkey.app.commands import version\n"
        "def end(**_):\n"
        "    try:\n        os.kill(os.getpid(), signal.SIGTERM)\n        signal.pause()\n"
        "    finally:\n        print('put back')\n"
        "version.command.callback = end\nsys.argv = ['offkey', 'version']\ncli.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (130, "put back\n", "\n")


def test_a_reload_asked_for_too_early_ends_nothing():
    """SIGHUP while `serve` starts is ignored: the configuration is about to be read anyway."""
    code = (
        "import os, signal, sys\nfrom offkey.app import cli, loading\nfrom offkey.core.errors import ConfigError\n"
        "def loader(*_):\n    os.kill(os.getpid(), signal.SIGHUP)\n    raise ConfigError('still here')\n"
        "loading.loader = loader\nsys.argv = ['offkey', 'serve']\ncli.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (2, "error: still here\n")


def test_an_unforeseen_error_is_code_5_after_its_traceback(monkeypatch):
    """A bug shows where it is, asks to be reported, and differs from findings by its code."""
    code = (
        "import sys\nfrom offkey.app import cli\nfrom offkey.app.commands import version\n"
        "version.command.callback = lambda **_: 1 / 0\nsys.argv = ['offkey', 'version']\ncli.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 5
    assert "ZeroDivisionError: division by zero\nerror: internal error: ZeroDivisionError\nhint: please" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "is_red"),
    [
        ([], {}, False),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (["--color=always"], {"NO_COLOR": "1"}, True),
        (["--color=never"], {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colours_obey_the_flag_then_the_environment_then_the_terminal(arguments, environment, is_red):
    """Nothing is coloured in a pipe unless asked for."""
    assert ("\x1b[31m" in process(*arguments, "chek", **environment).stderr) == is_red


def test_check_config_passes_a_good_file(run, tmp_path):
    """Good files are named on stderr; stdout stays empty for findings."""
    path = tmp_path / "offkey.yml"
    path.write_text(GOOD)
    assert run("check", "config", str(path)) == (0, "", f"{path}: ok\n")


def test_golden_check_config_as_json(run, tmp_path, golden, monkeypatch):
    """Programs get every mistake of every file with its place."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.yml").write_text(GOOD)
    (tmp_path / "bad.yml").write_text(GOOD.replace("up", "rate(").replace("name", "nmae"))
    code, out, err = run("check", "config", "-o", "json", "good.yml", "bad.yml", "absent.yml")
    assert (code, err) == (2, "")
    golden("cli/check-config.json", out)


def test_check_config_takes_the_flag_that_serve_takes(run, tmp_path):
    """A file without sources is good together with --prometheus.url, as for `serve`."""
    path = tmp_path / "offkey.yml"
    path.write_text("signals: [{name: a, query: up}]")
    assert run("check", "config", str(path))[0] == 2
    assert run("check", "config", "--prometheus.url", "http://localhost:9090", str(path))[0] == 0


def test_config_show_finds_the_file_here_and_hides_headers(run, tmp_path, monkeypatch):
    """Without --config.file the offkey.yml of this folder is shown; header values never are."""
    monkeypatch.chdir(tmp_path)
    assert run("config", "show")[::2] == (2, "error: no offkey.yml here; name a file with --config.file\n")
    (tmp_path / "offkey.yml").write_text(GOOD)
    code, out, _ = run("config", "show", "--effective")
    assert code == 0
    assert "X-Key: <secret>" in out
    assert "hidden" not in out
    shown = json.loads(run("config", "show", "-o", "json")[1])
    assert shown["signals"] == [{"name": "a", "query": "up", "history_step": "2m"}]


def test_the_schema_is_printed_for_editors(run):
    """`config schema` prints the schema of the file."""
    assert json.loads(run("config", "schema")[1])["$schema"].startswith("https://json-schema.org/")


def test_models_are_listed_by_folder_without_importing_them(run):
    """Every plug-in has a line, from its own docstring; PyTorch would not be loaded to be named."""
    rows = json.loads(run("models", "list", "-o", "json")[1])["models"]
    assert [row["kind"] for row in rows if row["type"] == "detector"] == plugins.names("offkey.models.detect")
    assert all(row["summary"] for row in rows)
    code = "import sys; from offkey.app.cli import run; run(['models', 'list']); print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"


def test_options_of_a_kind_are_listed_with_defaults(run):
    """`models options` shows what may stand beside `kind`."""
    assert "season: Literal['none', 'daily', 'weekly'] = 'weekly'" in run("models", "options", "seasonal")[1]
    wrong = "error: no kind is called 'sesonal'; did you mean \"seasonal\"?\nhint: offkey models list\n"
    assert run("models", "options", "sesonal") == (2, "", wrong)


def test_version_says_what_runs(run):
    """In words, and as JSON."""
    assert run("version")[1].startswith(f"offkey, version {__version__} (revision unknown, python ")
    assert json.loads(run("version", "-o", "json")[1])["version"] == __version__
    assert run("--version")[1].startswith(f"offkey, version {__version__} (revision unknown, python ")


def test_whoever_builds_an_image_says_from_which_commit():
    """The variable that the Dockerfile sets is the revision."""
    assert "(revision 0abc123, " in process("--version", OFFKEY_REVISION="0abc123").stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(run, shell):
    """Each script asks offkey itself for what may follow."""
    assert f"_OFFKEY_COMPLETE={shell}_complete" in run("completion", shell)[1]


def test_completion_knows_the_folder_of_commands():
    """What the script asks for is answered with the commands and options there are."""
    done = process(_OFFKEY_COMPLETE="bash_complete", COMP_WORDS="offkey check co", COMP_CWORD="2")
    assert done.stdout == "plain,config\n"
