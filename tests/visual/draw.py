"""Draw dashboards with Grafana's own components in a real Chromium, from a real Prometheus.

Usage: python tests/visual/draw.py --prometheus http://127.0.0.1:9090 --output FOLDER [--from now-3h] [NAME ...]
The first run installs Grafana's packages with npm into .tools/grafana-ui (421 MB); nothing of them is kept elsewhere.
"""

import argparse
import contextlib
import http.server
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
WORKSHOP = ROOT / ".tools" / "grafana-ui"
DASHBOARDS = ROOT / "grafana" / "dashboards"
LOADERS = [f"--loader:.{kind}=dataurl" for kind in ("svg", "png", "woff", "woff2", "ttf")]
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
]


def build():
    """Install what package-lock.json pins and bundle the page, unless that was done before from the same files."""
    WORKSHOP.mkdir(parents=True, exist_ok=True)
    stamp = WORKSHOP / "sources"
    sources = "".join((HERE / name).read_text() for name in ("package-lock.json", "page.tsx", "panels.tsx"))
    if stamp.exists() and stamp.read_text() == sources:
        return
    for path in [*HERE.glob("*.json"), *HERE.glob("*.tsx"), HERE / "index.html"]:
        shutil.copy(path, WORKSHOP)
    npm = ["npm", "ci", "--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund"]
    if not (WORKSHOP / "node_modules" / "@grafana" / "ui").exists():
        subprocess.run(npm, cwd=WORKSHOP, check=True)
    bundle = ["node_modules/.bin/esbuild", "page.tsx", "--bundle", "--outfile=page.js", "--minify", "--format=iife"]
    subprocess.run([*bundle, *LOADERS, "--jsx=transform", "--log-level=warning"], cwd=WORKSHOP, check=True)
    stamp.write_text(sources)


@contextlib.contextmanager
def serving(dashboard, prometheus):
    """Serve the page, the dashboard and Prometheus' answers from one address; yield it with the list of reports."""
    reports = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=WORKSHOP)

        def log_message(self, *args):
            pass

        def do_GET(self):
            if self.path.startswith("/prometheus/"):
                self.answer(*fetched(prometheus + self.path.removeprefix("/prometheus")))
            elif self.path == "/dashboard.json":
                self.answer(200, dashboard.read_bytes())
            else:
                super().do_GET()

        def do_POST(self):
            reports.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.answer(200, b"{}")

        def answer(self, status, body):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", reports
    finally:
        server.shutdown()
        server.server_close()


def fetched(url):
    """Return status and body of a URL."""
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 (the Prometheus that was named)
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def draw(prometheus, output, dashboard, width=1400, height=0, **choices):
    """Take the picture; return what the page says it drew.

    Args:
        prometheus: its address.
        output: the PNG file.
        dashboard: the JSON file.
        width: of the picture, pixels.
        height: of the picture; all of the dashboard when 0, which takes a second run.
        choices: time range (`from`, `to`), variables (`var-signal`), and `unfold` for folded rows.
    """
    build()
    with serving(dashboard, prometheus.rstrip("/")) as (address, reports):
        url = f"{address}/index.html?{urllib.parse.urlencode({'width': width, **choices})}"
        if not height:
            shoot(url, output, width, 1000)
            height = reports[-1]["height"] if reports else 0
        shoot(url, output, width, height)
    return reports[-1] if reports else {"error": "the page did not report", "panels": [], "height": 0}


def shoot(url, output, width, height):
    """Let Chromium draw a page and save what it shows; time in the page runs until it has nothing left to wait for."""
    with tempfile.TemporaryDirectory() as profile:
        window = [f"--window-size={width},{max(height, 100)}", f"--screenshot={Path(output).resolve()}"]
        patience = ["--virtual-time-budget=60000", f"--user-data-dir={profile}"]
        subprocess.run(["chromium", *QUIET, *window, *patience, url], check=True, capture_output=True, timeout=180)


def main():
    """Parse, draw, say what is empty; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="dashboards, by the names of their files; all when none is given")
    parser.add_argument("--prometheus", required=True)
    parser.add_argument("--output", required=True, type=Path, help="folder of the pictures")
    parser.add_argument("--from", dest="start", default="now-24h")
    parser.add_argument("--to", default="now")
    parser.add_argument("--width", default=1400, type=int)
    parser.add_argument("--height", default=0, type=int, help="the first so many pixels only")
    parser.add_argument("--unfold", action="store_true", help="folded rows too")
    parser.add_argument("--signal", default="", help="what is chosen as the signal; the worst one when not given")
    given = parser.parse_args()
    choices = {"from": given.start, "to": given.to, **({"unfold": "1"} if given.unfold else {})}
    choices |= {"var-signal": given.signal} if given.signal else {}
    failed = False
    for path in [DASHBOARDS / f"{name}.json" for name in given.names] or sorted(DASHBOARDS.glob("*.json")):
        picture = given.output / f"{path.stem}.png"
        report = draw(given.prometheus, picture, path, given.width, given.height, **choices)
        for panel in report["panels"]:
            print(f"{'drawn' if panel['frames'] else 'empty'}  {path.stem}: {panel['title']}  {panel['error']}")
        print(report.get("error", ""), picture, file=sys.stderr)
        failed = failed or bool(report.get("error") or any(panel["error"] for panel in report["panels"]))
    return failed


if __name__ == "__main__":
    sys.exit(main())
