"""The whole configuration as text, and the files that belong to it."""

from importlib import resources
from typing import Any

import yaml

from offkey.adapters.exports import ruleyaml
from offkey.app.alertmanager.inhibition import inhibit_rules
from offkey.app.alertmanager.receivers import receiver
from offkey.app.alertmanager.routing import routes, tree
from offkey.app.alertmanager.schema import AlertmanagerSection, Interval
from offkey.app.alertmanager.storms import storm_file
from offkey.core.durations import MINUTE, format_duration

CONFIG = "alertmanager.yml"
TEMPLATE = "templates/offkey.tmpl"
STORMS, STORM_TESTS = "rules/offkey-storms.rules.yml", "rules/tests/offkey-storms.test.yml"
_HEAD = "# Written by `offkey alertmanager render` for Alertmanager {} and newer: change offkey.yml, not this file.\n"


def rendered(section: AlertmanagerSection) -> dict[str, str]:
    """Return every file by its path: the configuration, the templates it names, and rules against storms with tests."""
    files = {CONFIG: config_text(section), TEMPLATE: _template()}
    storms = storm_file(section)
    if storms is not None:
        head = _HEAD.format(section.version)
        files[STORMS] = f"{head}\n{ruleyaml.groups_text(storms)}"
        files[STORM_TESTS] = head + ruleyaml.tests_body(storms, "../offkey-storms.rules.yml")
    return files


def config_text(section: AlertmanagerSection) -> str:
    """Return alertmanager.yml."""
    made: dict[str, Any] = {"global": _global(section), "templates": [section.templates]}
    made |= {"route": tree(routes(section)), "inhibit_rules": inhibit_rules(section)}
    if section.time_intervals:
        made["time_intervals"] = [
            {"name": name, "time_intervals": [part for one in parts for part in _interval(one)]}
            for name, parts in section.time_intervals.items()
        ]
    made["receivers"] = [receiver(name, one) for name, one in section.receivers.items()]
    dumped = "\n".join(_dump({key: value}) for key, value in made.items())
    return f"{_HEAD.format(section.version)}{dumped}"


def _dump(value: dict[str, Any]) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=120)


def _global(section: AlertmanagerSection) -> dict[str, str]:
    made = {"resolve_timeout": format_duration(5 * MINUTE)}
    if section.smtp is not None:
        smtp = section.smtp
        given = {
            "smtp_smarthost": smtp.smarthost,
            "smtp_from": smtp.sender,
            "smtp_auth_username": smtp.username,
            "smtp_auth_password_file": smtp.password_file,
        }
        made |= {key: value for key, value in given.items() if value}
    return made | ({"slack_api_url_file": section.slack_api_url_file} if section.slack_api_url_file else {})


def _interval(one: Interval) -> list[dict[str, Any]]:
    """Return the parts Alertmanager needs: a night is two, and each date is one."""
    base: dict[str, Any] = {"weekdays": list(one.weekdays)} if one.weekdays else {}
    if one.start and one.end:
        times = [(one.start, one.end)] if one.start < one.end else [(one.start, "24:00"), ("00:00", one.end)]
        base["times"] = [{"start_time": first, "end_time": last} for first, last in times if first != last]
    base["location"] = one.time_zone
    days = [
        {"years": [str(day.year)], "months": [str(day.month)], "days_of_month": [str(day.day)]} for day in one.dates
    ]
    return [{**day, **base} for day in days] or [base]


def _template() -> str:
    return resources.files("offkey.app.alertmanager").joinpath("offkey.tmpl").read_text("utf-8")
