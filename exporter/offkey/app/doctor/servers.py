"""Looks at a source: does it answer, is its clock right, does it load our rules, reach Alertmanager and scrape us."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from urllib.parse import urlsplit

from offkey import __version__
from offkey.adapters.api import Api
from offkey.adapters.endpoint import Endpoint
from offkey.adapters.http import Client
from offkey.app.doctor.checkup import Checkup
from offkey.app.doctor.signals import Watched
from offkey.core.errors import SourceDown, SourceError
from offkey.core.rules import file_stem

# Seconds by which two clocks may differ before recent samples look missing, and before they do.
CLOCK_NOTICED, CLOCK_WRONG = 2.0, 30.0
OWN_GROUP = "offkey"  # of the rules that watch offkey itself


def answers(name: str, api: Api, timeout: float) -> Checkup:
    """Look whether a source answers, and as what."""
    subject = f"source {name}"
    try:
        version = api.get("status/buildinfo", timeout).get("version", "")
    except SourceDown as error:
        return Checkup(subject, "failed", str(error), f"start it, or correct sources.{name}.url and its credentials")
    except SourceError:  # query frontends have no such page
        version = ""
    try:
        api.number("vector(1)", timeout)
    except SourceError as error:
        return Checkup(subject, "failed", str(error), f"correct sources.{name}: url, credentials or tenant")
    return Checkup(subject, "ok", f"{api.url} answers{f', version {version}' if version else ''}")


def clock(name: str, api: Api, timeout: float, now: Callable[[], float]) -> Checkup:
    """Look how far the clocks of a source and of this machine are apart."""
    subject = f"clock of {name}"
    before = now()
    theirs = api.number("time()", timeout)
    after = now()
    if theirs is None:
        return Checkup(subject, "warning", "time() has no value", "ask whoever runs the source")
    apart = max(before - theirs, theirs - after, 0.0)
    if apart <= CLOCK_NOTICED:
        return Checkup(subject, "ok", f"within {CLOCK_NOTICED:g} s of this machine's")
    state = Checkup(subject, "warning", f"{apart:.1f} s from this machine's", "let both keep time by NTP")
    return state if apart < CLOCK_WRONG else Checkup(subject, "failed", state.found, state.advice)


def rules(api: Api, timeout: float, signals: Sequence[Watched]) -> Iterator[Checkup]:
    """Look whether the rules of each signal that alerts, and those that watch offkey, are loaded and healthy."""
    try:
        groups = api.get("rules", timeout, type="alert")["groups"]
        loaded = {str(group["name"]): group["rules"] for group in groups}
    except (SourceError, KeyError, TypeError) as error:
        yield Checkup("rules", "warning", f"cannot be listed: {error}", "look where your rules are evaluated")
        return
    wanted = {f"offkey-{file_stem(one.signal.name)}": one for one in signals if one.signal.alert}
    for group, one in wanted.items():
        subject = f"rules of {one.signal.name}"
        broken = [rule for rule in loaded.get(group, ()) if rule.get("health") == "err"]
        if group not in loaded and one.is_young:
            continue  # it has none yet, as was said of the signal
        if group not in loaded:
            advice = "offkey rules generate -o FOLDER, and name FOLDER/*.rules.yml in rule_files"
            yield Checkup(subject, "failed", "not loaded: nobody is paged", advice)
        elif broken:
            said = str(broken[0].get("lastError", ""))
            yield Checkup(subject, "failed", f"fail: {said}", "offkey check rules FILE")
        else:
            yield Checkup(subject, "ok", f"{len(loaded[group])} alerting rules are loaded")
    if not any(group.startswith(OWN_GROUP) and group not in wanted for group in loaded):
        advice = "load rules/offkey.rules.yml as well, so that a silent offkey is noticed"
        yield Checkup("rules that watch offkey", "warning", "not loaded", advice)
    else:
        yield Checkup("rules that watch offkey", "ok", "loaded")


def alertmanagers(api: Api, timeout: float) -> Iterator[Checkup]:
    """Look whether alerts have somewhere to go."""
    subject = "Alertmanager"
    try:
        active = [str(one["url"]) for one in api.get("alertmanagers", timeout)["activeAlertmanagers"]]
    except (SourceError, KeyError, TypeError) as error:
        yield Checkup(subject, "warning", f"cannot be listed: {error}", "look where your alerts are sent from")
        return
    if not active:
        yield Checkup(
            subject, "failed", "no Alertmanager is known to it", "name one under alerting: in its configuration"
        )
    for url in active:
        base = urlsplit(url)._replace(path="", query="").geturl()
        try:
            with closing(Client(Endpoint(base))) as client:
                status = client.call("GET", "/-/healthy", timeout=timeout).status
        except SourceError as error:
            advice = "no harm if only the server reaches it; otherwise start it"
            yield Checkup(subject, "warning", f"not reached from here: {error}", advice)
        else:
            good = status == 200
            yield Checkup(
                subject, "ok" if good else "failed", f"{base} answered {status}", "" if good else "look at its log"
            )


def exporter(api: Api, timeout: float) -> Iterator[Checkup]:
    """Look whether a running offkey is scraped, and how it does."""
    subject = "scrape of offkey"
    running = api.number("count(offkey_build_info)", timeout)
    if not running:
        advice = "start offkey serve, and add its address to scrape_configs with honor_labels: true"
        yield Checkup(subject, "warning", "no offkey_build_info: offkey is not scraped here", advice)
        return
    same = api.number(f'count(offkey_build_info{{version="{__version__}"}})', timeout) or 0.0
    other = "" if same == running else f", {running - same:.0f} of another version than {__version__}"
    yield Checkup(
        subject, "warning" if other else "ok", f"{running:.0f} running{other}", "update them" if other else ""
    )
    for query, found, advice in (
        ("count(offkey_source_up == 0)", "a source is down for it", "look at its log for source_failures"),
        ("count(offkey_config_last_reload_successful == 0)", "its last reload failed", "offkey check config"),
    ):
        if api.number(query, timeout):
            yield Checkup(subject, "failed", found, advice)
