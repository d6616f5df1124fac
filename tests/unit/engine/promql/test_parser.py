"""Texts become expressions, and expressions texts that mean the same."""

import pytest

from offkey.engine.promql.parser import parse
from offkey.engine.promql.tree import unwrapped

TEXTS = [
    'x{a="b\\"c",d!~"e|f"}',
    "rate(x[5m] offset 1m)",
    "x @ 100.500 offset -1m30s",
    'sum without (a) (topk by (b) (3, x{c=""}))',
    "max_over_time(rate(x[1500ms])[1h:] offset 5m)",
    "a / on (b) group_left (c) d > bool 2",
    "-x ^ 2 + (1e-9 * y) % -3",
    "a unless ignoring (x) b or c and on () d",
    "vector(NaN) > Inf",
    'label_replace(x, "a", "$1", "b", "(.*)")',
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_written_expression_reads_back_the_same(text):
    """Parentheses apart, reading what was written gives what was written."""
    once = parse(text)
    assert bare(str(parse(str(once)))) == bare(str(once))
    assert type(unwrapped(parse(str(once)))) is type(unwrapped(once))


def bare(text):
    """Return a text without parentheses and blanks."""
    return text.translate(str.maketrans("", "", "() "))


@pytest.mark.parametrize(
    ("text", "words"),
    [("rate(x", "."), ("x @ end()", "no fixed meaning"), ('x{a="b" or c="d"}', "write two selectors")],
)
def test_what_has_no_meaning_over_the_past_is_refused(text, words):
    """The message says what to write instead."""
    with pytest.raises(ValueError, match=words):
        parse(text)
