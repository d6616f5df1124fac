"""What is known of a query before a server sees it."""

import pytest

from offkey.app import promql


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("up", ""),
        ("sum by (job) (rate(x[5m])) > 2", ""),
        ("holt_winters(x[5m], 0.1, 0.2)", ""),
        ("x  # why", ""),
        ("x @ 1700000000", ""),
        ('{job="a", __name__!~"offkey[_:].*"}', ""),
        ('{__name__=~"job:.*"}', ""),
        ("rate(", "not PromQL: unclosed left parenthesis"),
        ("raet(x[5m])", "not PromQL: unknown function with name 'raet'"),
        ("", "not PromQL: no expression found in input"),
        ("1 + 1", "gives a scalar; a signal needs an instant vector"),
        ("time()", "gives a scalar; a signal needs an instant vector"),
        ("x[5m]", "gives a matrix; a signal needs an instant vector"),
        ('"x"', "gives a string; a signal needs an instant vector"),
        ("x) + sum(y", "not PromQL: unexpected right parenthesis ')'"),
        ("x @ end()", "@ start() and @ end() change with every reading; use offset, or @ with a number"),
        ("max_over_time(x[5m:1m] @ start())", "@ start() and @ end() change with every reading"),
        ("x + offkey_upper", "reads offkey_upper; a signal cannot watch what offkey itself makes"),
        ('{__name__="offkey:threshold"}', "reads offkey:threshold; a signal cannot watch"),
        ('{__name__=~".+_score"}', '{__name__=~".+_score"} also reads what offkey itself makes'),
        ('{a="b" or __name__="offkey_lower"}', "{ or a"),
        ("x" * 17_000, "not PromQL: longer than 16,384 bytes"),
        ("-" * 501 + "x", "not PromQL: more than 500 operators and parentheses"),
        (f'x{{a=~"{"(a|b)+" * 600}"}}', ""),
    ],
)
def test_a_query_that_cannot_be_watched_says_why(query, said):
    """Syntax, type, dependence on the range and feedback are found without a server."""
    assert promql.fault(query).startswith(said) if said else promql.fault(query) == ""


@pytest.mark.parametrize("query", ["-" * 490 + "x", "(" * 490 + "x" + ")" * 490, "+".join("x" * 490)])
def test_the_deepest_query_allowed_is_parsed(query):
    """The bound on length keeps the recursive parser within its stack."""
    assert promql.fault(query) == ""


@pytest.mark.parametrize(
    ("query", "events"),
    [
        ("rate(x[5m])", 300.0),
        ("sum by (a) ((sum(rate(x[1h]))))", 3600.0),
        ("increase(x[5m])", 1.0),
        ("orders_pending", 1.0),
        ("job:orders:rate5m", 300.0),
        ("sum(region:plays:ratio_rate15m)", 900.0),
        ("rate(x[5m]) * 60", None),
        ("avg(rate(x[5m]))", None),
        ("rate(x[5m]", None),
    ],
)
def test_counted_events_are_read_from_the_query(query, events):
    """A rate stands for the seconds of its range, an increase for one event; anything else must be said."""
    assert promql.events_per_unit(query) == events
