"""A long past of a machine, made of a short one: what node_exporter said for some minutes, again and again."""

import time

import requests
from prometheus_client.parser import text_string_to_metric_families

STEP = 60  # seconds between samples of the past
FAMILIES = ("node_cpu", "node_disk", "node_filefd", "node_filesystem", "node_load", "node_md", "node_memory_Mem")
FAMILIES += ("node_netstat_Tcp", "node_network", "node_nf_conntrack", "node_pressure", "node_timex", "node_vmstat")


def record(url, seconds):
    """Return the values of each series once a minute, oldest first, and the types of the metrics."""
    found, types = {}, {}
    begin = time.time()
    for minute in range(seconds // STEP + 1):
        time.sleep(max(0.0, begin + minute * STEP - time.time()))
        text = requests.get(url, timeout=10).text
        for family in text_string_to_metric_families(text):
            if family.name.startswith(FAMILIES):
                for sample in family.samples:
                    labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
                    found.setdefault((sample.name, labels), []).append(sample.value)
                    types[sample.name] = family.type
    return {key: values for key, values in found.items() if len(values) == seconds // STEP + 1}, types


def openmetrics(recorded, types, end, minutes, target):
    """Return a past that ends with what was recorded, as OpenMetrics text.

    Counters go back by the recorded increases and gauges repeat, there and back again, so that nothing jumps.

    Args:
        recorded: values by name and labels, once a minute.
        types: of the metrics.
        end: Unix seconds of the last sample.
        minutes: how many.
        target: labels that the scrape will add.
    """
    lines = []
    for (name, labels), values in recorded.items():
        own = ",".join(filter(None, (labels, target)))
        value, steps, found = values[-1], len(values) - 1, []
        for minute in range(minutes):
            place = minute % (2 * steps)
            here = steps - place if place < steps else place - steps  # index of the sample that is repeated
            if types[name] == "counter":
                lower = here - 1 if place < steps else here
                value -= max(0.0, values[lower + 1] - values[lower])
            else:
                value = values[here]
            found.append(f"{name}{{{own}}} {value!r} {end - minute * STEP}")
        lines += reversed(found)
    return "\n".join([*lines, "# EOF", ""])
