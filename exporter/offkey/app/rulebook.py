"""Learn every signal and plan what becomes of its rule files."""

import sys
from dataclasses import dataclass
from pathlib import Path

import click

from offkey.adapters.exports import rulefiles
from offkey.adapters.exports.rulefiles import Edited, RuleChanges
from offkey.app import wire
from offkey.app.gather import gather
from offkey.app.loading import loader
from offkey.app.logs import logger
from offkey.app.progress import track
from offkey.app.ruleoutput import RuleOutput, chosen
from offkey.app.telemetry import Telemetry
from offkey.core.errors import SourceDown
from offkey.core.targets import Target


@dataclass(frozen=True, slots=True)
class Book:
    """What has to change in a folder of rules."""

    changes: RuleChanges
    output: RuleOutput
    target: Target

    @classmethod
    def learned(
        cls,
        config_file: Path | None,
        prometheus_url: str,
        folder: Path,
        edited: Edited,
        target_name: str | None = None,
        workers: str = "",
    ) -> "Book":
        """Learn all signals of a configuration, telling on stderr how far it is.

        Raises:
            ConfigError: the configuration is not acceptable.
            SourceDown: nothing could be learned at all.
            RuleError: files that people changed are in the way.
        """
        config = loader(config_file, prometheus_url)()
        journal = Telemetry(logger("warning", "logfmt", sys.stderr))
        alerting = sum(signal.alert is not None for signal in config.signals)
        helpers = wire.workers(workers)
        try:
            found = list(track(gather(config, journal, int(wire.CLOCKS.wall()), helpers), "learning", alerting))
        finally:
            if helpers is not None:
                helpers.close()
        for one in found:
            if one.problem:
                click.echo(f"{one.signal.name}: no rules: {one.problem}", err=True)
        evidences = {one.signal.name: one.evidence for one in found if one.evidence is not None}
        if not evidences:
            msg = "nothing could be learned about any signal; no rules were written"
            raise SourceDown(msg)
        output, target = chosen(config_file, target_name)
        changes = rulefiles.plan(
            config.signals, evidences, folder, edited=edited, target=target, manifest=output.manifest
        )
        return cls(changes, output, target)

    def write(self) -> None:
        """Check and write the changes, saying on stderr what was done.

        Raises:
            RuleError: a rule or its test does not hold; nothing was written.
        """
        self.told(checked=self.changes.write())

    def told(self, *, checked: bool) -> None:
        """Say on stderr what was done, and whether promtool was there to check it."""
        for change in self.changes.changes:
            done = "removed" if change.after is None else "wrote" if change.before is None else "changed"
            click.echo(f"{done} {self.changes.folder / change.path}", err=True)
        if not self.changes.changes:
            click.echo(f"{self.changes.folder}: nothing to change", err=True)
        elif not checked:
            click.echo("promtool was not found: the rules were checked by offkey alone", err=True)
