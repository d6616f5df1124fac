"""Presets: packs that say what to watch on what many people run, with rules, their tests and a dashboard."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module, resources
from importlib.resources.abc import Traversable
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from offkey.app import config, yamlfile
from offkey.core import plugins
from offkey.core.errors import ConfigError
from offkey.core.signals import Signal

PACKAGE = "offkey.packs"
CONFIGURATION, RULES, TESTS, PANELS = "offkey.yml", "rules.yml", "rules.test.yml", "panels.yml"


class Panels(BaseModel):
    """The content of `panels.yml`."""

    model_config = ConfigDict(extra="forbid")

    title: str
    absent: str
    """What is said, and what to do, where there is nothing to show."""
    rows: dict[str, dict[str, str]]
    """Signals by row, and how their series are called."""


@dataclass(frozen=True)
class Pack:
    """One business or exporter: what is in its folder."""

    name: str

    @property
    def folder(self) -> Traversable:
        """Return where its files are."""
        return resources.files(plugins.place(PACKAGE, self.name))

    @property
    def summary(self) -> str:
        """Return one line about it."""
        return str(import_module(plugins.place(PACKAGE, self.name)).__doc__).partition("\n")[0]

    def text(self, name: str) -> str:
        """Return one of its files."""
        return self.folder.joinpath(name).read_text("utf-8")

    @cached_property
    def written(self) -> tuple[Mapping[str, Any], ...]:
        """Return its signals as the file has them."""
        return tuple(yamlfile.parse(self.text(CONFIGURATION), f"{self.name}/{CONFIGURATION}").value["signals"])

    @cached_property
    def signals(self) -> tuple[Signal, ...]:
        """Return its signals as the program runs on them."""
        return config.parse(self.text(CONFIGURATION), f"{self.name}/{CONFIGURATION}").signals

    @cached_property
    def panels(self) -> Panels:
        """Return what its dashboard shows."""
        document = yamlfile.parse(self.text(PANELS), f"{self.name}/{PANELS}")
        try:
            return Panels.model_validate(document.value)
        except ValidationError as error:
            raise yamlfile.InvalidFile(
                [document.problem(wrong["loc"], wrong["msg"]) for wrong in error.errors()]
            ) from error

    @property
    def alerts(self) -> tuple[str, ...]:
        """Return the names of the alerts in its own rules."""
        if not self.folder.joinpath(RULES).is_file():
            return ()
        groups = yamlfile.parse(self.text(RULES), f"{self.name}/{RULES}").value["groups"]
        return tuple(rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule)


def packs() -> Iterator[Pack]:
    """Yield every pack, by name."""
    yield from map(Pack, plugins.names(PACKAGE))


def presets() -> list[Pack]:
    """Return the packs that need nothing but an exporter: they bring their own rules."""
    return [pack for pack in packs() if pack.folder.joinpath(RULES).is_file()]


def preset(name: str) -> Pack:
    """Return one preset.

    Raises:
        ConfigError: there is none of that name.
    """
    known = {pack.name: pack for pack in presets()}
    if name not in known:
        msg = f"no preset called '{name}' (have: {', '.join(known)})"
        raise ConfigError(msg)
    return known[name]


def files(pack: Pack) -> dict[str, str]:
    """Return what a preset writes, by path: configuration, rules, their tests and a dashboard."""
    rules = f"{pack.name}.rules.yml"
    return {
        f"{pack.name}.offkey.yml": pack.text(CONFIGURATION),
        f"rules/{rules}": pack.text(RULES),
        f"rules/tests/{pack.name}.test.yml": pack.text(TESTS).replace(f"  - {RULES}", f"  - ../{rules}", 1),
        f"dashboards/{pack.name}.json": dashboard(pack),
    }


def dashboard(pack: Pack) -> str:
    """Return a pack's dashboard as Grafana's classic JSON."""
    from offkey.adapters.exports.dashboards import encoded  # noqa: PLC0415 (the SDK is for this only)
    from offkey.adapters.exports.grafana.pack import Watched, build  # noqa: PLC0415 (the same)

    known = {signal.name: signal for signal in pack.signals}
    rows = {
        title: [Watched(known[name], legend) for name, legend in shown.items()]
        for title, shown in pack.panels.rows.items()
    }
    return encoded(build(pack.name, pack.panels.title, pack.summary, pack.panels.absent, rows, pack.alerts))


def preset_text(url: str, sources: Mapping[str, Any], chosen: Sequence[Pack], count: Callable[[str], int]) -> str:
    """Return a configuration with those signals of presets that a server has series for.

    Args:
        url: address of the server, for the comment on top.
        sources: `sources` of the configuration.
        chosen: presets.
        count: how many series a query gives now.

    Raises:
        ConfigError: there is none.
    """
    parts = [
        f"# What {', '.join(pack.name for pack in chosen)} can watch on {url}.\n",
        yamlfile.dump({"sources": dict(sources)}),
    ]
    parts.append("signals:\n")
    absent = []
    for pack in chosen:
        for written in pack.written:
            series = count(written["query"])
            if not series:
                absent.append(written["name"])
                continue
            parts.append(f"  # {pack.name}: {series} series now\n")
            first, *rest = yamlfile.dump(written).splitlines()
            parts += [f"  - {first}\n", *(f"    {line}".rstrip() + "\n" for line in rest)]
    if len(absent) == sum(len(pack.written) for pack in chosen):
        asked = ", ".join(pack.panels.absent[0].lower() + pack.panels.absent[1:] for pack in chosen)
        msg = f"{url}: {asked}"
        raise ConfigError(msg)
    if absent:
        parts.append(f"  # without series now: {', '.join(absent)}\n")
    return "".join(parts)
