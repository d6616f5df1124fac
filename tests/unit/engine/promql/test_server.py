"""Expressions that no rule writes to are the server's to evaluate."""

import numpy as np
import pytest

from offkey.core.errors import QueryRejected, RuleError
from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels
from offkey.core.ports import Answer
from offkey.engine.promql.evaluate import evaluate
from offkey.engine.promql.parser import parse
from offkey.engine.promql.run import Run
from offkey.engine.promql.server import Server

TIMES = np.arange(0, 600, 60) * 1000


class Scripted:
    """Answers every query with the minute of the instant; refuses the minutes in `bad`."""

    def __init__(self, bad=()):
        self.bad, self.asked = set(bad), []

    def read(self, query, axis, timeout):
        """Answer."""
        self.asked.append((query, axis.start, axis.size))
        if self.bad & set((axis.times // 60).tolist()):
            msg = "many-to-many matching not allowed"
            raise QueryRejected(msg)
        return Answer(Frame((Labels.of(a="b"),), axis.times[None] / 60.0, axis), warnings=("slow today",))

    def close(self):
        """Do nothing."""


def test_a_whole_expression_is_asked_once():
    """Two rules with one expression cost one question."""
    source = Scripted()
    server = Server(source, 1.0)
    for _ in range(2):
        found = evaluate(Run(server, TIMES, 60_000), parse("sum by (a) (rate(x[5m])) > 2"))
        assert found.values.tolist() == [list(range(10))]
    assert len(source.asked) == 1
    assert server.warnings == {"slow today": None}


def test_the_instants_a_query_is_refused_at_are_found():
    """One bad instant fails alone, as it would have live."""
    run = Run(Server(Scripted(bad=[3]), 1.0), TIMES, 60_000)
    found = evaluate(run, parse("a / b"))
    assert np.flatnonzero(run.failed).tolist() == [3]
    assert found.there[0].tolist() == [minute != 3 for minute in range(10)]


def test_a_query_refused_everywhere_is_refused():
    """The server's words come through."""
    with pytest.raises(QueryRejected, match="many-to-many"):
        evaluate(Run(Server(Scripted(bad=range(10)), 1.0), TIMES, 60_000), parse("a / b"))


def test_a_scalar_is_one_number_at_each_instant():
    """What PromQL calls a scalar has no labels here either."""
    found = evaluate(Run(Server(Scripted(), 1.0), TIMES, 60_000), parse("scalar(x)"))
    assert found.tolist() == list(range(10))


def test_raw_samples_are_not_read():
    """A function that mixes raw samples with what rules write says so."""
    with pytest.raises(RuleError, match="record the one part"):
        Server(Scripted(), 1.0).series(parse("x"), 0, 1000)


def test_axis_of_one_instant_is_asked():
    """A single evaluation needs no step."""
    source = Scripted()
    evaluate(Run(Server(source, 1.0), TIMES[:1], 60_000), parse("x"))
    assert source.asked == [('{__name__="x"}', 0, Axis(0, 1, 1).size)]
