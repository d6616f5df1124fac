"""Ask a live server what it has, and write what is worth watching as a configuration."""

import ast
import math
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from prometheus_api_client import PrometheusConnect
from prometheus_api_client.exceptions import PrometheusApiClientException

from offkey.adapters.endpoint import Endpoint
from offkey.adapters.http import Session, excerpt
from offkey.adapters.sources.prometheus import HINTS
from offkey.app import config, yamlfile
from offkey.app.options import MOST_SIGNALS
from offkey.app.presets import Pack, preset_text
from offkey.app.presets import presets as known
from offkey.core.durations import HOUR, MINUTE, format_duration, parse_duration
from offkey.core.errors import BadResponse, ConfigError, QueryRejected
from offkey.core.signals import Signal
from offkey.engine import discovery as engine
from offkey.engine import metricnames
from offkey.engine.proposals import BUDGET, Metric, Proposal

MOST_PROBED = 120  # metrics that are asked about one by one
MOST_LISTED = 2_000  # series of one metric whose labels are listed; of more, only the jobs
MOST_SERIES = 1_000  # series of one signal
RATE_WINDOW = 5 * MINUTE
_PLAIN_METRIC = re.compile("[a-zA-Z_:][a-zA-Z0-9_:]*")
_REFUSAL = re.compile(r"HTTP Status Code (\d+) \((b(?:'.*'|\".*\"))\)")
_PLAIN_LABEL = re.compile("[a-zA-Z_][a-zA-Z0-9_]*")

_HEADER = """\
# Proposed by `offkey discover` from {url}, best first.
# Drop what nobody would get up for, name the team, then: offkey check config FILE
"""


@dataclass(frozen=True, slots=True)
class Found:
    """A proposal, and how many series its query gives now."""

    proposal: Proposal
    series: int


def propose(prometheus_url: str) -> config.Config:
    """Return a configuration for a server nobody has described yet.

    Raises:
        ConfigError: the address is not one, or nothing there is worth watching yet.
        SourceError: the server gives no usable answer.
    """
    return config.parse(written(prometheus_url, at=int(time.time())), "proposed.yml")


def written(
    prometheus_url: str,
    *,
    at: int,
    config_file: Path | None = None,
    most: int = MOST_SIGNALS,
    presets: Sequence[Pack] = (),
) -> str:
    """Return a proposed configuration as YAML with comments; the same server at the same instant gives the same text.

    Args:
        prometheus_url: address of the server; may be empty when a file names it.
        at: instant to ask about, Unix seconds.
        config_file: where the source `default` and its credentials come from.
        most: signals.
        presets: propose their signals, as far as the server has series for them, instead of what its metrics suggest.

    Raises:
        ConfigError: no such source, or nothing worth watching yet.
        SourceError: the server gives no usable answer.
    """
    sources = {"default": {"url": prometheus_url}}
    document = yamlfile.parse(yamlfile.dump({"sources": sources}), "--prometheus.url")
    if config_file is not None:
        document = yamlfile.load(config_file)
        sources = document.value.get("sources", sources) if isinstance(document.value, dict) else sources
    settings = config.settings(document, prometheus_url, needs_signals=False)
    source = config.from_settings(settings, (config_file or Path()).parent).sources.get("default")
    if source is None or source.kind != "prometheus":
        msg = f"{config_file}: has no source default of kind prometheus to look at; name it, or give --prometheus.url"
        raise ConfigError(msg)
    endpoint = source.options["endpoint"]
    with Session(endpoint) as session:
        server = _Server(endpoint, session, at)
        if presets:
            return preset_text(endpoint.url, sources, presets, lambda query: int(server.number(f"count({query})")))
        found = list(server.found(most))
        if not found:
            msg = f"{endpoint.url}: nothing worth watching yet; it needs counters that count or gauges that move"
            raise ConfigError(msg)
        better = [pack.name for pack in known() if server.number(f"count({pack.written[0]['query']})")]
    return text(endpoint.url, sources, found, better)


class _Server:
    """What a server says about its metrics at one instant."""

    def __init__(self, endpoint: Endpoint, session: Session, at: int) -> None:
        self.url = endpoint.url
        self.at = at
        self.api = PrometheusConnect(url=endpoint.url, session=session)

    def found(self, most: int) -> Iterator[Found]:
        """Return the best proposals that have series now."""
        window = self.window()
        metrics = [self.metric(*family, window) for family in self.families()]
        counts: dict[str, int] = {}

        def has_series(proposal: Proposal) -> bool:
            counts[proposal.signal.name] = count = int(self.number(f"count({proposal.signal.query})"))
            return 0 < count <= MOST_SERIES

        chosen = engine.choose(filter(has_series, engine.propose(metrics, window)), most)
        return (Found(proposal, counts[proposal.signal.name]) for proposal in chosen)

    def families(self) -> list[tuple[str, str, str, int]]:
        """Return name, type, help and number of series of the most promising metrics."""
        rows = self.ask(self.api.custom_query, 'count by (__name__) ({__name__!=""})', params={"time": self.at})
        counts = {str(row["metric"].get("__name__", "")): int(float(row["value"][1])) for row in rows}
        there = frozenset(name for name in counts if _PLAIN_METRIC.fullmatch(name))
        types, helps = self.metadata()
        found = []
        for name in metricnames.families(there):
            type_ = metricnames.type_of(name, there, types)
            series = counts.get(f"{name}_count" if type_ == "histogram" else name, 0)
            about = helps.get(name) or helps.get(metricnames.base(name), "")
            found.append((engine.promise(name, type_), (name, type_, about, series)))
        ranked = sorted((entry for entry in found if entry[0] and entry[1][3]), key=lambda entry: (-entry[0], entry[1]))
        return [family for _, family in ranked[:MOST_PROBED]]

    def metadata(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return type and help by name; where targets differ, the first in the order of the alphabet."""
        rows = self.ask(self.api.get_metric_metadata, "")
        said = sorted((row["metric_name"], row["type"], row["help"]) for row in rows)
        types = {name: type_ for name, type_, _ in reversed(said)}
        return types, {name: excerpt(about.encode()) for name, _, about in reversed(said) if about}

    def window(self) -> int:
        """Return the seconds that rates are taken over: four scrape intervals, at least five minutes."""
        try:
            targets = self.ask(self.api.get_targets, "active")
        except (QueryRejected, BadResponse):  # a query frontend has no targets
            targets = {}
        intervals = [str(target.get("scrapeInterval", "")) for target in targets.get("activeTargets", [])]
        longest = max((_whole_seconds(interval) for interval in intervals), default=0)
        return max(RATE_WINDOW, -(-4 * longest // MINUTE) * MINUTE)

    def metric(self, name: str, type_: str, about: str, series: int, window: int) -> Metric:
        """Return what a metric did lately."""
        counted = f"{name}_count" if type_ in ("histogram", "summary") else name
        listed = name if type_ == "summary" else counted
        values = self.values(listed, series)
        if type_ in ("gauge", "record"):
            moving = int(self.number(f"count(changes({name}[{format_duration(HOUR)}]) > 0)"))
            lowest, highest = self.number(f"min({name})"), self.number(f"max({name})")
            return Metric(name, type_, series, about, values, moving=moving, lowest=lowest, highest=highest)
        rate = self.number(f"sum(rate({counted}[{format_duration(window)}]))")
        return Metric(name, type_, series, about, values, rate=rate, highest=self.number(f"max({counted})"))

    def values(self, name: str, series: int) -> dict[str, tuple[str, ...]]:
        """Return the values of each label; of a metric with very many series, only the jobs."""
        if series > MOST_LISTED:
            rows = self.ask(self.api.custom_query, f"count by (job) ({name})", params={"time": self.at})
            labels = [row["metric"] for row in rows]
        else:
            start, end = (datetime.fromtimestamp(instant, UTC) for instant in (self.at - RATE_WINDOW, self.at))
            labels = self.ask(self.api.get_series, start, end, params={"match[]": name})
        known: dict[str, set[str]] = {}
        for one in labels:
            for label, value in one.items():
                if _PLAIN_LABEL.fullmatch(label) and label != "__name__":
                    known.setdefault(label, set()).add(value)
        return {label: tuple(sorted(known[label])) for label in sorted(known)}

    def number(self, query: str) -> float:
        """Return the one value of a query, 0 when it has none."""
        rows = self.ask(self.api.custom_query, query, params={"time": self.at})
        value = float(rows[0]["value"][1]) if rows else 0.0
        return value if value == value else 0.0  # noqa: PLR0124 (NaN is not itself)

    def ask(self, method: Any, *arguments: object, **options: object) -> Any:  # noqa: ANN401 (JSON)
        """Call the client; its errors become ours."""
        try:
            return method(*arguments, **options)
        except PrometheusApiClientException as error:
            msg = f"{self.url}: {_answered(str(error))}"
            raise QueryRejected(msg) from error
        except (requests.JSONDecodeError, KeyError, TypeError) as error:
            msg = f"{self.url}: the answer is not what the Prometheus API promises; is this the address of one?"
            raise BadResponse(msg) from error


def _answered(words: str) -> str:
    """Return what a refusal means, from what the client library makes of it."""
    found = _REFUSAL.fullmatch(words)
    if not found:
        return excerpt(words.encode())
    status, body = int(found[1]), bytes(ast.literal_eval(found[2]))
    return f"answered {status}: {excerpt(body)}{HINTS.get(status, '')}"


def _whole_seconds(text: str) -> int:
    try:
        return parse_duration(text)
    except ValueError:
        return 0


def text(url: str, sources: Mapping[str, Any], found: list[Found], better: Sequence[str] = ()) -> str:
    """Return a configuration with a comment above each signal that says why it is there.

    Args:
        url: address of the server.
        sources: `sources` of the configuration.
        found: signals, best first.
        better: presets that know more about what the server has; a comment names them.
    """
    head = {"sources": dict(sources), "defaults": {"alert": {"budget": f"{BUDGET.budget_per_week:g}/week"}}}
    hint = f"# Presets know more about some of it: offkey discover {' '.join(f'--preset {name}' for name in better)}\n"
    parts = [_HEADER.format(url=url), hint if better else "", yamlfile.dump(head), "signals:\n"]
    for one in found:
        series = f"{one.series} series"
        parts.append(f"  # {one.proposal.topic}: {one.proposal.why}; {series} now\n")
        body = yamlfile.dump(plain(one.proposal.signal)).splitlines()
        parts.append(
            "".join(f"  {'- ' if place == 0 else '  '}{line}".rstrip() + "\n" for place, line in enumerate(body))
        )
    return "".join(parts)


def plain(signal: Signal) -> dict[str, Any]:
    """Return the keys of a proposed signal that are not defaults."""
    usual = Signal(signal.name, signal.query)
    deviation = {"absolute": signal.least_absolute, "relative": signal.least_relative}
    keys = {
        "name": signal.name,
        "query": signal.query,
        "description": signal.description,
        "unit": signal.unit,
        "kind": signal.kind if signal.kind != usual.kind else "",
        "direction": signal.direction if signal.direction != usual.direction else "",
        "min_deviation": {name: value for name, value in deviation.items() if value},
        "valid_range": [_short(end) for end in signal.valid] if signal.valid != usual.valid else [],
        "scale": [_short(end) for end in signal.scale] if signal.scale != usual.scale else [],
        "traffic": {"query": signal.traffic.query, "floor": signal.traffic.floor} if signal.traffic else {},
        "alert": "none" if signal.alert is None else _alert(signal),
    }
    return {key: value for key, value in keys.items() if value}


def _short(number: float) -> float | None:
    """Return an end of a range as people write it."""
    if not math.isfinite(number):
        return None
    return int(number) if number == int(number) else number


def _alert(signal: Signal) -> dict[str, str]:
    severity = signal.alert.severity if signal.alert else BUDGET.severity
    return {"severity": severity} if severity != BUDGET.severity else {}
