"""A whole dashboard: variables, rows of panels, links and annotations, in Grafana's classic schema 42."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as model

from offkey.adapters.exports.grafana import variables
from offkey.adapters.exports.grafana.matchers import FIRING, OF_EXPORTER
from offkey.adapters.exports.grafana.panels import GREY, SKY, SOURCE, VERMILION

GRID_WIDTH = 24
TAG = "offkey"


@dataclass(frozen=True, slots=True)
class Placed:
    """A panel and its size; the grid is 24 wide and a unit of height is 30 pixels."""

    panel: Builder[model.Panel]
    width: int
    height: int


def even(width: int, height: int, *panels: Builder[model.Panel]) -> tuple[Placed, ...]:
    """Give panels the same size."""
    return tuple(Placed(panel, width, height) for panel in panels)


@dataclass(frozen=True, slots=True)
class Row:
    """Panels set from left to right and broken where the grid ends, under a heading unless the title is empty."""

    title: str
    panels: tuple[Placed, ...]
    is_collapsed: bool = False


def assemble(
    name: str, title: str, description: str, rows: Sequence[Row], choices: Sequence[str] = ()
) -> model.Dashboard:
    """Build a dashboard.

    Args:
        name: becomes its address and must never change.
        title: a few words.
        description: what it answers, in a sentence.
        rows: its panels.
        choices: names in `variables.KNOWN` that can be chosen beside data source, job and instance.
    """
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
    for variable in (*variables.of_exporter(), *(variables.KNOWN[choice]() for choice in choices)):
        made.with_variable(variable)
    for annotation in _annotations():
        made.annotation(annotation)
    built = made.build()
    built.panels = list(_lay_out(rows))
    return built


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
