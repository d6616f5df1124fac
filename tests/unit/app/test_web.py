import asyncio
import gzip
import threading

import pytest
from asgi import ask, ask_async
from snapshots import pods, snapshot, verdict

from offkey import __version__
from offkey.adapters.sinks.exposition import Sink
from offkey.app import web
from offkey.app.prefixes import Prefixes
from offkey.app.web import Handles, application
from offkey.app.webconfig.file import WebConfig
from offkey.core.errors import ConfigError


def handles(sink=None, **changes):
    """Return the handles of a sink; whatever else is called does nothing."""
    sink = sink or Sink()
    facts = {"render": sink.render, "ready": lambda: sink.is_ready, "reload": lambda: None, "quit": lambda: None}
    return Handles(**{**facts, **changes})


def filled():
    """Return a sink with something to show."""
    sink = Sink()
    sink.publish(snapshot(verdict(pods(2))))
    return sink


@pytest.mark.parametrize("path", ["/", "/metrics", "/-/healthy", "/-/ready", "/nowhere", "/-/reload"])
def test_no_answer_can_be_run_or_framed_by_a_browser(path):
    """Every answer, errors included, carries nosniff and a policy that allows nothing."""
    answer = ask(application(handles()), path)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_a_request_of_two_lengths_is_refused():
    """What a proxy in front may have read as two requests is answered as none."""
    both = [("Content-Length", "5"), ("Transfer-Encoding", "chunked")]
    answer = ask(application(handles()), "/-/healthy", headers=both)
    assert answer.status == 400
    assert answer.headers["connection"] == "close"


def test_the_landing_page_says_what_this_is():
    """Name, version and links, the telemetry path as configured and harmless."""
    answer = ask(application(handles(), '/x"><script>'), "/")
    assert answer.status == 200
    assert __version__ in answer.text
    assert "<script>" not in answer.text
    for link in ("/x&quot;&gt;&lt;script&gt;", "/-/healthy", "/-/ready"):
        assert f'href="{link}"' in answer.text


def test_the_exposition_may_take_the_place_of_the_landing_page():
    """A telemetry path of / is served as such."""
    assert "offkey_series" in ask(application(handles(filled()), "/"), "/").text


@pytest.mark.parametrize("path", ["/nowhere", "/metrics/", "/metricsx", "//", "/-/", "/-/healthy/"])
def test_an_unknown_path_is_not_found(path):
    """Nothing but the documented paths answers, and nothing redirects."""
    assert ask(application(handles()), path).status == 404


def test_the_exposition_is_negotiated():
    """Format and compression follow the scraper's headers, several of one kind included."""
    app = application(handles(filled()))
    plain = ask(app, "/metrics")
    assert plain.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "content-encoding" not in plain.headers
    asked = [
        ("Accept", "text/html"),
        ("Accept", "application/openmetrics-text;version=1.0.0"),
        ("Accept-Encoding", "gzip"),
    ]
    modern = ask(app, "/metrics", headers=asked)
    assert modern.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert gzip.decompress(modern.body).endswith(b"# EOF\n")


def test_a_page_is_sent_piece_by_piece(monkeypatch):
    """Pieces of any size add up to the stated length, gzip or not; HEAD states the same length and sends nothing."""
    monkeypatch.setattr(web, "PIECE", 7)
    app = application(handles(filled()))
    for headers in ((), [("Accept-Encoding", "gzip")]):
        whole, head = ask(app, "/metrics", headers=headers), ask(app, "/metrics", "HEAD", headers)
        assert whole.headers["content-length"] == head.headers["content-length"] == str(len(whole.body))
        assert head.body == b""
    assert gzip.decompress(whole.body) == ask(app, "/metrics").body


@pytest.mark.parametrize("path", ["/", "/metrics", "/-/healthy", "/-/ready"])
def test_pages_answer_get_and_head_only(path):
    """HEAD is as good as GET; whatever would change something is refused."""
    app = application(handles(filled()))
    assert ask(app, path, "HEAD").status == 200
    assert ask(app, path, "POST").status == 405


def test_readiness_waits_for_the_first_snapshot():
    """Health is there from the start, readiness from the first snapshot on."""
    sink = Sink()
    app = application(handles(sink))
    assert ask(app, "/-/healthy").status == 200
    assert ask(app, "/-/ready").status == 503
    sink.publish(snapshot())
    assert ask(app, "/-/ready").status == 200


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_reload_says_what_came_of_it(method):
    """A good configuration gives 200; a bad one 500 with what is wrong, and the old one stays in force."""
    good = application(handles(), enable_lifecycle=True)
    bad = application(handles(reload=lambda: "offkey.yml:1:1: signals: not there"), enable_lifecycle=True)
    assert ask(good, "/-/reload", method).status == 200
    answer = ask(bad, "/-/reload", method)
    assert answer.status == 500
    assert "offkey.yml:1:1: signals: not there" in answer.text


def test_quit_asks_the_process_to_end():
    """The handle is called once."""
    called = []
    app = application(handles(quit=lambda: called.append("quit")), enable_lifecycle=True)
    assert ask(app, "/-/quit", "POST").status == 200
    assert called == ["quit"]


@pytest.mark.parametrize("path", ["/-/reload", "/-/quit"])
@pytest.mark.parametrize(("is_enabled", "headers"), [(False, ()), (True, [("Origin", "http://elsewhere.example")])])
def test_handles_that_change_something_are_refused(path, is_enabled, headers):
    """Unless they were enabled, and always to web pages, nothing is called."""
    called = []
    refusing = handles(reload=lambda: called.append("reload"), quit=lambda: called.append("quit"))
    app = application(refusing, enable_lifecycle=is_enabled)
    assert ask(app, path, "POST", headers).status == 403
    assert not called


@pytest.mark.parametrize("path", ["/-/reload", "/-/quit"])
def test_following_a_link_changes_nothing(path):
    """GET is not enough."""
    assert ask(application(handles(), enable_lifecycle=True), path).status == 405


def test_scrapes_beyond_the_limit_are_turned_away_and_health_is_not():
    """With as many under way as allowed, the next gets 503 at once; when they end, there is room again."""
    entered, released = threading.Semaphore(0), threading.Event()
    page = filled().render()

    def slow(_accept, _encoding):
        entered.release()
        released.wait(10)
        return page

    app = application(handles(render=slow), max_requests=2)

    async def scenario():
        first = [asyncio.create_task(ask_async(app, "/metrics")) for _ in range(2)]
        for _ in first:
            await asyncio.to_thread(entered.acquire)
        refused, healthy = await ask_async(app, "/metrics"), await ask_async(app, "/-/healthy")
        released.set()
        served = [await task for task in first]
        return refused, healthy, served, await ask_async(app, "/metrics")

    refused, healthy, served, later = asyncio.run(scenario())
    assert refused.status == 503
    assert healthy.status == 200
    assert [answer.status for answer in served] == [200, 200]
    assert later.status == 200


@pytest.mark.parametrize(
    ("external_url", "route_prefix", "routes", "links"),
    [
        ("", None, "", ""),
        ("https://sre.example/offkey/", None, "/offkey", "/offkey"),
        ("https://sre.example/offkey", "/", "", "/offkey"),
        ("", "offkey/", "/offkey", "/offkey"),
        ("https://sre.example", "/in", "/in", ""),
    ],
)
def test_prefixes_follow_the_external_url_unless_told_otherwise(external_url, route_prefix, routes, links):
    """As in Prometheus: requests arrive under the external path unless a proxy cuts it off."""
    assert Prefixes.of(external_url, route_prefix) == Prefixes(routes, links)


def test_an_external_url_that_is_none_is_refused():
    """A path or a bare host is no web address."""
    with pytest.raises(ConfigError, match=r"--web\.external-url"):
        Prefixes.of("sre.example/offkey", None)


def test_every_path_moves_under_its_prefix():
    """The exposition, the handles and the links of the landing page begin with it; the bare paths are gone."""
    app = application(handles(filled()), prefixes=Prefixes("/in", "/out"))
    assert ask(app, "/in/metrics").status == 200
    assert ask(app, "/in/-/healthy").status == 200
    assert ask(app, "/metrics").status == 404
    assert 'href="/out/metrics"' in ask(app, "/in/").text
    assert ask(app, "/in").headers["location"] == "/out/"


def test_a_web_configuration_guards_every_path_and_names_its_headers():
    """No path is open, not even the unknown ones; a chosen header takes the place of the built-in one."""
    access = WebConfig(users={"ada": b"$2b$04$" + b"x" * 53}, headers={"content-security-policy": "default-src 'self'"})
    app = application(handles(filled()), access=lambda: access)
    for path in ("/", "/metrics", "/-/healthy", "/nowhere"):
        answer = ask(app, path)
        assert answer.status == 401
        assert answer.headers["content-security-policy"] == "default-src 'self'"
        assert answer.headers["x-content-type-options"] == "nosniff"
