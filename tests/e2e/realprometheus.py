"""A real Prometheus with a small history in it, on the loopback address."""

import contextlib
import socket
import subprocess
import time

import requests

PATIENCE = 30.0


@contextlib.contextmanager
def running(program, folder, history, *flags):
    """Give the URL of a server that remembers `history` and scrapes itself.

    Args:
        program: the fixture that finds real programs.
        folder: an empty folder.
        history: OpenMetrics text with times, or nothing; two hours at most keep this fast.
        flags: further flags of the server.
    """
    (folder / "history.txt").write_text(history)
    if history:
        blocks = ["tsdb", "create-blocks-from", "openmetrics", folder / "history.txt", folder / "data"]
        subprocess.run([program("promtool"), *blocks], check=True, capture_output=True, timeout=4 * PATIENCE)
    url = f"http://127.0.0.1:{free_port()}"
    (folder / "prometheus.yml").write_text(
        "scrape_configs: [{job_name: self, scrape_interval: 1s, scrape_timeout: 1s,"
        f" static_configs: [{{targets: ['{url.removeprefix('http://')}']}}]}}]\n"
    )
    with started(program("prometheus"), folder, *flags, url=url) as (url, _):
        yield url


@contextlib.contextmanager
def started(binary, folder, *flags, url=""):
    """Give the URL and the process number of a server with the configuration and data of a folder.

    Args:
        binary: path of the program.
        folder: holds `prometheus.yml`, and `data` if there are any.
        flags: further flags of the server.
        url: where it is to listen; a free port of the loopback if not given.
    """
    url = url or f"http://127.0.0.1:{free_port()}"
    command = [binary, f"--config.file={folder / 'prometheus.yml'}", "--log.level=error"]
    command += [f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address={url.removeprefix('http://')}", *flags]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:
        try:
            wait_until(lambda: is_ready(url), server)
            yield url, server.pid
        finally:
            server.terminate()


def gauge(name, lines):
    """Return the OpenMetrics text of a gauge with these samples."""
    return "\n".join([f"# TYPE {name} gauge", *lines, "# EOF", ""])


def is_ready(url):
    """Whether a server answers that it is ready."""
    try:
        return requests.get(f"{url}/-/ready", timeout=1).status_code == 200
    except requests.RequestException:  # not there yet, or too busy
        return False


def wait_until(condition, server=None):
    """Wait for something to become true; a server that ended or too long a wait fails the test."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "this does not come true"
        assert server is None or server.poll() is None, "the server has ended; see its log"
        time.sleep(0.05)


def free_port():
    """Return a port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
