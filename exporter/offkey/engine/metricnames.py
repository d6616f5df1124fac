"""What a metric's name and labels say by convention: type, unit, subject, noise, errors, grouping.

Source: Prometheus documentation, practices/naming and instrumenting/writing_exporters.
"""

import re
from collections.abc import Mapping

UNITS = ("seconds", "bytes", "ratio", "celsius", "volts", "amperes", "joules", "grams", "meters", "percent")
SUFFIXES = ("_total", "_bucket", "_count", "_sum")
NOISE = ("go_", "process_", "python_", "promhttp_", "scrape_", "offkey_", "offkey:", "net_conntrack_")
NOT_MEASURED = ("_info", "_timestamp", "_timestamp_seconds", "_created", "_start_time_seconds", "_expiry_seconds")
SETTINGS = frozenset({"limit", "limits", "max", "min", "config", "capacity", "quota", "threshold", "target", "desired"})
ERROR_WORDS = frozenset({"error", "errors", "failed", "failure", "failures", "exceptions", "timeouts", "rejected"})
HELD_WORDS = frozenset(
    {"queue", "queued", "pending", "inflight", "active", "used", "usage", "utilization", "utilisation"}
)
HELD_WORDS |= {"waiting", "backlog", "lag", "connections", "threads", "blocked", "saturation", "load", "resident"}
LASTING_WORDS = frozenset({"play", "listening", "session", "visit", "watch", "age", "uptime", "interval", "length"})
FREE_WORDS = frozenset({"available", "free", "idle", "remaining", "avail"})

HTTP_CODES = ("code", "status", "status_code", "http_code", "http_status", "response_code", "http_response_status_code")
GRPC_CODES = ("grpc_code", "grpc_status", "rpc_grpc_status_code")
OUTCOMES = ("result", "outcome", "status", "state", "success")
GRPC_FAULTS = "Unknown|DeadlineExceeded|Internal|Unavailable|DataLoss|2|4|13|14|15"
BAD_OUTCOME = re.compile(r"errors?|fail(ed|ure|ures)?|timeout|exception|rejected|crashed|dropped|false", re.IGNORECASE)

# Labels that divide a service among places, and labels that divide its work: both in the order they are preferred.
PLACES = (
    "cluster",
    "datacenter",
    "dc",
    "region",
    "zone",
    "environment",
    "env",
    "namespace",
    "tenant",
    "service",
    "app",
)
PARTS = (
    "handler",
    "route",
    "path",
    "endpoint",
    "operation",
    "method",
    "topic",
    "queue",
    "device",
    "mountpoint",
    "slice",
)
MOST_VALUES = 12  # of one label that divides


# What is looked at first: broken work, slow work, missing work, then what fills up.
LEAST_RANK = 25  # of what is proposed at all
RANKS = {"errors": 100, "latency": 90, "record": 85, "traffic": 80, "failures": 70, "saturation": 60, "level": 30}
_PROTOCOLS = frozenset({"http", "grpc", "rpc", "request", "requests", "response", "query", "queries"})
_PLUMBING = frozenset({"prometheus", "alertmanager", "grafana", "loki", "thanos", "cortex"})
_HOSTS = frozenset({"node", "container", "kube", "kubelet", "apiserver", "etcd", "coredns", "machine", "namedprocess"})


def words(name: str) -> list[str]:
    """Return the words of a metric name, lower case; capitals and digits begin words of their own."""
    return [word.lower() for word in re.findall("[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", name)]


def base(name: str) -> str:
    """Return a name without the suffix its type gave it."""
    return next((name.removesuffix(suffix) for suffix in SUFFIXES if name.endswith(suffix)), name)


def is_noise(name: str) -> bool:
    """Return whether a metric describes the process or the scrape, or is not a measurement at all."""
    return name.startswith(NOISE) or name.startswith("ALERTS") or name.endswith(NOT_MEASURED)


def type_of(name: str, names: frozenset[str], said: Mapping[str, str]) -> str:
    """Return counter, histogram, summary, record or gauge; what metadata do not say, the suffix does.

    Args:
        name: a metric with series, `_bucket`, `_count` and `_sum` left out where they belong to another.
        names: all metrics with series.
        said: type of each metric by its metadata, under its name with or without suffix.
    """
    if ":" in name:
        return "record"
    found = said.get(name) or said.get(base(name)) or ""
    if found in ("counter", "histogram", "summary", "gauge"):
        return found
    if name.endswith("_total"):
        return "counter"
    return "histogram" if f"{name}_bucket" in names else "gauge"


def families(names: frozenset[str]) -> list[str]:
    """Return the metrics that stand for themselves, sorted; the parts of a histogram count once, as its name."""
    found = set()
    for name in names:
        stem = base(name)
        is_histogram = f"{stem}_bucket" in names and name in (f"{stem}_bucket", f"{stem}_count", f"{stem}_sum")
        is_summary = {f"{stem}_count", f"{stem}_sum"} <= names and name in (f"{stem}_count", f"{stem}_sum")
        found.add(stem if is_histogram or is_summary else name)
    return sorted(found)


def unit_of(name: str) -> str:
    """Return the base unit a name ends with, or nothing."""
    last = words(base(name))[-1:]
    return last[0] if last and last[0] in UNITS else ""


def bad_values(label: str, values: tuple[str, ...]) -> str:
    """Return the regular expression of a label's values that mean an error, or nothing when none does."""
    if label in GRPC_CODES:
        return GRPC_FAULTS
    if label in HTTP_CODES and any(re.fullmatch("[1-5][0-9x]{2}", value) for value in values):
        return "5.."
    if label in OUTCOMES:
        bad = sorted(value for value in values if BAD_OUTCOME.fullmatch(value))
        return "|".join(map(re.escape, bad)) if len(bad) < len(values) else ""
    return ""


def grouping(values: Mapping[str, tuple[str, ...]], most: int, *, by_part: bool = False) -> tuple[str, ...]:
    """Return the labels to keep, for at most `most` series: the job, the places, and one part of the work."""
    kept = ["job"] if "job" in values else []
    count = len(values.get("job", ("",)))
    parts_left = 1 if by_part else 0
    for label in (*PLACES, *PARTS):
        several = 2 <= len(values.get(label, ())) <= MOST_VALUES
        if not several or count * len(values[label]) > most or (label in PARTS and not parts_left):
            continue
        kept.append(label)
        count *= len(values[label])
        parts_left -= label in PARTS
    return tuple(kept)


def whole_of(name: str, counters: frozenset[str]) -> str:
    """Return the counter that counts all tries of which a counter of errors counts the failed, or nothing."""
    rest = [word for word in words(base(name)) if word not in ERROR_WORDS]
    stem = "_".join(rest)
    plural = stem.removesuffix("s")
    tries = (f"{stem}_total", f"{plural}s_total", f"{stem}_requests_total", f"{stem}_attempts_total", f"{stem}_count")
    return next((whole for whole in tries if whole in counters and whole != name), "")


def noun(name: str) -> str:
    """Return what a counter counts: the last word in the plural."""
    return next((word for word in reversed(words(base(name))) if re.fullmatch("[a-z]{2,}[^s]s", word)), "events")


def slug(text: str, *more: str) -> str:
    """Return a signal name made of a metric's name and further words."""
    parts = [part for part in re.split("[^a-z0-9]+", text.lower()) if part]
    full = "_".join([*parts, *more]).lstrip("0123456789_") or "signal"
    tail = "_".join(("", *more)) if more else ""
    return full if len(full) <= 100 else full[: 100 - len(tail)].rstrip("_") + tail


def is_plumbing(name: str) -> bool:
    """Return whether a metric belongs to the monitoring itself."""
    return not _PLUMBING.isdisjoint(words(name)[:1])


def rank(topic: str, name: str) -> int:
    """Return how early a metric comes: the topic counts most, then whose metric it is."""
    found = words(name)
    bonus = 8 if set(found) & _PROTOCOLS else 0
    penalty = 40 if is_plumbing(name) else 0 if _HOSTS.isdisjoint(found[:1]) else 10
    return RANKS[topic] + bonus - penalty
