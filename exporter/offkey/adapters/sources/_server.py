"""What a server says about itself: how it answers instant queries, and which labels it adds to what leaves it."""

import re
import time
from dataclasses import dataclass
from typing import Any

import orjson
import yaml

from offkey.adapters.http import Client
from offkey.core.durations import parse_duration
from offkey.core.errors import BadResponse

LOOKBACK = 300  # seconds. Source: Prometheus --query.lookback-delta
_ASK_SECONDS = 2.0  # for each question
_GLOBAL = re.compile(r"^global:\n(?:[ ].*\n?)*", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Server:
    """Facts that decide what raw samples mean.

    Attributes:
        reach: greatest age of a sample that counts for an instant, milliseconds.
        external: labels that remote read adds to every series, None when the server does not say.
    """

    reach: int = LOOKBACK * 1000
    external: dict[str, str] | None = None


def ask(client: Client, timeout: float) -> Server:
    """Return what a server says about itself; what it does not say is assumed to be as in Prometheus 2.

    Raises:
        SourceDown: it does not answer at all.
    """
    end = time.monotonic() + timeout

    def told(what: str) -> dict[str, Any]:
        reply = client.call("GET", f"/api/v1/status/{what}", timeout=min(_ASK_SECONDS, end - time.monotonic()))
        try:
            found = orjson.loads(reply.body)["data"] if reply.status == 200 else {}
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return {}
        return found if isinstance(found, dict) else {}

    lookback = _seconds(told("flags").get("query.lookback-delta"))
    is_left_open = (
        _major(told("buildinfo").get("version")) >= 3
    )  # Source: Prometheus 3.0 migration guide, range selectors
    return Server(lookback * 1000 - is_left_open, _external(told("config").get("yaml")))


def _seconds(text: object) -> int:
    try:
        return parse_duration(text) if isinstance(text, str) else LOOKBACK
    except ValueError:
        return LOOKBACK


def _major(version: object) -> int:
    found = re.match(r"v?(\d+)\.", version) if isinstance(version, str) else None
    return int(found[1]) if found else 2


def _external(text: object) -> dict[str, str] | None:
    """Return the external labels in a configuration that Prometheus shows; only its first section is parsed."""
    if not isinstance(text, str):
        return None
    section = _GLOBAL.search(text)
    try:
        labels = (yaml.safe_load(section[0]) or {})["global"].get("external_labels") if section else None
    except (yaml.YAMLError, AttributeError, KeyError, TypeError) as error:
        msg = "the server's configuration is not what Prometheus shows"
        raise BadResponse(msg) from error
    return {str(name): str(value) for name, value in (labels or {}).items()}
