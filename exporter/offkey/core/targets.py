"""What rule files may say, by who reads them.

Sources: Prometheus CHANGELOG (2.31 limit, 2.42 keep_firing_for, 2.53 query_offset, 3.0 labels of a group);
VictoriaMetrics CHANGELOG (1.92 keep_firing_for of vmalert); prometheus-operator 0.82, CRD of PrometheusRule; Grafana
Mimir, HTTP API, ruler.
"""

import difflib
from dataclasses import dataclass
from typing import Literal

from offkey.core.errors import ConfigError

Form = Literal["file", "manifest", "ruler"]

_RULE_KEYS = {
    "record": frozenset({"record", "expr", "labels"}),
    "alert": frozenset({"alert", "expr", "for", "labels", "annotations"}),
}
_GROUP_KEYS = frozenset({"name", "interval", "limit", "rules"})
_MORE_VMALERT = frozenset({"concurrency", "type", "params", "headers", "eval_offset", "eval_delay", "labels"})


@dataclass(frozen=True, slots=True)
class Target:
    """A program that reads rules.

    Attributes:
        name: how it is chosen.
        title: how it is called.
        form: a plain file, a Kubernetes manifest, or groups sent to a ruler.
        keep_firing_for: whether an alert may outlast its condition; where not, the dead band alone holds it.
        limit: whether a group may cap what a rule gives.
        group_keys: every key a group may have.
        lifecycle: whether it reloads on request and lists its rules.
    """

    name: str
    title: str
    form: Form = "file"
    keep_firing_for: bool = True
    limit: bool = True
    group_keys: frozenset[str] = _GROUP_KEYS
    lifecycle: bool = True

    def rule_keys(self, kind: str) -> frozenset[str]:
        """Return the keys a rule may have; `kind` is `alert` or `record`."""
        return _RULE_KEYS[kind] | ({"keep_firing_for"} if kind == "alert" and self.keep_firing_for else frozenset())


_OFFSET = _GROUP_KEYS | {"query_offset"}
TARGETS = (
    Target("prometheus", "Prometheus 2.42 and newer"),
    Target("prometheus-2.53", "Prometheus 2.53 and newer", group_keys=_OFFSET),
    Target("prometheus-3", "Prometheus 3", group_keys=_OFFSET | {"labels"}),
    Target("vmalert", "vmalert before 1.92", keep_firing_for=False, group_keys=_GROUP_KEYS | _MORE_VMALERT),
    Target("vmalert-1.92", "vmalert 1.92 and newer", group_keys=_GROUP_KEYS | _MORE_VMALERT),
    Target(
        "operator",
        "the Prometheus operator's PrometheusRule",
        "manifest",
        group_keys=_OFFSET | {"labels", "partial_response_strategy"},
        lifecycle=False,
    ),
    Target(
        "mimir",
        "Mimir's ruler",
        "ruler",
        group_keys=_OFFSET | {"source_tenants", "evaluation_delay", "align_evaluation_time_on_interval"},
        lifecycle=False,
    ),
)
NAMES = tuple(target.name for target in TARGETS)
DEFAULT = TARGETS[0]


def target(name: str) -> Target:
    """Return a target by its name.

    Raises:
        ConfigError: there is none of that name.
    """
    for one in TARGETS:
        if one.name == name:
            return one
    near = difflib.get_close_matches(name, NAMES, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    msg = f"no target called '{name}'{hint} (have: {', '.join(NAMES)})"
    raise ConfigError(msg)
