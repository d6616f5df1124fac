import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offkey.core.errors import ConfigError
from offkey.core.labels import Labels
from offkey.core.shards import Shard

SERIES = tuple(Labels.of(pod=f"pod-{k}") for k in range(400))


@given(st.integers(1, 9))
def test_every_series_belongs_to_exactly_one_part(count):
    """The parts together are all series, each once."""
    parts = [Shard(index, count).of(SERIES) for index in range(count)]
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(SERIES)))


def test_the_part_of_a_series_depends_on_its_labels_alone():
    """Not on its company, not on the order, not on the process: these numbers hold for ever."""
    assert [int(Shard(index, 4).of(SERIES[:1]).size) for index in range(4)].count(1) == 1
    mine = {SERIES[k] for k in Shard(1, 4).of(SERIES)}
    backwards = SERIES[::-1]
    assert {backwards[k] for k in Shard(1, 4).of(backwards)} == mine
    assert Shard(1, 4).of(SERIES).tolist()[:6] == [2, 3, 5, 6, 11, 12]


def test_parts_are_about_equal():
    """No part has a third more than its share."""
    assert max(Shard(index, 4).of(SERIES).size for index in range(4)) < 133


@pytest.mark.parametrize("text", ["4/4", "1", "a/b", "-1/2", "0/0", "1/2/3", ""])
def test_what_is_no_part_is_refused(text):
    """The message shows what to write."""
    with pytest.raises(ConfigError, match="0/4 to 3/4"):
        Shard.parse(text)


def test_a_part_reads_back_as_it_is_written():
    """`0/1` is everything."""
    assert Shard.parse("2/4") == Shard(2, 4)
    assert str(Shard(2, 4)) == "2/4"
    assert Shard.parse("0/1").of(SERIES).size == len(SERIES)
