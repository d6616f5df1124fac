"""Servers that load rules: reload them, and see what became of it."""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import orjson
import requests
import yaml

from offkey.adapters.exports.rulefiles import RuleChanges
from offkey.adapters.exports.ruleyaml import LOADER
from offkey.adapters.http import Client, Endpoint, excerpt
from offkey.core.errors import BadResponse, OffkeyError, RuleError, SourceDown

POLL_SECONDS = 0.5
_ENOUGH = 120.0  # seconds; a group is evaluated for the first time within its interval
_NOT_THERE = 404

Groups = Mapping[str, Sequence[str]]
"""Names of the rules of each group, in their order."""


class RuleServer:
    """Prometheus, or anything that reloads and lists rules as it does (vmalert, Mimir's ruler)."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.client = Client(endpoint)

    def close(self) -> None:
        """Let go of connections."""
        self.client.close()

    def send(self, method: str, path: str, body: bytes | None = None) -> requests.Response:
        """Send one request once.

        Raises:
            SourceDown: no answer.
            BadResponse: an answer that cannot be used.
        """
        headers = {"Content-Type": "application/yaml"} if body is not None else {}
        url = self.client.endpoint.url + path
        return self.client.session.request(method, url, data=body, headers=headers)

    def reload(self) -> None:
        """Make the server read its files again.

        Raises:
            RuleError: it refuses, because of a file or because reloading is not switched on.
            SourceDown: no answer.
        """
        answer = self.send("POST", "/-/reload")
        if answer.status_code in (403, _NOT_THERE, 405):
            msg = (
                f"{self.client.endpoint.url}: refuses to reload ({answer.status_code}); "
                "start Prometheus with --web.enable-lifecycle, or reload it yourself"
            )
            raise RuleError(msg)
        if not answer.ok:
            msg = f"{self.client.endpoint.url}: refuses the files: {excerpt(answer.content, 400)}"
            raise RuleError(msg)

    def trouble(self, wanted: Groups) -> tuple[str, bool]:
        """Return what is not as it should be, and whether waiting may mend it; ("", False) when all is well.

        Raises:
            SourceDown: no answer.
            BadResponse: an answer that is none.
        """
        found = self._groups()
        for name, rules in wanted.items():
            if name not in found:
                return f"group {name} is not loaded", True
            if [rule["name"] for rule in found[name]] != list(rules):
                return f"group {name} is loaded with other rules", True
            for rule in found[name]:
                if rule.get("health") == "err":
                    return f"{rule['name']} of group {name} fails: {rule.get('lastError') or 'no reason given'}", False
                if rule.get("health") != "ok":
                    return f"{rule['name']} of group {name} was not evaluated yet", True
        return "", False

    def verify(self, wanted: Groups, patience: float = _ENOUGH) -> None:
        """Wait until every group is loaded and every rule of it is healthy.

        Raises:
            RuleError: a rule fails, or it takes too long.
            SourceDown: no answer.
        """
        end = time.monotonic() + patience
        while True:
            said, is_passing = self.trouble(wanted)
            if not said:
                return
            if not is_passing or time.monotonic() >= end:
                msg = f"{self.client.endpoint.url}: {said}"
                raise RuleError(msg)
            time.sleep(POLL_SECONDS)

    def _groups(self) -> dict[str, list[dict[str, Any]]]:
        answer = self.client.call("GET", "/api/v1/rules")
        try:
            return {group["name"]: group["rules"] for group in orjson.loads(answer.body)["data"]["groups"]}
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            msg = f"{self.client.endpoint.url}/api/v1/rules: not a list of rules: {excerpt(answer.body)}"
            raise BadResponse(msg) from error


class Ruler(RuleServer):
    """Mimir's ruler: groups are sent one by one into a namespace of our own, which nobody else writes.

    Source: Grafana Mimir, HTTP API: ruler, config/v1/rules.
    """

    def __init__(self, endpoint: Endpoint, namespace: str) -> None:
        super().__init__(endpoint)
        self.path = f"/config/v1/rules/{quote(namespace, safe='')}"

    def groups(self) -> dict[str, Any]:
        """Return the groups of our namespace by name, as YAML values.

        Raises:
            RuleError: the ruler refuses.
            SourceDown: no answer.
        """
        answer = self.send("GET", self.path)
        if answer.status_code == _NOT_THERE:
            return {}
        self._accepted(answer, "list")
        try:
            listed = yaml.load(answer.content, LOADER)  # noqa: S506 (a safe loader)
            return {group["name"]: group for groups in (listed or {}).values() for group in groups}
        except (yaml.YAMLError, AttributeError, KeyError, TypeError) as error:
            msg = f"{self.client.endpoint.url}{self.path}: not a list of groups: {excerpt(answer.content)}"
            raise BadResponse(msg) from error

    def put(self, group: Mapping[str, Any]) -> None:
        """Set one group.

        Raises:
            RuleError: the ruler refuses it.
            SourceDown: no answer.
        """
        text = yaml.safe_dump(dict(group), sort_keys=False, allow_unicode=True)
        self._accepted(self.send("POST", self.path, text.encode()), f"group {group['name']}")

    def remove(self, name: str) -> None:
        """Delete one group of our namespace.

        Raises:
            RuleError: the ruler refuses.
            SourceDown: no answer.
        """
        answer = self.send("DELETE", f"{self.path}/{quote(name, safe='')}")
        if answer.status_code != _NOT_THERE:
            self._accepted(answer, f"deletion of group {name}")

    def _accepted(self, answer: requests.Response, what: str) -> None:
        where = f"{self.client.endpoint.url}{self.path}"
        if answer.status_code == 429 or answer.status_code >= 500:
            msg = f"{where}: answered {answer.status_code}: {excerpt(answer.content)}"
            raise SourceDown(msg)
        if not answer.ok:
            msg = f"{where}: refuses {what}: {excerpt(answer.content, 400)}"
            raise RuleError(msg)


def apply(changes: RuleChanges, server: RuleServer, wanted: Groups, patience: float = _ENOUGH) -> bool:
    """Write files, make a server load them, and see that it does; on any failure bring everything back.

    Args:
        changes: what becomes of the files.
        server: who reads them.
        wanted: the groups it must have afterwards.
        patience: seconds for every rule to be evaluated once.

    Returns:
        Whether promtool was there to check the files too.

    Raises:
        RuleError: what went wrong, and whether the earlier rules are back.
    """
    try:
        checked = changes.write()
        server.reload()
        server.verify(wanted, patience)
    except KeyboardInterrupt:  # nobody is left with files that nobody verified
        _back(changes, server)
        raise
    except (OffkeyError, OSError) as error:
        msg = f"{error}; {_back(changes, server)}"
        raise RuleError(msg) from error
    return checked


def _back(changes: RuleChanges, server: RuleServer) -> str:
    if not changes.restore():
        return "nothing was changed"
    try:
        server.reload()
    except OffkeyError as error:
        return f"the earlier files are back, but could not be loaded: {error}"
    return "the earlier files are back and loaded"


def send(ruler: Ruler, wanted: Mapping[str, Mapping[str, Any]], patience: float = _ENOUGH) -> list[str]:
    """Make a ruler's namespace hold exactly these groups; on any failure bring everything back.

    Args:
        ruler: who evaluates them.
        wanted: groups by name, as YAML values.
        patience: seconds for every rule to be evaluated once.

    Returns:
        What was done, a line for each group that changed.

    Raises:
        RuleError: what went wrong, and whether the earlier groups are back.
    """
    before = ruler.groups()
    changed = {name: group for name, group in wanted.items() if not _says(before.get(name), group)}
    gone = [name for name in before if name not in wanted]
    try:
        for group in changed.values():
            ruler.put(group)
        for name in gone:
            ruler.remove(name)
        ruler.verify(rule_names(wanted.values()), patience)
    except KeyboardInterrupt:
        _unsent(ruler, before, changed, gone)
        raise
    except OffkeyError as error:
        msg = f"{error}; {_unsent(ruler, before, changed, gone)}"
        raise RuleError(msg) from error
    return [f"sent {name}" for name in changed] + [f"deleted {name}" for name in gone]


def _says(found: object, wanted: object) -> bool:
    """Return whether a ruler's group says all that ours does; it may add keys of its own."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(_says(found.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(found, list) and len(found) == len(wanted) and all(map(_says, found, wanted))
    return found == wanted


def _unsent(ruler: Ruler, before: Mapping[str, Any], changed: Mapping[str, Any], gone: Sequence[str]) -> str:
    try:
        for name in [*changed, *gone]:
            if name in before:
                ruler.put(before[name])
            else:
                ruler.remove(name)
    except OffkeyError as error:
        return f"the earlier groups could not be brought back: {error}"
    return "the earlier groups are back"


def rule_names(groups: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the names of the rules of groups as YAML has them."""
    return {str(group["name"]): [rule.get("alert") or rule["record"] for rule in group["rules"]] for group in groups}
