"""Dashboards as Grafana's classic JSON: one file each, one function `build` each; the folder is the registry."""

import json
from typing import TYPE_CHECKING

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from offkey.adapters.exports.grafana.resource import resource
from offkey.core.plugins import load, names

if TYPE_CHECKING:
    from grafana_foundation_sdk.models import dashboard as model


def render() -> dict[str, str]:
    """Return the text of every dashboard by its file name."""
    return {f"{name}.json": encoded(load(__name__, name).build()) for name in names(__name__)}


def encoded(built: "model.Dashboard") -> str:
    """Return a dashboard as classic JSON."""
    return f"{JSONEncoder(sort_keys=True, indent=2).encode(built)}\n"


def as_resource(text: str) -> str:
    """Return a dashboard of the classic schema in the v2 schema."""
    return json.dumps(resource(json.loads(text)), sort_keys=True, indent=2) + "\n"
