"""Read the web configuration, and read it anew when it or a file it names changes."""

import os
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from offkey.app import yamlfile
from offkey.app.problems import explained
from offkey.app.webconfig import schema, tls
from offkey.app.yamlfile import Document, Finding, InvalidFile
from offkey.core.errors import ConfigError


@dataclass(frozen=True, slots=True)
class WebConfig:
    """Who may reach the port, and how; without arguments anybody, over HTTP.

    Attributes:
        users: bcrypt hash of each user's password; everybody may read when empty.
        headers: headers of every answer, by their lower-case names.
        tls: the context of new handshakes, or None to speak HTTP.
        allowed_sans: names of which a client's certificate must carry one; all when empty.
        interval: seconds after which one more request is allowed; 0 allows all.
        burst: requests that may come at once.
        files: everything this was read from.
    """

    users: Mapping[str, bytes] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    allowed_sans: frozenset[str] = frozenset()
    interval: float = 0.0
    burst: int = 1
    files: tuple[Path, ...] = ()


def load(path: Path) -> WebConfig:
    """Read a web configuration; files it names are relative to its folder.

    Raises:
        ConfigError: it cannot be read, or is not acceptable; one line for each mistake.
    """
    document = yamlfile.load(path)
    settings = _settings(document)
    server = settings.http_server_config or schema.HTTPServer()
    sent = server.headers.model_dump(by_alias=True, exclude_none=True) if server.headers else {}
    limit = settings.rate_limit
    wanted = settings.tls_server_config if _is_set(settings.tls_server_config) else None
    return WebConfig(
        users={name: hashed.encode() for name, hashed in (settings.basic_auth_users or {}).items()},
        headers={name.lower(): value for name, value in sent.items()},
        tls=None if wanted is None else _context(wanted, path.parent, document),
        allowed_sans=frozenset(wanted.client_allowed_sans) if wanted else frozenset(),
        interval=float(limit.interval) if limit else 0.0,
        burst=limit.burst if limit else 1,
        files=(path, *(tls.files(wanted, path.parent) if wanted else ())),
    )


def _settings(document: Document) -> schema.WebFile:
    value = {} if document.value is None else document.value
    if not isinstance(value, dict):
        raise InvalidFile([document.problem((), "is not a mapping of keys")])
    try:
        settings = schema.WebFile.model_validate(value)
    except ValidationError as error:
        found = list(explained(schema.WebFile, error))
    else:
        wanted = settings.tls_server_config
        found = list(tls.findings(wanted)) if wanted is not None and _is_set(wanted) else []
    if found:
        raise InvalidFile([_problem(document, one) for one in found])
    return settings


def _is_set(wanted: schema.TLSServer | None) -> bool:
    """Return whether a TLS section says anything; an empty one stands for none, as in exporter-toolkit."""
    return wanted is not None and bool(wanted.model_fields_set)


def _context(wanted: schema.TLSServer, folder: Path, document: Document) -> ssl.SSLContext:
    try:
        return tls.context(wanted, folder)
    except tls.Unusable as error:
        raise InvalidFile([_problem(document, error.finding)]) from error
    except OSError as error:
        said = (error.strerror or str(error)).lower()
        raise InvalidFile([_problem(document, Finding(("tls_server_config",), f"cannot be set up: {said}"))]) from error


def _problem(document: Document, finding: Finding) -> yamlfile.Problem:
    return document.problem(finding.route, finding.words, at_key=finding.at_key)


class Watched:
    """A web configuration that follows its file; a mistake in it leaves the one before in force."""

    def __init__(self, path: Path | None, refused: Callable[[str], None] = lambda _words: None) -> None:
        """Read the file for the first time; without one, everybody may read over HTTP.

        Args:
            path: the file.
            refused: hears, once for each change, why a changed file is not acceptable.

        Raises:
            ConfigError: it is not acceptable.
        """
        self._path, self._refused = path, refused
        self._config = WebConfig() if path is None else load(path)
        self._seen = _marks(self._config.files)

    def current(self) -> WebConfig:
        """Return what is in force; costs a look at each file's inode."""
        if self._path is not None and (marks := _marks(self._config.files)) != self._seen:
            self._seen = marks
            try:
                self._config = load(self._path)
            except ConfigError as error:
                self._refused(str(error))
            else:
                self._seen = _marks(self._config.files)
        return self._config


def _marks(paths: tuple[Path, ...]) -> tuple[tuple[int, ...], ...]:
    """Return what changes when a file does, links followed."""
    return tuple(map(_mark, paths))


def _mark(path: Path) -> tuple[int, ...]:
    try:
        found = os.stat(path)
    except OSError:
        return ()
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
