"""The few kinds of panels that the dashboards are made of, and how they are drawn.

Colours are those of Okabe and Ito (2008), "Color Universal Design", which stay apart for every kind of colour vision;
nothing is told by red against green.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from grafana_foundation_sdk.builders import common as options
from grafana_foundation_sdk.builders import dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.models import common as choices
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models import prometheus as formats

SKY = "#56B4E9"
ORANGE = "#E69F00"
VERMILION = "#D55E00"
GREY = "#999999"

SOURCE = model.DataSourceRef(type_val="prometheus", uid="${datasource}")

Look = tuple[model.DynamicConfigValue, ...]
Steps = Sequence[tuple[float | None, str]]
AnyPanel = TypeVar("AnyPanel", stat.Panel, table.Panel, timeseries.Panel)

ALARM_ABOVE_ZERO: Steps = ((None, SKY), (1, VERMILION))
ALARM_AT_ZERO: Steps = ((None, VERMILION), (1, SKY))
BOUND: Steps = ((None, "transparent"), (1, VERMILION))


ABSENT = "No offkey here: check that Prometheus scrapes it, and what is chosen under job and instance"


@dataclass(frozen=True, slots=True)
class About:
    """What a panel says of itself.

    Attributes:
        title: a few words.
        description: what it shows, and what to do when it looks bad.
        empty: what is said, and what to do, when there is nothing to show.
        unit: Grafana's name of the values' unit.
        decimals: digits after the point, None for as many as fit.
    """

    title: str
    description: str
    empty: str
    unit: str = "short"
    decimals: int | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """One target of a panel.

    Attributes:
        expr: PromQL, with the dashboard's variables in it.
        name: of the drawn series, or of the column; `{{label}}` stands for the label's value.
        look: how it is drawn.
    """

    expr: str
    name: str = ""
    look: Look = ()


@dataclass(frozen=True, slots=True)
class Columns:
    """How the columns of a table are shown.

    Attributes:
        first: headings that come first, from the left; other labels follow.
        hidden: labels that are left out.
        widths: pixels, where a heading needs its own.
        links: where a click leads to, by heading.
        sorted_by: heading that orders the rows, lowest on top; when empty the first value does, highest on top.
    """

    first: Sequence[str]
    hidden: Sequence[str] = ()
    widths: Mapping[str, int] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    sorted_by: str = ""


def look(**properties: object) -> Look:
    """Return field properties; `__` in a name stands for the dot of Grafana's (`custom__lineWidth`)."""
    return tuple(model.DynamicConfigValue(name.replace("__", "."), value) for name, value in properties.items())


def line(colour: str, width: int = 2) -> Look:
    """Draw a solid line, `width` pixels wide."""
    return look(color={"mode": "fixed", "fixedColor": colour}, custom__lineWidth=width)


def dashed(colour: str) -> Look:
    """Draw a dashed line."""
    return line(colour) + look(custom__lineStyle={"fill": "dash", "dash": [8, 6]})


def dots(colour: str) -> Look:
    """Draw points, for series that exist only now and then."""
    return line(colour, width=0) + look(custom__drawStyle="points", custom__pointSize=7, custom__showPoints="always")


def edge(colour: str, fill_to: str = "") -> Look:
    """Draw the faint edge of a band, and fill the space down to the series of another name."""
    area = look(custom__fillBelowTo=fill_to, custom__fillOpacity=22) if fill_to else ()
    return line(colour, width=1) + area


def figure(
    about: About, query: Query, steps: Steps = ((None, SKY),), words: Mapping[str, str] | None = None
) -> stat.Panel:
    """Build a panel with one number, or one word for it."""
    panel = _begin(stat.Panel(), about).with_target(_target(query, "A").instant())
    panel.thresholds(_thresholds(steps)).color_mode(choices.BigValueColorMode.VALUE)
    panel.graph_mode(choices.BigValueGraphMode.NONE)
    panel.reduce_options(options.ReduceDataOptions().calcs(["lastNotNull"]))
    if query.name:
        panel.text_mode(choices.BigValueTextMode.NAME)
        # Grafana takes a name for as narrow as a number when it chooses the size.
        panel.text(options.VizTextDisplayOptions().title_size(30).value_size(30))
    if words:
        results = {value: model.ValueMappingResult(text=text) for value, text in words.items()}
        panel.mappings([model.ValueMap(options=results)])
    return panel


def curves(about: About, *queries: Query, steps: Steps = (), ceiling: float | None = None) -> timeseries.Panel:
    """Build a panel with curves over time.

    Args:
        about: what it says of itself.
        queries: what is drawn, in this order.
        steps: dashed lines at these values.
        ceiling: value the axis reaches at least.
    """
    panel = _begin(timeseries.Panel(), about)
    for ref, query in _named(queries):
        panel.with_target(_target(query, ref).range())
        if query.look:
            panel.override_by_query(ref, list(query.look))
    panel.legend(
        options.VizLegendOptions()
        .show_legend(True)
        .display_mode(choices.LegendDisplayMode.LIST)
        .placement(choices.LegendPlacement.BOTTOM)
    )
    panel.tooltip(options.VizTooltipOptions().mode(choices.TooltipDisplayMode.MULTI))
    panel.color_scheme(dashboard.FieldColor().mode(model.FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
    panel.show_points(choices.VisibilityMode.NEVER).line_width(2)
    if ceiling is not None:
        panel.min(0).axis_soft_max(ceiling)
    if steps:
        style = options.GraphThresholdsStyleConfig().mode(choices.GraphThresholdsStyleMode.DASHED)
        panel.thresholds(_thresholds(steps)).thresholds_style(style)
    return panel


def listing(about: About, *queries: Query, columns: Columns) -> table.Panel:
    """Build a table with a row for each label set that the queries have in common, and a column for each query's value.

    Args:
        about: what it says of itself.
        queries: a column each, called by the query's name.
        columns: how all columns are shown.
    """
    panel = _begin(table.Panel(), about).filterable(True).min_width(80)
    headings = {}
    for ref, query in _named(queries):
        panel.with_target(_target(query, ref).instant().format(formats.PromQueryFormat.TABLE))
        headings[f"Value #{ref}" if len(queries) > 1 else "Value"] = query.name
    raw = {heading: field for field, heading in headings.items()}
    organized = {
        "excludeByName": dict.fromkeys(["Time", "__name__", *columns.hidden], True),
        "renameByName": headings,
        "indexByName": {raw.get(name, name): place for place, name in enumerate(columns.first)},
    }
    for kind, settings in (("merge", {}), ("organize", organized)):
        panel.with_transformation(model.DataTransformerConfig(id_val=kind, options=settings))
    panel.override_by_regexp("/.*/", list(look(noValue="")))  # the text about emptiness is not for single cells
    for name, properties in _looks(queries, columns):
        panel.override_by_name(name, list(properties))
    order = options.TableSortByFieldState().display_name(columns.sorted_by or queries[0].name)
    return panel.sort_by([order.desc(not columns.sorted_by)])


def _looks(queries: Sequence[Query], columns: Columns) -> Iterator[tuple[str, Look]]:
    yield from ((query.name, query.look) for query in queries if query.look)
    yield from ((name, look(custom__width=width)) for name, width in columns.widths.items())
    yield from ((name, look(links=[{"title": "Show it", "url": url}])) for name, url in columns.links.items())


def _begin(panel: AnyPanel, about: About) -> AnyPanel:
    panel.title(about.title).description(about.description).no_value(about.empty).unit(about.unit).datasource(SOURCE)
    if about.decimals is not None:
        panel.decimals(about.decimals)
    return panel


def _named(queries: Sequence[Query]) -> list[tuple[str, Query]]:
    return list(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", queries, strict=False))


def _target(query: Query, ref: str) -> prometheus.Dataquery:
    return prometheus.Dataquery().expr(query.expr).ref_id(ref).legend_format(query.name).datasource(SOURCE)


def _thresholds(steps: Steps) -> dashboard.ThresholdsConfig:
    bounds = [model.Threshold(value=value, color=colour) for value, colour in steps]
    return dashboard.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(bounds)
