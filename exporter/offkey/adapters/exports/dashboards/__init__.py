"""Dashboards as Grafana's classic JSON: one file each, one function `build` each; the folder is the registry."""

from grafana_foundation_sdk.cog.encoder import JSONEncoder

import offkey.adapters.exports.grafana  # noqa: F401 (imports the SDK without its warning, before a dashboard does)
from offkey.core.plugins import load, names


def render() -> dict[str, str]:
    """Return the text of every dashboard by its file name."""
    encoder = JSONEncoder(sort_keys=True, indent=2)
    return {f"{name}.json": encoder.encode(load(__name__, name).build()) + "\n" for name in names(__name__)}
