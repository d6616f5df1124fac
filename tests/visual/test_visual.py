"""Every panel of every dashboard, drawn by Grafana's own components (opt-in: `make test-visual`)."""

from pathlib import Path

import a_day
import packworld
import pytest
from e2e.realprometheus import running
from visual import draw

from offkey.app import presets

END = 1_750_000_020
DASHBOARDS = sorted((Path(__file__).parents[2] / "grafana" / "dashboards").rglob("*.json"))

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
def prometheus(program, tmp_path_factory):
    """Return the address of a Prometheus that holds a made-up day, and what the packs watch."""
    watched = packworld.openmetrics(list(presets.packs()), END, 6, 60)
    text = a_day.openmetrics(END, 6, 60).removesuffix("# EOF\n") + watched
    with running(program, tmp_path_factory.mktemp("prometheus"), text, a_day.KEPT) as address:
        yield address


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda path: path.stem)
def test_no_panel_is_empty(prometheus, dashboard, tmp_path):
    """With all rows unfolded every panel shows something, and none an error."""
    picture = tmp_path / "dashboard.png"
    times = {"from": (END - 6 * 3600) * 1000, "to": END * 1000}
    report = draw.draw(prometheus, picture, dashboard, unfold=1, **times)
    assert report["error"] == ""
    assert [panel for panel in report["panels"] if panel["error"] or not panel["frames"] or not panel["isDrawn"]] == []
    assert picture.stat().st_size > 50_000
