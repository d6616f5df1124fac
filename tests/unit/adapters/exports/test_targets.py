import re
from dataclasses import replace
from datetime import date
from typing import Annotated

import pytest
import yaml
from hypothesis import given, settings
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from rulecases import PAYMENT, PLAYS, SLOW, hostile_cases

from offkey.adapters.exports import rulemanifest
from offkey.adapters.exports.rulefiles import plan
from offkey.adapters.exports.rulemanifest import Manifest
from offkey.app.lint.policy import LintPolicy
from offkey.app.lint.run import lint
from offkey.app.written.document import parse
from offkey.core import targets
from offkey.core.errors import ConfigError

CASES = (PAYMENT, PLAYS, SLOW)
SIGNALS = [signal for signal, _ in CASES]
EVIDENCES = {signal.name: found for signal, found in CASES}
MANIFEST = Manifest("monitoring", {"release": "prometheus"})


@pytest.fixture(autouse=True)
def without_promtool(monkeypatch):
    """Unit tests start no program."""
    monkeypatch.setenv("PATH", "")


def written(folder, name, **more):
    """Return the new content of every file for a target, by path."""
    changes = plan(SIGNALS, EVIDENCES, folder, target=targets.target(name), **more)
    return {change.path: change.after for change in changes.changes}


# The schema of the custom resource. Source: prometheus-operator 0.82.2, CRD prometheusrules.monitoring.coreos.com.
_TIME = r"^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$"
Time = Annotated[str, StringConstraints(pattern=_TIME)]
Name = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", max_length=253)
]


class Closed(BaseModel):
    """What the server would prune or refuse is refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Rule(Closed):
    """An item of `rules`."""

    expr: int | str
    alert: str | None = None
    record: str | None = None
    hold: Time | None = Field(None, alias="for")
    keep_firing_for: Annotated[Time, StringConstraints(min_length=1)] | None = None
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class Group(Closed):
    """An item of `groups`."""

    name: Annotated[str, StringConstraints(min_length=1)]
    interval: Time | None = None
    limit: int | None = None
    query_offset: Time | None = None
    labels: dict[str, str] = {}
    rules: list[Rule] = []


class Metadata(Closed):
    """What every object has."""

    name: Name
    namespace: Name | None = None
    labels: dict[str, str] = {}


class Spec(Closed):
    """The content of a rule file."""

    groups: list[Group]


class PrometheusRule(Closed):
    """The object."""

    apiVersion: Annotated[str, StringConstraints(pattern="^monitoring.coreos.com/v1$")]  # noqa: N815 (Kubernetes' key)
    kind: Annotated[str, StringConstraints(pattern="^PrometheusRule$")]
    metadata: Metadata
    spec: Spec


def test_the_operator_gets_an_object_beside_each_file(tmp_path):
    """Its groups are the file's; the file and its tests stay for promtool."""
    found = written(tmp_path, "operator", manifest=MANIFEST)
    objects = {path: text for path, text in found.items() if path.endswith(rulemanifest.SUFFIX)}
    assert len(objects) == len(SIGNALS)
    for path, text in objects.items():
        one = yaml.safe_load(text)
        PrometheusRule.model_validate(one)
        stem = path.removeprefix("kubernetes/").removesuffix(rulemanifest.SUFFIX)
        assert one["spec"] == yaml.safe_load(found[f"{stem}.rules.yml"])
        assert (one["metadata"]["namespace"], one["metadata"]["labels"]["release"]) == ("monitoring", "prometheus")


def test_golden_manifest(tmp_path, golden):
    """What `kubectl apply` is given looks exactly like this."""
    changes = plan(
        [PAYMENT[0]], {PAYMENT[0].name: PAYMENT[1]}, tmp_path, target=targets.target("operator"), manifest=MANIFEST
    )
    (text,) = [change.after for change in changes.changes if change.path.endswith(rulemanifest.SUFFIX)]
    golden("rules/payment-success.prometheusrule.yaml", text)


@settings(max_examples=15)
@given(hostile_cases())
def test_hostile_signals_make_objects_the_server_takes(tmp_path_factory, case):
    """Whatever texts a signal is made of, the object fits the schema of the custom resource."""
    signal, found = case
    changes = plan([signal], {signal.name: found}, tmp_path_factory.mktemp("rules"), target=targets.target("operator"))
    (text,) = [change.after for change in changes.changes if change.path.endswith(rulemanifest.SUFFIX)]
    PrometheusRule.model_validate(yaml.safe_load(text))


def test_other_names_are_other_objects():
    """Kubernetes knows no underscores, and two signals never share an object."""
    names = [rulemanifest.object_name(stem) for stem in ("a_b", "a-b", "a.b", "a__b", "a..b", "_a")]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"offkey-[a-z0-9]([-a-z0-9.]*[a-z0-9])?", name) for name in names)
    assert rulemanifest.object_name("a-b") == "offkey-a-b"


def test_objects_go_when_nobody_asks_for_them(tmp_path):
    """Another target removes them; a signal that is no more takes its object along."""
    plan(SIGNALS, EVIDENCES, tmp_path, target=targets.target("operator")).write()
    fewer = plan(SIGNALS[1:], EVIDENCES, tmp_path, target=targets.target("operator"))
    gone = [change.path for change in fewer.changes if change.after is None]
    assert gone == [
        "kubernetes/payment-success.prometheusrule.yaml",
        "payment-success.rules.yml",
        "tests/payment-success.test.yml",
    ]
    plain = plan(SIGNALS, EVIDENCES, tmp_path)
    assert {change.path.partition("/")[0] for change in plain.changes} == {"kubernetes"}


def test_an_edited_object_is_refused_as_an_edited_file_is(tmp_path):
    """Nobody's work is written over."""
    plan(SIGNALS, EVIDENCES, tmp_path, target=targets.target("operator")).write()
    path = tmp_path / "kubernetes" / "plays.prometheusrule.yaml"
    path.write_text(path.read_text().replace("limit: 20000", "limit: 5"))
    with pytest.raises(Exception, match="changed by hand"):
        plan(SIGNALS, EVIDENCES, tmp_path, target=targets.target("operator"))


@pytest.mark.parametrize("name", targets.NAMES)
def test_each_target_gets_only_what_it_knows(tmp_path, name):
    """Its own lint has nothing to say about shape, and a second run changes nothing."""
    target = targets.target(name)
    found = written(tmp_path, name)
    rules = [parse(text, path) for path, text in found.items() if path.endswith((".rules.yml", rulemanifest.SUFFIX))]
    for one in rules:
        said = lint([one], LintPolicy(), target, date(2026, 3, 1))
        assert [str(finding) for finding in said if finding.severity in ("fatal", "error", "warning")] == []
    assert any("keep_firing_for" in text for text in found.values()) is target.keep_firing_for
    plan(SIGNALS, EVIDENCES, tmp_path, target=target).write()
    assert plan(SIGNALS, EVIDENCES, tmp_path, target=target).changes == ()


def test_what_was_written_can_be_taken_back(tmp_path):
    """Files that were there have their earlier bytes again, new ones are gone, and others' edits stay."""
    plan(SIGNALS[:2], EVIDENCES, tmp_path).write()
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    moved = {**EVIDENCES, SIGNALS[0].name: replace(EVIDENCES[SIGNALS[0].name], typical=0.99)}
    changes = plan(SIGNALS, moved, tmp_path)
    changes.write()
    other = tmp_path / "catalogue-size.rules.yml"
    other.write_text("# somebody was here\n")
    assert changes.restore()
    after = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert after.pop(other) == b"# somebody was here\n"
    assert after == before


def test_an_unknown_target_names_the_nearest():
    """A slip of the finger costs no look into the documentation."""
    with pytest.raises(ConfigError, match="did you mean 'vmalert'"):
        targets.target("vmalrt")
