"""A configuration made from what a server says."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from prometheus_api_client.exceptions import PrometheusApiClientException

from offkey.app import cli, config, discovery, options, promql
from offkey.app.discovery import Found
from offkey.core.errors import BadResponse, ConfigError, QueryRejected
from offkey.core.signals import Alert, Signal, Traffic
from offkey.engine.discovery import choose, propose
from offkey.engine.proposals import Metric, Proposal

GOLDEN = Path(__file__).parents[2] / "golden" / "config"
AT = 1_700_000_000
URL = "http://prometheus:9090"


def recorded():
    """Return the metrics a shop's server had."""
    rows = json.loads((GOLDEN / "metrics.json").read_text())
    return [
        Metric(**{**row, "values": {label: tuple(found) for label, found in row["values"].items()}}) for row in rows
    ]


class Api:
    """Answers like the client of a server with two metrics; `asked` is every call."""

    def __init__(self, url, session):
        self.asked = []
        self.names = {"http_requests_total": 3, "queue_pending": 1, "go_threads": 1, "bad-name": 1}
        self.numbers = {
            "sum(rate(http_requests_total": "4.5",
            "count(changes(queue_pending": "1",
            "max(": "7",
            "min(": "2",
        }

    def custom_query(self, query, params):
        """Answer with the first number whose query begins alike."""
        self.asked.append((query, params["time"]))
        if query.startswith("count by (__name__)"):
            return [{"metric": {"__name__": name}, "value": [AT, str(count)]} for name, count in self.names.items()]
        if query.startswith("count by (job)"):
            return [{"metric": {"job": "shop"}, "value": [AT, "9"]}]
        found = next((value for start, value in self.numbers.items() if query.startswith(start)), "1")
        return [{"metric": {}, "value": [AT, found]}]

    def get_metric_metadata(self, metric):
        """Answer in no order."""
        said = [("queue_pending", "gauge", "Waiting\njobs."), ("http_requests_total", "counter", "Requests.")]
        return [{"metric_name": name, "type": kind, "help": about, "unit": ""} for name, kind, about in said]

    def get_targets(self, state):
        """Answer with the intervals of three targets, one without."""
        return {"activeTargets": [{"scrapeInterval": "15s"}, {"scrapeInterval": "2m"}, {}]}

    def get_series(self, start, end, params):
        """Answer with two codes."""
        self.asked.append((params["match[]"], int(end.timestamp())))
        return [
            {"__name__": params["match[]"], "job": "shop", "code": code, "odd-label": "x"} for code in ("200", "500")
        ]


@pytest.fixture
def api(monkeypatch):
    """Put a client without a server in the place of the real one."""
    made = Api(URL, None)
    monkeypatch.setattr(discovery, "PrometheusConnect", lambda url, session: made)
    return made


def test_golden_the_proposal_for_a_shop(golden):
    """What a person gets to read: best first, each with its reason, checked and within bounds."""
    found = [Found(proposal, 2) for proposal in choose(propose(recorded()), options.MOST_SIGNALS)]
    text = discovery.text(URL, {"default": {"url": URL}}, found)
    golden("config/discovered.yml", text)
    assert [signal.name for signal in config.parse(text, "f.yml").signals] == [
        one.proposal.signal.name for one in found
    ]


def test_every_proposal_is_a_good_query():
    """No proposal is refused by the checks, whatever comes first."""
    assert [promql.fault(proposal.signal.query) for proposal in propose(recorded())] == [""] * len(propose(recorded()))


def test_a_server_is_asked_at_one_instant_and_answers_alike(api):
    """The text depends on the server and the instant alone; every query carries the instant."""
    first = discovery.written(URL, at=AT)
    assert discovery.written(URL, at=AT) == first
    assert {at for _, at in api.asked} == {AT}
    signals = config.parse(first, "f.yml").signals
    assert [signal.name for signal in signals] == ["http_requests_errors_ratio", "http_requests_rate", "queue_pending"]
    assert "rate(http_requests_total[8m])" in signals[1].query  # four scrape intervals of two minutes
    assert signals[2].description == "Waiting jobs."


def test_labels_and_names_that_promql_would_have_to_quote_are_left_out(api):
    """Old servers refuse them."""
    assert "odd-label" not in discovery.written(URL, at=AT)
    assert not any("bad-name" in query for query, _ in api.asked)


def test_noise_is_not_even_asked_about(api):
    """Only metrics that may be proposed cost queries."""
    discovery.written(URL, at=AT)
    assert not any("go_threads" in query for query, _ in api.asked)


def test_of_a_metric_with_very_many_series_only_the_jobs_are_listed(api):
    """A label listing of a million series is never asked for."""
    api.names["http_requests_total"] = discovery.MOST_LISTED + 1
    text = discovery.written(URL, at=AT)
    assert ("http_requests_total", AT) not in api.asked
    assert "sum by (job) (rate(http_requests_total[8m]))" in text


def test_at_most_so_many_metrics_are_probed(api):
    """A server with thousands of metrics is asked about the most promising ones."""
    api.names = {f"m{number:04}_lag": 1 for number in range(1_000)}
    discovery.written(URL, at=AT)
    probed = {query for query, _ in api.asked if query.startswith("min(")}
    assert probed == {f"min(m{number:04}_lag)" for number in range(discovery.MOST_PROBED)}


def test_signals_without_series_or_with_too_many_are_left_out(api):
    """What gives nothing now, or would flood the exposition, is not proposed."""
    api.numbers["count((sum"] = "0"
    api.numbers["count(queue_pending"] = str(discovery.MOST_SERIES + 1)
    signals = config.parse(discovery.written(URL, at=AT), "f.yml").signals
    assert [signal.name for signal in signals] == ["http_requests_rate"]


def test_nothing_worth_watching_is_said(api):
    """An empty server is an error with a reason, not an empty file."""
    api.names = {"go_threads": 1}
    with pytest.raises(ConfigError, match=f"^{URL}: nothing worth watching yet"):
        discovery.written(URL, at=AT)


def test_presets_that_fit_are_named(api):
    """Whoever runs a well-known exporter learns of its preset, and of no other."""
    api.numbers["count(rate(redis_commands_processed_total"] = "0"
    hint = next(line for line in discovery.written(URL, at=AT).splitlines() if "--preset" in line)
    assert hint.startswith("# Presets know more about some of it: offkey discover --preset http --preset kubernetes")
    assert "redis" not in hint


def test_a_server_without_targets_is_still_surveyed(api):
    """Query frontends of Thanos and Mimir know no targets."""

    def refuse(state):
        raise PrometheusApiClientException

    api.get_targets = refuse
    assert "rate(http_requests_total[5m])" in discovery.written(URL, at=AT)


def test_a_refusal_says_what_to_look_at(api):
    """A 404 is most often another server's address, and reads as it does everywhere else."""
    refused = PrometheusApiClientException("HTTP Status Code 404 (b'404 page not found\\n')")

    def fail(*_arguments, **_options):
        raise refused

    api.custom_query = fail
    with pytest.raises(QueryRejected, match=r"answered 404: 404 page not found; is the path in url right\?$"):
        discovery.written(URL, at=AT)


@pytest.mark.parametrize(
    ("error", "becomes"),
    [
        (PrometheusApiClientException("HTTP Status Code 401 (b'no\\nentry')"), QueryRejected),
        (PrometheusApiClientException("odd"), QueryRejected),
        (requests.JSONDecodeError("not JSON", "<html>", 0), BadResponse),
        (KeyError("data"), BadResponse),
        (TypeError("'NoneType'"), BadResponse),
    ],
)
def test_errors_of_the_client_become_ours(api, error, becomes):
    """They name the server, on one line."""

    def fail(*_arguments, **_options):
        raise error

    api.custom_query = fail
    with pytest.raises(becomes, match=f"^{URL}: [^\n]+$"):
        discovery.written(URL, at=AT)


def test_the_sources_of_a_file_reach_a_guarded_server(api, tmp_path):
    """Credentials come from the file's source, which the proposal keeps; the file needs no signals yet."""
    path = tmp_path / "sources.yml"
    path.write_text(f"sources: {{default: {{url: '{URL}', authorization: {{credentials_file: token}}}}}}\n")
    text = discovery.written("", at=AT, config_file=path)
    endpoint = config.parse(text, "f.yml").sources["default"].options["endpoint"]
    assert (endpoint.url, endpoint.authorization.credentials_file) == (URL, Path("token"))


def test_a_file_without_a_prometheus_source_is_refused(api, tmp_path):
    """There is nothing to look at in recorded answers."""
    path = tmp_path / "sources.yml"
    path.write_text("sources: {default: {kind: recorded, path: x}}\n")
    with pytest.raises(ConfigError, match="no source default of kind prometheus"):
        discovery.written("", at=AT, config_file=path)


def test_serve_without_a_file_runs_on_the_same_proposals(api):
    """`propose` is the configuration that `discover` would have written."""
    assert discovery.propose(URL).signals[0].name == "http_requests_errors_ratio"


def test_discover_never_writes_over_a_file(api, tmp_path, capsys):
    """What a person edited is safe; a new file is complete or not there."""
    path = tmp_path / "offkey.yml"
    assert cli.run(["discover", "--prometheus.url", URL, "-o", str(path)]) == 0
    assert config.load(path).signals
    before = path.read_text()
    assert cli.run(["discover", "--prometheus.url", URL, "-o", str(path)]) == 2
    assert path.read_text() == before
    assert "exists and is not written over" in capsys.readouterr().err
    assert cli.run(["discover"]) == 2


SIGNALS = st.builds(
    Signal,
    name=st.just("a"),
    query=st.sampled_from(["sum(rate(x[5m]))", "(x\n  or y)\n/ z"]),
    unit=st.sampled_from(["", "seconds", "no", "B/s"]),
    description=st.text(st.characters(codec="utf-8", exclude_categories=("C",)), max_size=20),
    kind=st.sampled_from(["gauge", "ratio"]),
    direction=st.sampled_from(["above", "below", "both"]),
    least_absolute=st.sampled_from([0.0, 0.01]),
    least_relative=st.sampled_from([0.0, 0.25]),
    valid=st.sampled_from([(0.0, 1.0), (0.0, float("inf")), (float("-inf"), float("inf"))]),
    traffic=st.sampled_from([None, Traffic("sum(rate(y[5m]))", 0.1, 300.0)]),
    alert=st.sampled_from([None, Alert(budget_per_week=1.0), Alert(budget_per_week=1.0, severity="info")]),
)


@given(SIGNALS)
def test_the_text_means_the_signals_it_was_made_of(signal):
    """Writing leaves out defaults and nothing else; what follows from other keys is filled in by the reader."""
    text = discovery.text(URL, {"default": {"url": URL}}, [Found(Proposal(signal, 1, "errors", "because"), 1)])
    (read,) = config.parse(text, "f.yml").signals
    assert replace(read, history_step=signal.history_step, scrapes="") == signal
