"""Dashboards as Grafana's classic JSON: one file each, one function `build` each; the folder is the registry."""

import json
from typing import Literal

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from offkey.adapters.exports.grafana.resource import resource
from offkey.core.plugins import load, names

Schema = Literal["classic", "v2"]


def render(schema: Schema = "classic") -> dict[str, str]:
    """Return the text of every dashboard by its file name.

    Args:
        schema: `classic` is what Grafana 10 to 13 load from files; `v2` is the resource that Grafana 13's API takes.
    """
    encoder = JSONEncoder(sort_keys=True, indent=2)
    texts = {f"{name}.json": encoder.encode(load(__name__, name).build()) + "\n" for name in names(__name__)}
    if schema == "classic":
        return texts
    return {
        name: json.dumps(resource(json.loads(text)), sort_keys=True, indent=2) + "\n" for name, text in texts.items()
    }
