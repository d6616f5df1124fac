"""Expressions have the values the real engine gives them, on series with gaps, resets, ends, infinities and NaN."""

import math

import numpy as np
import promql_parser
import promtool
import pytest

from offkey.core.labels import NAME, Labels
from offkey.engine.promql.evaluate import evaluate
from offkey.engine.promql.notation import track
from offkey.engine.promql.parser import parse
from offkey.engine.promql.run import Run
from offkey.engine.promql.series import Vector
from offkey.engine.promql.world import Samples

SERIES = {
    'c{job="a",i="1"}': "0 3 7 _ 20 21 2 9 _x7 40 41 41.5 stale _ 50 60 70x5 0+7x40",
    'c{job="a",i="2"}': "5+2.5x20 3 1+1x10 _x3 stale 8+3x30",
    'c{job="b",i="1"}': "_x10 100+0.1x20 NaN 104 105 _x5 106+1x40",
    'g{job="a",i="1"}': "0.1 0.7 -3 NaN 2 2 2 Inf 5 _ _ 1e9 1000000001 1000000001.5 _x6 0.3-0.01x50",
    'g{job="b",i="1"}': "3 1 4 1 5 9 2 6 5 3 5 8 9 7 9 3 2 3 8 4 6 2 6 4 3 3 8 3 2 7 9 5 0 2 -8 8 4 1 9 7",
    'g{job="b",i="2"}': "-1 -2 -2 stale -1 NaN NaN -4 stale stale 1x20 -Inf 3x10",
    'limit{job="a",team="x"}': "1x20 4x40",
    'limit{job="b",team="y"}': "2x30 stale 2x10",
    'h_bucket{le="0.1",job="a"}': "0+1x60",
    'h_bucket{le="0.5",job="a"}': "0+3x30 80+3x29",
    'h_bucket{le="1",job="a"}': "0+4x60",
    'h_bucket{le="+Inf",job="a"}': "0+5x60",
    'h_bucket{le="1",job="b"}': "0+4x60",
    'h_bucket{le="2",job="c"}': "1x20 _x10 3x10",
    'h_bucket{le="+Inf",job="c"}': "1x30 _x10 3x20",
    "clock": "1700000000+86400x60",
}
RANGES = [
    "rate", "increase", "delta", "irate", "idelta", "deriv", "changes", "resets", "avg_over_time", "sum_over_time",
    "min_over_time", "max_over_time", "stddev_over_time", "stdvar_over_time", "count_over_time", "last_over_time",
    "present_over_time",
]  # fmt: skip
EXPRESSIONS = [
    "c", "g", "c @ 0", "g offset 7m", "c @ 120 offset 2m", '{job="b"}', '{__name__=~"g|limit"}',
    'g{i!="1"}', 'g{job=~"a|.*x"}', 'g{nope=""}', "-g", "1 + 2 ^ 3", "1 > bool 2", "time()", "time() > bool 1800",
    *(f"{name}({metric}[{span}])" for name in RANGES for metric, span in (("c", "5m"), ("g", "12m"))),
    "rate(c[5m] offset 4m)", "rate(c[10m] @ 0)", "rate(c[1m])", "rate((c)[8m:2m])", "increase(c[90s])",
    "quantile_over_time(0.9, g[10m])", "quantile_over_time(1.2, g[10m])", "quantile_over_time(scalar(limit), g[10m])",
    "predict_linear(g[15m], 3600)", "predict_linear(c[15m] offset 5m, 600)",
    "max_over_time(rate(c[5m])[20m:3m])", "avg_over_time((g > 2)[15m:])", "count_over_time(g[10m:1m] offset 3m)",
    "min_over_time(g[10m:2m] @ 0)", "sum_over_time((g == 3)[30m:90s])",
    "absent(g)", 'absent(nope{job="a",x=~"b"})', 'absent(nope{job="a",job="b"})', 'absent((nope{job="a"}))',
    "absent(g > 1e12)", "absent(sum(nope))",
    'absent_over_time((nope{job="a"})[4m:])', "absent_over_time(g[4m])", 'absent_over_time(nope{x="y"}[4m])',
    "sum(g)", "sum by (job) (c)", "sum without (i) (c)", "avg by (job) (g)", "min(g)", "max by (i) (g)", "count(g)",
    "group by (job) (g)", "stddev(g)", "stdvar by (job) (c)", "quantile(0.25, g)", "quantile by (job) (0.9, c)",
    "topk(2, g)", "bottomk(1, c)", "topk by (job) (1, c)", 'count_values("v", limit)', "sum by (nope) (c)",
    "quantile(-1, g)", "sum(limit) by (team)",
    "g + 1", "1 - g", "g % 2", "g ^ 0.5", "2 ^ g", "g / 0", "g > 2", "2 < g", "g > bool 2", "g != g", "g == 3",
    "g atan2 2", "g * g", "c / on (job) group_left (team) limit", "c > on (job) group_left limit * 10",
    "limit * on (job) group_right (team) c", "limit < bool on (job) group_right () c", "c + ignoring (job) g",
    "c > g", "c / ignoring (i) limit", "limit / on (job) c", "c * on (i) g", "g >= on (job, i) c",
    "c and g", "c and on (job) limit", "c or g", "g unless c", "c unless on (job) (limit > 2)", "limit or on (job) c",
    "c and ignoring (i) limit", "vector(1) or g", "g > 3 or g < 0", "c or c", "(c > 5) or on () vector(0)",
    "abs(g)", "ceil(g)", "floor(g)", "round(g)", "round(g, 0.5)", "exp(limit)", "sqrt(g)", "ln(g)", "log2(c)",
    "sgn(g)", "clamp(g, 0, 5)", "clamp(g, 5, 0)", "clamp_min(g, 1)", "clamp_max(g, scalar(sum(limit)))",
    "vector(3)", "vector(time())", "scalar(g)", "scalar(sum(g))", "timestamp(g)", "timestamp(g offset 5m)",
    "timestamp((c))", "timestamp(sum(c))", "sort(g)", "sort_desc(g)", "pi()", "deg(limit)", "sin(limit)",
    "minute()", "hour(clock)", "day_of_week(clock)", "day_of_month(clock)", "days_in_month(clock)", "month(clock)",
    "year(clock)", "day_of_year(clock)", "minute(clock)",
    'label_replace(g, "who", "$1-${2}x", "job", "(.)(.*)")', 'label_replace(g, "i", "", "i", ".*")',
    'label_replace(c, "job", "", "i", "1")', 'label_join(c, "both", "/", "job", "i")',
    'label_replace(c, "k", "$9", "job", "a")',
    "histogram_quantile(0.9, h_bucket)", "histogram_quantile(0.5, rate(h_bucket[5m]))",
    "histogram_quantile(0.5, sum by (le) (rate(h_bucket[10m])))", "histogram_quantile(2, h_bucket)",
    "histogram_quantile(0.01, h_bucket)",
    "sum(rate(c[5m])) / sum(rate(c[30m])) > 0.5", "(g - avg_over_time(g[1h])) / stddev_over_time(g[1h])",
]  # fmt: skip
INSTANTS = [60 * minute + second for minute in (0, 4, 9, 12, 21, 22, 26, 33, 40, 58) for second in (0, 17)]


def parsed_labels(text):
    """Return the labels of a series text."""
    tree = promql_parser.parse(text)
    return Labels.of({NAME: tree.name, **{one.name: one.value for one in tree.matchers.matchers}})


@pytest.fixture(scope="module")
def told(program, tmp_path_factory):
    """Return what promtool says of every expression at every instant."""
    return promtool.values(program("promtool"), tmp_path_factory.mktemp("told"), SERIES, EXPRESSIONS, INSTANTS)


@pytest.fixture(scope="module")
def world():
    """Return the same series as a world."""
    return Samples((parsed_labels(name), track(text, 60)) for name, text in SERIES.items())


@pytest.mark.parametrize("expr", EXPRESSIONS)
def test_an_expression_has_the_value_promtool_gives_it(expr, told, world):
    """Labels are the same, numbers agree to 12 digits, and what is refused is refused."""
    run = Run(world, np.array(INSTANTS) * 1000, 60_000)
    found = evaluate(run, parse(expr))
    for column, at in enumerate(INSTANTS):
        truth = told[expr, at]
        assert (truth is None) == run.failed[column], f"at {at}: {truth}"
        if truth is not None:
            assert_same(values_at(found, column), truth, at)


def values_at(found, column):
    """Return one column as promtool would print it."""
    if not isinstance(found, Vector):
        return {"{}": float(found[column])}
    rows = zip(found.series, found.values[:, column], found.there[:, column], strict=True)
    return {promtool.named(labels): float(value) for labels, value, there in rows if there}


def assert_same(mine, truth, at):
    """Compare two answers."""
    assert mine.keys() == truth.keys(), f"at {at}"
    for labels, value in truth.items():
        same = math.isclose(mine[labels], value, rel_tol=1e-12) or (math.isnan(mine[labels]) and math.isnan(value))
        assert same, f"at {at}: {labels} {mine[labels]!r} {value!r}"
