"""Discovery on a real Prometheus that watches itself."""

import pytest
import requests
from realprometheus import running, wait_until

from offkey.app import cli, config

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def server(program, tmp_path_factory):
    """Return the URL of a server that has scraped itself a few times and answered some requests."""
    with running(program, tmp_path_factory.mktemp("prometheus"), "") as url:

        def counts():
            asked = {"query": 'sum(rate(prometheus_http_requests_total{handler="/api/v1/query"}[5m] offset 2s)) > 0'}
            return requests.get(f"{url}/api/v1/query", asked, timeout=5).json()["data"]["result"]

        wait_until(counts)
        yield url


def test_discover_writes_a_configuration_that_passes_its_own_check(server, tmp_path, capsys):
    """Errors, latency and traffic of the server's own API are found; every query is accepted by the server."""
    path = tmp_path / "offkey.yml"
    assert cli.run(["discover", "--prometheus.url", server, "-o", str(path)]) == 0
    assert cli.run(["check", "config", str(path)]) == 0
    assert str(path) in capsys.readouterr().err
    signals = config.load(path).signals
    names = [signal.name for signal in signals]
    assert names[0] == "prometheus_http_requests_errors_ratio"
    assert {"prometheus_http_requests_rate", "prometheus_engine_query_duration_p99"} <= set(names)
    assert len(names) <= 20
    for signal in signals:
        answer = requests.get(f"{server}/api/v1/query", {"query": signal.query}, timeout=5).json()
        assert answer["status"] == "success", signal.query
        assert answer["data"]["result"], signal.query


def test_a_server_that_is_not_there_is_code_4(capsys):
    """Upstream trouble is told apart from wrong usage."""
    assert cli.run(["discover", "--prometheus.url", "http://127.0.0.1:9"]) == 4
    assert capsys.readouterr().err.startswith("error: http://127.0.0.1:9")
