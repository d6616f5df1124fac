"""The node preset on the machine that runs this: a quiet half hour, then faults (opt-in: `make test-machine`; root)."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests
import yaml
from e2e.realprometheus import free_port, is_ready, wait_until
from machine import past

OFFKEY = str(Path(sys.executable).with_name("offkey"))
RECORDED = 60 * int(os.environ.get("OFFKEY_RECORDED_MINUTES", "8"))
QUIET = 60 * int(os.environ.get("OFFKEY_QUIET_MINUTES", "30"))
SEEN_WITHIN = 8 * 60  # seconds; the preset's rates look back 5 minutes
TOO_BUSY = 0.8  # share of processor time; the preset takes less than 0.15 more for nobody's problem
TARGET = 'instance="machine",job="node"'

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@contextlib.contextmanager
def started(*command, log):
    """Run a program while the block runs."""
    with log.open("w") as output, subprocess.Popen(list(map(str, command)), stdout=output, stderr=output) as process:
        try:
            yield process
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    """Return a small file system of its own."""
    folder = tmp_path_factory.mktemp("disk")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.fixture(scope="module")
def machine(program, disk, tmp_path_factory):
    """Return the address of a Prometheus that watches this machine, with offkey and its rules beside it."""
    folder = tmp_path_factory.mktemp("machine")
    ports = [free_port() for _ in range(3)]
    exporter, prometheus, offkey = (f"http://127.0.0.1:{port}" for port in ports)
    with contextlib.ExitStack() as stack:
        flags = [f"--web.listen-address=127.0.0.1:{ports[0]}", "--collector.netdev.device-exclude=^ifb"]
        stack.enter_context(started(program("node-exporter"), *flags, log=folder / "node.log"))
        wait_until(lambda: answers(f"{exporter}/metrics"))
        back_fill(program, folder, *past.record(f"{exporter}/metrics", RECORDED))
        configure(folder, ports)
        flags = [f"--storage.tsdb.path={folder / 'tsdb'}", f"--web.listen-address=127.0.0.1:{ports[1]}"]
        flags += ["--web.enable-lifecycle", f"--config.file={folder / 'prometheus.yml'}"]
        server = stack.enter_context(started(program("prometheus"), *flags, log=folder / "prometheus.log"))
        wait_until(lambda: is_ready(prometheus), server)
        time.sleep(60)  # scrapes follow on the past
        settle(folder, prometheus)
        flags = [f"--config.file={folder / 'offkey.yml'}", f"--web.listen-address=127.0.0.1:{ports[2]}"]
        stack.enter_context(started(OFFKEY, "serve", *flags, log=folder / "offkey.log"))
        patient(lambda: answers(f"{offkey}/-/ready"), 300)
        requests.post(f"{prometheus}/-/reload", timeout=10).raise_for_status()
        yield prometheus


def back_fill(program, folder, recorded, types):
    """Give Prometheus half a day of past."""
    text = past.openmetrics(recorded, types, int(time.time()), 12 * 60, TARGET)
    (folder / "past.txt").write_text(text)
    blocks = ["tsdb", "create-blocks-from", "openmetrics", folder / "past.txt", folder / "tsdb"]
    subprocess.run([program("promtool"), *blocks], check=True, capture_output=True)


def configure(folder, ports):
    """Write what Prometheus reads."""

    def scrape(job, port, instance, **more):
        static = [{"targets": [f"127.0.0.1:{port}"], "labels": {"instance": instance}}]
        return {"job_name": job, "static_configs": static, **more}

    content = {
        "global": {"scrape_interval": "15s", "evaluation_interval": "15s"},
        "rule_files": [str(folder / "rules" / "*.rules.yml")],
        "scrape_configs": [
            scrape("node", ports[0], "machine"),
            scrape("offkey", ports[2], "offkey", honor_labels=True),
        ],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(content))


def settle(folder, prometheus):
    """Discover what the preset can watch here, and write its rules, as a person would."""
    found = subprocess.run(
        [OFFKEY, "discover", "--preset", "node", "--prometheus.url", prometheus], check=True, capture_output=True
    )
    content = yaml.safe_load(found.stdout)
    quick = {"season": "none", "history": "11h", "history_step": "1m", "step": "15s"}  # half a day knows no season
    (folder / "offkey.yml").write_text(yaml.safe_dump({**content, "defaults": quick}))
    generate = ["rules", "generate", "--config.file", folder / "offkey.yml", "-o", folder / "rules"]
    subprocess.run([OFFKEY, *generate], check=True, capture_output=True)
    subprocess.run([OFFKEY, "presets", "write", "node", "-o", folder], check=True, capture_output=True)


def answers(url):
    """Whether a page is there."""
    try:
        return requests.get(url, timeout=5).status_code == 200
    except requests.ConnectionError:
        return False


def patient(condition, seconds):
    """Wait for something to become true; return after how many seconds it did."""
    begin = time.monotonic()
    while not condition():
        assert time.monotonic() - begin < seconds, f"not within {seconds} s"
        time.sleep(2)
    return time.monotonic() - begin


def ask(prometheus, query):
    """Return the label sets of an instant query."""
    answer = requests.get(f"{prometheus}/api/v1/query", params={"query": query}, timeout=10).json()
    return [row["metric"] for row in answer["data"]["result"]]


def share(prometheus, query):
    """Return the only sample of an instant query."""
    answer = requests.get(f"{prometheus}/api/v1/query", params={"query": query}, timeout=10).json()
    return float(answer["data"]["result"][0]["value"][1])


def test_all_rules_are_loaded(machine):
    """Prometheus evaluates the generated and the shipped rules without an error."""
    patient(lambda: ask(machine, "offkey_anomalous_series"), 60)
    time.sleep(20)
    groups = requests.get(f"{machine}/api/v1/rules", timeout=10).json()["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert {"NodeDown", "NodeFilesystemFills"} <= {rule["name"] for rule in rules}
    assert [rule["name"] for rule in rules if rule["health"] != "ok"] == []


def test_a_quiet_time_pages_nobody(machine):
    """No alert fires while the machine does what it did before."""
    fired, end = set(), time.monotonic() + QUIET
    while time.monotonic() < end:
        fired |= {tuple(sorted(alert.items())) for alert in ask(machine, 'ALERTS{alertstate="firing"}')}
        time.sleep(15)
    assert fired == set()


def test_a_busy_processor_is_seen(machine):
    """Programs that never rest are anomalous, unless the machine never rests anyway."""
    busy = share(machine, '1 - avg(rate(node_cpu_seconds_total{mode="idle"}[5m]))')
    if busy > TOO_BUSY:
        pytest.skip(f"the processors are {busy:.0%} busy without it: stop what runs here and try again")
    burners = [subprocess.Popen(["nice", sys.executable, "-c", "while True: pass"]) for _ in range(4 * os.cpu_count())]
    try:
        delay = patient(lambda: ask(machine, 'offkey_anomaly{signal=~"node_cpu_.+"}'), SEEN_WITHIN)
        print(f"processor: seen after {delay:.0f} s, {busy:.0%} busy before")
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


def test_a_disk_that_fills_is_seen(machine, disk):
    """A file that grows on a small file system is anomalous."""
    growing = disk / "growing"
    begin = time.monotonic()
    with growing.open("wb") as file:
        while not ask(machine, f'offkey_anomaly{{signal="node_filesystem_used",mountpoint="{disk}"}}'):
            assert time.monotonic() - begin < SEEN_WITHIN
            if file.tell() < 50_000_000:
                file.write(bytes(1_000_000))
                file.flush()
            time.sleep(4)
        print(f"disk: seen after {time.monotonic() - begin:.0f} s at {file.tell() / 1e6:.0f} of 64 MB")
    growing.unlink()


def test_load_on_the_network_is_seen(machine):
    """Traffic on the loopback device is anomalous."""
    stop = threading.Event()
    sink = socket.create_server(("127.0.0.1", 0))

    def swallow():
        connection, _ = sink.accept()
        with connection:
            while connection.recv(1 << 20):
                pass

    def send():
        with socket.create_connection(sink.getsockname()) as connection:
            while not stop.wait(0.1):
                connection.sendall(bytes(4_000_000))

    workers = [threading.Thread(target=work, daemon=True) for work in (swallow, send)]
    for worker in workers:
        worker.start()
    try:
        delay = patient(lambda: ask(machine, 'offkey_anomaly{signal=~"node_network_.+",device="lo"}'), SEEN_WITHIN)
        print(f"network: seen after {delay:.0f} s")
    finally:
        stop.set()
        for worker in workers:
            worker.join(5)
        sink.close()
