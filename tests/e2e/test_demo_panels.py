"""Every query of the dashboards that the demonstration has something for, on the Prometheus it runs."""

import json
import subprocess
import time

import pytest
from paneltargets import DASHBOARDS, FOLDER, Prometheus, chosen, targets, unanswered

from offkey.app.demo.real import OFFKEY
from offkey.core.durations import DAY

SHOWN = [*DASHBOARDS, FOLDER / "packs" / "music.json"]
DURATION = 900
PATIENCE = 600.0
LIMIT = "topk(1, offkey_time_to_limit_upper_seconds)"
AWAITED = (
    'ALERTS{alertstate="firing",alertname="MusicPaymentSuccessLow"}',
    "team_rule:offkey_alert_delay_seconds:first",
    "offkey_alert_precision_ratio offset 3m",  # somebody acknowledged the page, and a day's curve has a point since
    "offkey_observed offset 1d",
    "offkey_observed offset 1w",
)
# What is not there while an outage is on: a fault of the data, and how alerts ended.
ABSENT = ("offkey_data_fault", "offkey_alert_short_ratio", "offkey_alert_self_resolved_ratio")

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
def address(tmp_path_factory, program):
    """Return where Prometheus is while the outage of a demonstration lasts and the past is there."""
    folder = tmp_path_factory.mktemp("demo")
    assert program("alertmanager")
    command = [*OFFKEY, "demo", "--folder", str(folder), "--duration", str(DURATION)]
    with (folder / "said").open("w") as words, subprocess.Popen(command, stderr=words) as demo:
        try:
            url = eventually(lambda: listening(folder), demo)
            for awaited in AWAITED:
                eventually(lambda: Prometheus(url, time.time())(awaited), demo)  # noqa: B023 (called here)
            yield url
        finally:
            demo.terminate()


def listening(folder):
    """Return the address that offkey was told to read, once it is known."""
    config = folder / "past.yml"
    return config.exists() and config.read_text().partition("url: ")[2].partition("\n")[0]


def eventually(found, demo):
    """Wait until something is found; a demonstration that ended or too long a wait fails the test."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            if answer := found():
                return answer
        except OSError:  # nobody listens yet, or is too busy to answer
            pass
        assert time.monotonic() < end, "this does not come true"
        assert demo.poll() is None, "the demonstration has ended"
        time.sleep(2.0)


def told(ask):
    """Return the choices that show a series which will reach a limit: signal and series, as Grafana puts them in."""
    (found,) = ask(LIMIT)
    labels = {name: value for name, value in found["metric"].items() if name not in ("__name__", "signal")}
    series = ",".join(f'{name}="{value}"' for name, value in labels.items())
    return {"signal": found["metric"]["signal"], "series": series}


def is_excused(expression):
    """Whether a target may be empty: it marks the anomalies of a signal, which mostly has none, or is not there yet."""
    return expression.startswith('offkey_anomaly_observed{signal="') or any(name in expression for name in ABSENT)


@pytest.mark.parametrize("path", SHOWN, ids=lambda path: path.stem)
def test_every_target_of_every_panel_finds_series(address, path):
    """While an outage is on, no panel is empty that is about the worst series, or about one that reaches a limit."""
    ask, dashboard = Prometheus(address, time.time()), json.loads(path.read_text())
    times = {"__rate_interval": "30s", "__range": "15m"}
    worst, limited = chosen(dashboard, ask, **times), chosen(dashboard, ask, **times, **told(ask))
    assert "payment_success" in worst.get("signal", "payment_success")
    empty = {expression for _, expression in unanswered(dashboard, worst, ask, DAY) if not is_excused(expression)}
    titles = {title for title, expression, _ in targets(dashboard, worst) if expression in empty}
    assert titles & {title for title, _ in unanswered(dashboard, limited, ask, DAY)} == set()
