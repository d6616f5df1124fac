"""A whole dashboard: variables, rows of panels, links and annotations, in Grafana's classic schema 42."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as model

from offkey.adapters.exports.grafana.panels import GREY, SKY, SOURCE, VERMILION

GRID_WIDTH = 24
TAG = "offkey"

# Matchers: what offkey says of itself and of signals, the chosen series with the labels of its source, its alerts.
OF_EXPORTER = 'job=~"$job",instance=~"$instance"'
OF_SERIES = 'signal="$signal",${series:raw}'
OF_ALERTS = ('offkey_rule!=""', 'alertname=~"Offkey.+"')  # of generated rules, and of those that watch offkey

FIRING = " or ".join(f'ALERTS{{alertstate="firing",{alerts}}}' for alerts in OF_ALERTS)


@dataclass(frozen=True, slots=True)
class Placed:
    """A panel and its size; the grid is 24 wide and a unit of height is 30 pixels."""

    panel: Builder[model.Panel]
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Row:
    """Panels set from left to right and broken where the grid ends, under a heading unless the title is empty."""

    title: str
    panels: tuple[Placed, ...]
    is_collapsed: bool = False


def assemble(name: str, title: str, description: str, rows: Sequence[Row]) -> model.Dashboard:
    """Build a dashboard; `name` becomes its address and must never change."""
    made = (
        dashboard.Dashboard(f"offkey / {title}")
        .uid(f"offkey-{name}")
        .description(description)
        .tags([TAG])
        .readonly()
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .refresh("1m")
        .time("now-24h", "now")
        .link(_siblings())
    )
    for variable in variables():
        made.with_variable(variable)
    for annotation in _annotations():
        made.annotation(annotation)
    built = made.build()
    built.panels = list(_lay_out(rows))
    return built


def variables() -> list[Builder[model.VariableModel]]:
    """Return what can be chosen; the worst signal and its worst series are offered first, so they show unasked."""
    worst = "max by (signal) (offkey_top_anomaly_score) or 0 * max by (signal) (offkey_series)"
    scores = 'offkey_anomaly_score{signal="$signal"} or offkey_anomaly{signal="$signal"}'
    some = 'label_replace(vector(0), "horizon", "1h", "", "")'  # without any, panels would be wrong instead of empty
    horizons = f"count by (horizon) (offkey_forecast{{{OF_SERIES}}}) or {some}"
    return [
        dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus"),
        _many("job", "label_values(offkey_build_info, job)"),
        _many("instance", 'label_values(offkey_build_info{job=~"$job"}, instance)'),
        _one("signal", f"query_result(sort_desc({worst}))").regex('/signal="([^"]+)"/'),
        _one("series", f"query_result(sort_desc(topk(1000, {scores})))").regex(r"/\{(.*)\} \S+ \S+$/"),
        _one("horizon", f"query_result({horizons})").regex('/horizon="([^"]+)"/').sort(model.VariableSort.NATURAL_ASC),
    ]


def _one(name: str, query: str) -> dashboard.QueryVariable:
    made = dashboard.QueryVariable(name).label(name).datasource(SOURCE).query(query).definition(query)
    return made.refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED).sort(model.VariableSort.DISABLED)


def _many(name: str, query: str) -> dashboard.QueryVariable:
    made = _one(name, query).multi(True).include_all(True).all_value(".+")
    everything = model.VariableOption(selected=True, text=["All"], value=["$__all"])
    return made.current(everything).sort(model.VariableSort.NATURAL_ASC)


def _siblings() -> dashboard.DashboardLink:
    made = dashboard.DashboardLink("offkey").type(model.DashboardLinkType.DASHBOARDS).tags([TAG]).as_dropdown(True)
    return made.keep_time(True).include_vars(True)


def _annotations() -> list[dashboard.AnnotationQuery]:
    grafana = model.DataSourceRef(type_val="grafana", uid="-- Grafana --")
    own = dashboard.AnnotationQuery().name("Annotations & Alerts").type("dashboard").built_in(1).datasource(grafana)
    firing = dashboard.AnnotationQuery().name("Firing alerts").datasource(SOURCE).expr(FIRING)
    reloaded = dashboard.AnnotationQuery().name("Configuration read again").datasource(SOURCE)
    return [
        own.enable(True).hide(True).icon_color(SKY),
        firing.enable(True)
        .icon_color(VERMILION)
        .title_format("{{alertname}}")
        .tag_keys("severity,offkey_rule")
        .step("60s"),
        reloaded.enable(False)
        .icon_color(GREY)
        .title_format("Configuration read again")
        .expr(f"changes(offkey_config_last_reload_success_timestamp_seconds{{{OF_EXPORTER}}}[2m]) > 0")
        .step("60s"),
    ]


def _lay_out(rows: Sequence[Row]) -> Iterator[model.Panel | model.RowPanel]:
    ids, top = count(1), 0
    for row in rows:
        heading = model.RowPanel(title=row.title, collapsed=row.is_collapsed, id_val=next(ids), panels=[])
        if row.title:
            heading.grid_pos = model.GridPos(x=0, y=top, w=GRID_WIDTH, h=1)
            top += 1
            yield heading
        inside, bottom = _place(row.panels, top, ids)
        if row.is_collapsed:
            heading.panels = inside
        else:
            top = bottom
            yield from inside


def _place(panels: Sequence[Placed], top: int, ids: Iterator[int]) -> tuple[list[model.Panel], int]:
    """Return the panels with their places, and where the next row begins."""
    placed, left, height = [], 0, 0
    for item in panels:
        if left + item.width > GRID_WIDTH:
            left, top, height = 0, top + height, 0
        panel = item.panel.build()
        panel.id_val = next(ids)
        panel.grid_pos = model.GridPos(x=left, y=top, w=item.width, h=item.height)
        placed.append(panel)
        left, height = left + item.width, max(height, item.height)
    return placed, top + height
