"""Made-up series that every query of a pack finds: each selector's metric, under labels that join."""

import promql_parser as promql

from offkey.app.promql import parse, walk

BUCKETS = ("0.1", "0.5", "1", "5", "+Inf")
COUNTED = ("_total", "_count", "_bucket", "_sum")


def openmetrics(packs, end, hours, step):
    """Return what the sources of packs would have said, as OpenMetrics text; every series has every label there is.

    Args:
        packs: values of `offkey.app.presets.Pack`.
        end: Unix seconds of the last sample.
        hours: how far back it goes.
        step: seconds between samples.
    """
    queries = [query for pack in packs for signal in pack.signals for query in texts(signal)]
    selectors = [node for query in queries for node in walk(parse(query)) if isinstance(node, promql.VectorSelector)]
    lines = []
    for name, labels in sorted({entry for selector in selectors for entry in series(selector)}):
        said = ",".join(f'{key}="{value}"' for key, value in labels)
        for place, instant in enumerate(range(end - hours * 3600, end + 1, step)):
            lines.append(f"{name}{{{said}}} {value(name, labels, place)} {instant}")
    lines += [line for pack in packs for line in told(pack.signals[0], end)]
    return "\n".join([*lines, "# EOF", ""])


def told(signal, end):
    """Yield what offkey would say of a signal that reaches its limit."""
    for metric, said in (("offkey_time_to_limit_seconds", 9_000), ("offkey_anomaly_observed", 0.9)):
        yield f'{metric}{{signal="{signal.name}",instance="one:9100",job="node"}} {said} {end}'


def texts(signal):
    """Return the queries of a signal."""
    return [signal.query, *([signal.traffic.query] if signal.traffic else [])]


def series(selector):
    """Yield name and labels of series that a selector finds, and a counterpart where it names a single value."""
    common = {"instance": "one:9100", "job": "shop-node-prometheus", "namespace": "shop", "pod": "shop-1"}
    common |= {"container": "shop", "image": "shop", "device": "eth0", "mountpoint": "/", "fstype": "ext4"}
    common |= {"datname": "shop", "db": "db0", "region": "eu", "tenant": "a", "cdn": "cdn_a", "route": "/plays"}
    common |= {"provider": "card", "topic": "plays", "group": "counting", "verb": "GET", "node": "n1"}
    for matcher in selector.matchers.matchers:
        if matcher.op in (promql.MatchOp.Equal, promql.MatchOp.Re) and matcher.name != "job":
            common[matcher.name] = matcher.value.partition("|")[0].replace("..", "03").replace(".*", "x")
    for bound in BUCKETS if selector.name.endswith("_bucket") else ("",):
        labels = {**common, **({"le": bound} if bound else {})}
        yield selector.name, tuple(sorted(labels.items()))


def value(name, labels, place):
    """Return the sample at a place in time: counters grow, gauges rest between 0 and 1."""
    if name.startswith("pg_stat_database_") or name.startswith("node_vmstat") or name.startswith("node_netstat"):
        return 60.0 * (place + 1)
    if "reserved" in name:
        return 0.1
    if not name.endswith(COUNTED) or ":" in name:
        return 0.5 if "size" in name or "avail" in name or "free" in name.lower() else 0.7
    share = dict(labels).get("le")
    grown = 60.0 * (place + 1) * ((BUCKETS.index(share) + 1) / len(BUCKETS) if share else 1.0)
    return round(grown, 3)
