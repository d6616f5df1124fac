"""Who reads the rules that are written: the `rules` section of offkey.yml."""

from pathlib import Path
from typing import Literal

import click
from pydantic import Field

from offkey.adapters.exports.rulemanifest import Manifest
from offkey.app.fields import Line, Strict
from offkey.app.sections import section
from offkey.app.sourceschema import PrometheusSource
from offkey.core import targets
from offkey.core.errors import ConfigError
from offkey.core.targets import Target

TargetName = Literal[
    "prometheus", "prometheus-2.53", "prometheus-3", "vmalert", "vmalert-1.92", "operator", "mimir"
]  # as in core.targets


class RuleOutput(Strict):
    """What becomes of rules that are written."""

    target: TargetName = "prometheus"
    """Who reads them; only what it knows is written."""
    namespace: Line = ""
    """For `operator` the Kubernetes namespace, for `mimir` the ruler's namespace (`offkey` when not given)."""
    labels: dict[str, Line] = Field(default_factory=dict)
    """For `operator`: labels of the objects, for example what the operator's `ruleSelector` asks for."""
    server: PrometheusSource | None = None
    """Where `rules apply` reloads, or Mimir's ruler with the tenant in `headers`; the source `default` if not given."""

    @property
    def manifest(self) -> Manifest:
        """Where the operator finds the objects."""
        return Manifest(self.namespace, self.labels)


def chosen(config_file: Path | None, target_name: str | None) -> tuple[RuleOutput, Target]:
    """Return what the configuration says, and the target: the named one, else the configuration's.

    Raises:
        ConfigError: the section is not acceptable.
    """
    output = section(config_file, "rules", RuleOutput)
    return output, targets.target(target_name or output.target)


target_option = click.option(
    "--target",
    "target_name",
    type=click.Choice(targets.NAMES),
    default=None,
    help="Who reads the rules.  [default: rules.target of the configuration, else prometheus]",
)


def refuse_manifests(target: Target) -> None:
    """Refuse to apply what only kubectl can.

    Raises:
        ConfigError: the target takes manifests.
    """
    if target.form == "manifest":
        msg = f"target {target.name}: nothing to reload; write the objects with rules generate and kubectl apply them"
        raise ConfigError(msg)
