"""The main job on the real programs: raw series in Prometheus, one page in Alertmanager, and nothing else."""

import time
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml
from shop import LIVE_STEP, Shop, config

from offkey.app.demo import layout
from offkey.app.demo.history import import_blocks, write_openmetrics
from offkey.app.demo.loopback import Loopback
from offkey.app.demo.processes import Programs, free_port, session
from offkey.app.demo.real import OFFKEY
from offkey.app.demo.webhook import Catcher

READY_SECONDS = 90.0
QUIET_SECONDS = 40
HOLD_SECONDS = 10
RANGE_SECONDS = 60  # of the queries
STEP = 5
# Alertmanager's group_wait of a second, and a scrape, an evaluation and a delivery that each take their moment.
DELIVERY_SECONDS = 8
SHOP = {"instance": "shop"}
SERIES = 4

pytestmark = pytest.mark.e2e


class Site:
    """A shop, a Prometheus that remembers it, an Alertmanager, a webhook, and offkey."""

    def __init__(self, folder, program, programs):
        """Prepare; nothing runs yet."""
        self.folder, self.program, self.programs = folder, program, programs
        self.client, self.catcher = session(), Catcher()
        self.shop = Shop(int(time.time()))
        names = ("prometheus", "alertmanager", "offkey")
        self.ports = {name: free_port(0) for name in names}

    def url(self, name):
        """Return where a program listens."""
        return layout.url(self.ports[name])

    def remember(self):
        """Put the shop's past into the storage."""
        text = self.folder / "past.txt"
        write_openmetrics(text, self.shop.frames(int(time.time())))
        import_blocks(self.programs, self.program("promtool"), text, self.folder / "data")

    def start_prometheus(self):
        """Start it, or start it again."""
        flags = {
            "config.file": self.folder / "prometheus.yml",
            "storage.tsdb.path": self.folder / "data",
            "storage.tsdb.retention.time": "10y",
            "web.listen-address": layout.address(self.ports["prometheus"]),
            "log.level": "warn",
        }
        command = [self.program("prometheus"), *(f"--{name}={value}" for name, value in flags.items())]
        self.programs.start("prometheus", [*command, "--web.enable-lifecycle"])
        self.await_ready("prometheus")

    def start_alertmanager(self):
        """Start it with one receiver, which is the webhook."""
        command = [self.program("alertmanager"), f"--config.file={self.folder / 'alertmanager.yml'}"]
        listen = f"--web.listen-address={layout.address(self.ports['alertmanager'])}"
        storage = f"--storage.path={self.folder / 'am'}"
        self.programs.start("alertmanager", [*command, listen, storage, "--cluster.listen-address="])
        self.await_ready("alertmanager")

    def start_offkey(self):
        """Start the daemon, write the rules, and have Prometheus load them."""
        flags = ["--config.file", str(self.folder / "offkey.yml")]
        listen = ["--web.listen-address", layout.address(self.ports["offkey"])]
        self.programs.start("offkey", [*OFFKEY, "serve", *flags, *listen])
        self.programs.wait("offkey", lambda: self.samples("offkey_anomaly_score"), READY_SECONDS)
        output = ["-o", str(self.folder / "rules")]
        self.programs.start("rules", [*OFFKEY, "rules", "generate", *flags, *output], is_brief=True)
        self.programs.finish("rules", READY_SECONDS)
        self.client.post(f"{self.url('prometheus')}/-/reload", timeout=5).raise_for_status()
        # Between the past and the first scrape lies the moment Prometheus took to start: ranges that hold it are a gap.
        self.programs.wait("offkey", lambda: len(self.samples("offkey_anomaly_score")) == SERIES, READY_SECONDS)

    def await_ready(self, name):
        """Wait until a program says that it is ready."""
        ready = f"{self.url(name)}/-/ready"
        self.programs.wait(name, lambda: self.client.get(ready, timeout=1).ok, READY_SECONDS)

    def write_configs(self, hook_port, shop_port):
        """Write the three configurations."""
        rules = [str(self.folder / "rules" / "*.rules.yml"), str(layout.project_file("rules/offkey.rules.yml"))]
        prometheus = {
            "global": {"scrape_interval": f"{LIVE_STEP}s", "scrape_timeout": "2s", "evaluation_interval": f"{STEP}s"},
            "rule_files": rules,
            "alerting": {"alertmanagers": [self.target("alertmanager")]},
            "scrape_configs": [
                {"job_name": "shop", "static_configs": [{"targets": [layout.address(shop_port)], "labels": SHOP}]},
                {"job_name": "offkey", "honor_labels": True, **self.target("offkey")},
            ],
        }
        hook = {"name": "hook", "webhook_configs": [{"url": layout.url(hook_port), "send_resolved": True}]}
        route = {"receiver": "hook", "group_by": ["alertname"], "group_wait": "1s", "group_interval": "5s"}
        (self.folder / "prometheus.yml").write_text(yaml.safe_dump(prometheus))
        (self.folder / "alertmanager.yml").write_text(yaml.safe_dump({"route": route, "receivers": [hook]}))
        (self.folder / "offkey.yml").write_text(config(self.url("prometheus"), self.shop.start))

    def target(self, name):
        """Return a static target."""
        return {"static_configs": [{"targets": [layout.address(self.ports[name])]}]}

    def samples(self, name):
        """Return offkey's samples of one metric: labels to value."""
        text = self.client.get(f"{self.url('offkey')}/metrics", timeout=5).text
        found = {}
        for line in text.splitlines():
            if line.startswith((f"{name}{{", f"{name} ")):
                labels, value = line.rsplit(" ", 1)
                found[labels.removeprefix(name)] = float(value)
        return found

    def seconds_until(self, comes_true):
        """Return how long something takes to come true; a minute and a half at most."""
        began = time.monotonic()
        while not comes_true() and time.monotonic() - began < READY_SECONDS:
            time.sleep(0.2)
        return time.monotonic() - began

    def alerts(self):
        """Return the names of the alerts that fire in Prometheus."""
        answer = self.client.get(f"{self.url('prometheus')}/api/v1/alerts", timeout=5).json()
        return sorted(one["labels"]["alertname"] for one in answer["data"]["alerts"] if one["state"] == "firing")


@pytest.fixture(scope="module")
def site(tmp_path_factory, program):
    """Run everything; module-wide, the tests below are one story in order."""
    folder = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as environment, ExitStack() as stack:
        environment.setenv("PYTHONTZPATH", str(folder / "zones"))
        programs = stack.enter_context(Programs(folder / "logs", Path(program("promtool")).parent))
        found = Site(folder, program, programs)
        found.shop.zone_file(folder / "zones")
        page = {"/metrics": lambda: found.shop.page(time.time())}
        with Loopback(0, page) as shop, Loopback(0, {}, found.catcher.take) as hook:
            found.write_configs(hook.port, shop.port)
            found.remember()
            found.start_alertmanager()
            found.start_prometheus()
            found.start_offkey()
            yield found


def test_the_past_with_reset_gap_and_clock_change_would_have_paged_nobody(site):
    """The bounds cost no alert a week on it, and every series is judged."""
    assert site.samples("offkey_expected_alerts_per_week") == {'{signal="orders"}': 0, '{signal="order_success"}': 0}
    assert len(site.samples("offkey_anomaly_score")) == SERIES
    assert set(site.samples("offkey_series_ready_ratio").values()) == {1.0}


def test_quiet_time_pages_nobody(site):
    """Nothing fires, and no series is off even for one step."""
    end = time.monotonic() + QUIET_SECONDS
    while time.monotonic() < end:
        assert site.alerts() == []
        assert site.samples("offkey_anomaly") == {}
        time.sleep(STEP)
    assert site.catcher.pages == ()


def test_a_fault_is_one_page_with_everything_a_person_needs(site):
    """Three evaluations and `for` after the fault at the latest."""
    began = site.shop.fault_from = time.time()
    latest = began + 3 * STEP + HOLD_SECONDS + DELIVERY_SECONDS
    while not site.catcher.pages and time.time() < latest:
        time.sleep(0.2)
    pages = site.catcher.pages
    assert len(pages) == 1, f"{pages} after {time.time() - began:.1f} s; {site.samples('offkey_anomaly_score')}"
    labels, annotations = pages[0].labels, pages[0].annotations
    assert labels["region"] == "here"
    assert labels["alertname"] == "OrderSuccessAnomalous"
    assert (labels["severity"], labels["team"]) == ("critical", "shop")
    assert "unknown" not in annotations["description"]
    assert "%" in annotations["description"]
    print(f"paged {pages[0].received - began:.1f} s after the fault: {annotations['description']}")
    time.sleep(2 * STEP)
    assert {page.labels["region"] for page in site.catcher.pages} == {"here"}


def test_a_dead_prometheus_is_shown_as_such_and_comes_back(site):
    """Derived series vanish within two intervals; it is asked again within a cycle, scored once ranges are whole."""
    site.programs.stop("prometheus")
    assert site.seconds_until(lambda: not site.samples("offkey_anomaly_score")) <= 2 * STEP + 2.0
    assert site.samples("offkey_source_up") == {'{source="default"}': 0}
    site.start_prometheus()
    assert site.seconds_until(lambda: site.samples("offkey_source_up") == {'{source="default"}': 1}) <= STEP + 2.0
    assert site.seconds_until(lambda: site.samples("offkey_anomaly_score")) <= RANGE_SECONDS + 2 * STEP
    assert {page.name for page in site.catcher.pages} == {"OrderSuccessAnomalous"}
