"""Replayed rules live the lives the real engine gives them, minute for minute."""

import shutil
from pathlib import Path

import hostile
import numpy as np
import promql_parser
import promtool
import pytest

from offkey.app.replaying import groups
from offkey.core.labels import NAME, Labels
from offkey.core.rules import AlertRule
from offkey.engine.promql.notation import track
from offkey.engine.promql.world import Samples
from offkey.engine.ruleplay.play import play

SHAPES = Path(__file__).parents[3] / "ruleshapes.rules.yml"


def labels_of(text):
    """Return the labels of a series text."""
    tree = promql_parser.parse(text)
    return Labels.of({NAME: tree.name, **{one.name: one.value for one in tree.matchers.matchers}})


def replayed(series, minutes):
    """Return {minute: ALERTS samples} of all rules, and how many evaluations failed."""
    world = Samples((labels_of(name), track(text, 60)) for name, text in series.items())
    found = [{} for _ in range(minutes)]
    failed = 0
    for one in play(groups.read([SHAPES], 60), world, 0, (minutes - 1) * 60):
        failed += int(one.failed.sum())
        if isinstance(one.rule, AlertRule):
            for labels, values, there in zip(one.wrote.series, one.wrote.values, one.wrote.there, strict=True):
                text = promtool.named(labels)
                for minute in np.flatnonzero(there):
                    found[minute][text] = values[minute]
    return found, failed


def differing_minutes(program, folder, minutes, seed):
    """Return the minutes at which replay and promtool differ, and how many alerts fired in all."""
    series = hostile.series(minutes, seed)
    shutil.copy(SHAPES, folder)
    asked = '{__name__=~"ALERTS|ALERTS_FOR_STATE"}'
    instants = range(0, minutes * 60, 60)
    order = [group.name for group in groups.read([SHAPES], 60)]
    told = promtool.values(program("promtool"), folder, series, [asked], instants, (SHAPES.name, order))
    mine, failed = replayed(series, minutes)
    assert not failed
    truth = [told[asked, at] for at in instants]
    return [minute for minute in range(minutes) if truth[minute] != mine[minute]], truth


def test_every_shape_lives_as_in_promtool(program, tmp_path):
    """Pending, firing, kept and resolved agree at every minute of a day; every rule fires at some time."""
    differing, truth = differing_minutes(program, tmp_path, 900, 2)
    assert differing == []
    assert len({name for minute in truth for name in minute}) > 30


@pytest.mark.slow
def test_every_shape_lives_as_in_promtool_for_a_month(program, tmp_path):
    """The same over 30 days."""
    differing, _ = differing_minutes(program, tmp_path, 43_200, 3)
    assert differing == []
