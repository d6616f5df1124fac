"""What can be chosen at the top of a dashboard; the worst signal and its worst series are offered first."""

from collections.abc import Callable, Mapping

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as model

from offkey.adapters.exports.grafana.matchers import OF_SERIES, OF_SIGNAL
from offkey.adapters.exports.grafana.panels import SOURCE

Variable = Builder[model.VariableModel]


def of_exporter() -> list[Variable]:
    """Return where is looked: the Prometheus, and which exporters."""
    return [
        dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus"),
        _many("job", "label_values(offkey_build_info, job)"),
        _many("instance", 'label_values(offkey_build_info{job=~"$job"}, instance)'),
    ]


def signal() -> Variable:
    """Return the choice of a signal."""
    worst = "max by (signal) (offkey_top_anomaly_score) or 0 * max by (signal) (offkey_series)"
    return _one("signal", f"query_result(sort_desc({worst}))").regex('/signal="([^"]+)"/')


def series() -> Variable:
    """Return the choice of a series of the signal, as matchers."""
    scores = f"offkey_anomaly_score{{{OF_SIGNAL}}} or offkey_anomaly{{{OF_SIGNAL}}}"
    return _one("series", f"query_result(sort_desc(topk(1000, {scores})))").regex(r"/\{(.*)\} \S+ \S+$/")


def horizon() -> Variable:
    """Return the choice of how far the forecast of the series looks ahead."""
    some = 'label_replace(vector(0), "horizon", "1h", "", "")'  # without any, panels would be wrong instead of empty
    horizons = f"count by (horizon) (offkey_forecast{{{OF_SERIES}}}) or {some}"
    offered = _one("horizon", f"query_result({horizons})").regex('/horizon="([^"]+)"/')
    return offered.sort(model.VariableSort.NATURAL_ASC)


KNOWN: Mapping[str, Callable[[], Variable]] = {"signal": signal, "series": series, "horizon": horizon}


def _one(name: str, query: str) -> dashboard.QueryVariable:
    made = dashboard.QueryVariable(name).label(name).datasource(SOURCE).query(query).definition(query)
    return made.refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED).sort(model.VariableSort.DISABLED)


def _many(name: str, query: str) -> dashboard.QueryVariable:
    made = _one(name, query).multi(True).include_all(True).all_value(".+")
    everything = model.VariableOption(selected=True, text=["All"], value=["$__all"])
    return made.current(everything).sort(model.VariableSort.NATURAL_ASC)
