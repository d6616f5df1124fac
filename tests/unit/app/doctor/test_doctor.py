from pathlib import Path
from types import SimpleNamespace

import pytest

from offkey import __version__
from offkey.app.config import Config, SourceConfig
from offkey.app.doctor import servers, signals
from offkey.app.doctor.examination import compiled_code, examine
from offkey.app.doctor.signals import Watched
from offkey.core.errors import QueryRejected, SourceDown
from offkey.core.signals import Alert, Signal

NOW = 1_700_000_000
CHECKOUT = Signal("checkout", "checkout_rate", alert=Alert())


class Server:
    """A server whose numbers and pages are written down; what is missing is refused or has no value."""

    url = "http://prometheus.example"

    def __init__(self, numbers=None, pages=None):
        self.numbers, self.pages = numbers or {}, pages or {}

    def number(self, query, _timeout, at=None):
        """Return what was written for a query, or for a query and an instant."""
        return self.numbers.get((query, at), self.numbers.get(query))

    def get(self, path, _timeout, **_params):
        """Return what was written for a path."""
        if path not in self.pages:
            msg = f"{path}: answered 404"
            raise QueryRejected(msg)
        return self.pages[path]


class Silent(Server):
    """A server that is down."""

    def get(self, path, _timeout, **_params):
        """Fail."""
        msg = f"{self.url}: connection refused"
        raise SourceDown(msg)


def one(checkups):
    """Return the only look, and that there is only one."""
    (found,) = checkups
    return found


def test_a_source_that_is_down_is_the_first_thing_to_mend():
    """Nothing else is asked of it."""
    found = servers.answers("default", Silent(), 1.0)
    assert found.state == "failed"
    assert "sources.default.url" in found.advice


def test_a_query_frontend_without_a_version_is_fine():
    """Only the query API is needed."""
    assert servers.answers("default", Server({"vector(1)": 1.0}), 1.0).state == "ok"


@pytest.mark.parametrize(("apart", "state"), [(0.5, "ok"), (-5.0, "warning"), (5.0, "warning"), (120.0, "failed")])
def test_clocks_that_differ_are_told(apart, state):
    """A few seconds are noticed, half a minute is a failure: recent samples would look missing."""
    assert servers.clock("default", Server({"time()": NOW + apart}), 1.0, lambda: float(NOW)).state == state


def groups(*names, **rule):
    """Return the page of loaded rules."""
    return {"rules": {"groups": [{"name": name, "rules": [{"health": "ok", **rule}]} for name in names]}}


def test_rules_that_are_not_loaded_page_nobody():
    """Each alerting signal's group is looked for, and the rules that watch offkey."""
    found = list(servers.rules(Server(pages=groups("other")), 1.0, [Watched(CHECKOUT)]))
    assert [look.state for look in found] == ["failed", "warning"]
    assert "offkey rules generate" in found[0].advice


def test_loaded_and_healthy_rules_are_fine():
    """Both groups are there; a signal without an alert needs none."""
    quiet = Signal("quiet", "up", alert=None)
    server = Server(pages=groups("offkey-checkout", "offkey-exporter"))
    found = list(servers.rules(server, 1.0, [Watched(CHECKOUT), Watched(quiet)]))
    assert [look.state for look in found] == ["ok", "ok"]


def test_a_rule_that_fails_is_told_with_its_error():
    """The server's own words are shown."""
    pages = groups("offkey-checkout", "offkey-exporter", health="err", lastError="many-to-many matching")
    found = list(servers.rules(Server(pages=pages), 1.0, [Watched(CHECKOUT)]))
    assert found[0].state == "failed"
    assert "many-to-many matching" in found[0].found


def test_rules_that_cannot_be_listed_are_no_failure():
    """A query frontend evaluates no rules."""
    assert one(servers.rules(Server(), 1.0, [Watched(CHECKOUT)])).state == "warning"


def test_alerts_without_an_alertmanager_go_nowhere():
    """An empty list of Alertmanagers is a failure."""
    pages = {"alertmanagers": {"activeAlertmanagers": []}}
    assert one(servers.alertmanagers(Server(pages=pages), 1.0)).state == "failed"


def test_an_offkey_that_is_not_scraped_or_is_another_version_is_told():
    """Scraped and same: fine; not scraped, or older: a look."""
    same = f'count(offkey_build_info{{version="{__version__}"}})'
    assert one(servers.exporter(Server({"count(offkey_build_info)": 2.0, same: 2.0}), 1.0)).state == "ok"
    assert (
        "1 of another version" in one(servers.exporter(Server({"count(offkey_build_info)": 2.0, same: 1.0}), 1.0)).found
    )
    assert "honor_labels" in one(servers.exporter(Server(), 1.0)).advice


def test_a_signal_without_series_is_a_failure():
    """Its query is what to look at."""
    found, there = signals.look(CHECKOUT, Server(), 1.0, NOW)
    assert (found.state, there.series) == ("failed", 0)


def test_a_short_past_is_told_by_how_far_it_reaches():
    """Halved until there is something: 14 days are asked, 3d12h are there."""
    query = "count(checkout_rate)"
    there = {(query, NOW): 3.0, (query, NOW - CHECKOUT.history // 4): 3.0}
    found, there = signals.look(CHECKOUT, Server(there), 1.0, NOW)
    assert (found.state, there.series, there.is_young) == ("ok", 3, False)
    assert "3d12h of 14d of history" in found.found


def test_a_young_signal_has_no_rules_yet():
    """Less than a day gives neither scores nor rules: that is told, with what to do later, and is no failure."""
    query = "count(checkout_rate)"
    found, there = signals.look(CHECKOUT, Server({(query, NOW): 3.0}), 1.0, NOW)
    assert (found.state, there.is_young) == ("warning", True)
    assert found.advice == "wait: scores come when a day has been seen; then run offkey rules generate again"
    (rules,) = servers.rules(Server(pages=groups("offkey-exporter")), 1.0, [there])
    assert (rules.subject, rules.state) == ("rules that watch offkey", "ok")


def test_series_beyond_the_cap_are_told():
    """Which would be left out silently otherwise."""
    found, _ = signals.look(CHECKOUT, Server({"count(checkout_rate)": 1e6}), 1.0, NOW)
    assert "1,000,000 series" in found.found
    assert "max_series" in found.advice


def test_a_dear_configuration_names_the_dearest_signal():
    """The cost is derived series and memory; a cheap one needs no advice."""
    cheap, dear = one(signals.cost([Watched(CHECKOUT, 10)])), one(signals.cost([Watched(CHECKOUT, 10_000)]))
    assert (cheap.state, cheap.advice) == ("ok", "")
    assert dear.state == "warning"
    assert "expose: score or anomalous for checkout" in dear.advice


def test_a_folder_that_cannot_be_written_is_a_failure(tmp_path):
    """A file where the folder for state should be is told before anything is lost."""
    (tmp_path / "taken").write_text("")
    config = Config({"past": SourceConfig("recorded", {})}, tmp_path / "taken" / "state", ())
    _, storage, source = examine(config, lambda: float(NOW), 1.0)
    assert (storage.state, source.state) == ("failed", "ok")


def test_code_that_is_compiled_at_every_start_is_told():
    """With the folder where it is kept, or what to do; a real kernel says where."""
    homeless = SimpleNamespace(stats=SimpleNamespace(cache_path=None))
    assert compiled_code(homeless).state == "warning"
    assert "NUMBA_CACHE_DIR" in compiled_code(homeless).advice
    assert compiled_code().state == "ok"
    assert Path(compiled_code().found.removeprefix("is kept below ")).is_dir()
