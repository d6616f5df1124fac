"""How to reach one server: address, credentials, certificates; names as in Prometheus' `http_config`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from offkey.core.errors import ConfigError, SourceDown

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # a header name. Source: RFC 9110 section 5.6.2
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")  # a header value. Source: RFC 9110 section 5.5


@dataclass(frozen=True, slots=True)
class BasicAuth:
    """User name, and the file that holds the password; read anew for each request."""

    username: str
    password_file: Path


@dataclass(frozen=True, slots=True)
class Authorization:
    """Scheme, and the file that holds the token; read anew for each request."""

    credentials_file: Path
    type: str = "Bearer"


@dataclass(frozen=True, slots=True)
class TLS:
    """How the server must prove who it is, and how we do; names and meaning as in Prometheus' `tls_config`."""

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    server_name: str = ""
    insecure_skip_verify: bool = False
    min_version: Literal["TLS12", "TLS13"] = "TLS12"

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that are given."""
        return tuple(path for path in (self.ca_file, self.cert_file, self.key_file) if path)


@dataclass(frozen=True, slots=True)
class OAuth2:
    """Who gives us tokens, and for what; names and meaning as in Prometheus' `oauth2`."""

    client_id: str
    client_secret_file: Path
    token_url: str
    scopes: tuple[str, ...] = ()
    endpoint_params: Mapping[str, str] = field(default_factory=dict)
    tls_config: TLS = field(default_factory=TLS)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One server and how to talk to it; names as in Prometheus' `http_config`.

    Attributes:
        url: `http(s)://host[:port][/prefix]`.
        headers: sent with each request; values are treated as secrets.
        header_files: header name to the file that holds its value; read anew for each request.
        timeout: seconds for a whole call when the caller gives none.
        max_body: most bytes of a body, after decompression.
        compression: ask for gzip; costs both sides more time than it saves on a fast network.
        connections: most calls at once; others wait, within their own deadline.
        proxy_url: `http(s)://host[:port]` of a proxy on the way; those of the environment are not asked.

    Raises:
        ConfigError: a field is not acceptable.
    """

    url: str
    basic_auth: BasicAuth | None = None
    authorization: Authorization | None = None
    oauth2: OAuth2 | None = None
    tls_config: TLS = field(default_factory=TLS)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    header_files: Mapping[str, Path] = field(default_factory=dict)
    timeout: float = 30.0
    max_body: int = 64 * 2**20
    compression: bool = False
    connections: int = 10
    proxy_url: str = ""

    def __post_init__(self) -> None:
        for problem in self._problems():
            raise ConfigError(problem)
        object.__setattr__(self, "url", self.url.rstrip("/"))

    def _problems(self) -> Iterator[str]:
        """Say what is wrong, without repeating anything that may be secret."""
        if "@" in self.url:
            yield "url: holds a user or a password; write them as basic_auth"
        if not _is_address(self.url):
            yield f"url: found {self.url!r}; write http://host:port or https://host:port, with a path if there is one"
        given = [name for name in ("basic_auth", "authorization", "oauth2") if getattr(self, name)]
        if len(given) > 1:
            yield f"{' and '.join(given)} are given together; a request carries one of them"
        yield from self._problems_on_the_way()
        if bool(self.tls_config.cert_file) != bool(self.tls_config.key_file):
            yield "tls_config: cert_file and key_file go together; only one is given"
        for name in (*self.headers, *self.header_files):
            if not _TOKEN.fullmatch(name):
                yield f"headers: {name!r} is not a header name; use letters, digits and dashes"
        for name, value in self.headers.items():
            if not _VALUE.fullmatch(value):
                yield f"headers.{name}: the value is not one line of Latin-1 text; remove what cannot be printed"
        if self.timeout <= 0 or self.max_body <= 0 or self.connections <= 0:
            yield "timeout, max_body and connections must be above 0"

    def _problems_on_the_way(self) -> Iterator[str]:
        """Say what is wrong with the addresses of others than the server itself."""
        if self.proxy_url and ("@" in self.proxy_url or not _is_address(self.proxy_url)):
            yield "proxy_url: is not the address of a proxy; write http://host:port, without user and password"
        if self.oauth2 and ("@" in self.oauth2.token_url or not _is_address(self.oauth2.token_url.partition("?")[0])):
            yield "oauth2.token_url: is not an address; write https://host/path"

    @property
    def address(self) -> tuple[str, str, int]:
        """Scheme, host and port."""
        return address(self.url)


def _is_address(url: str) -> bool:
    """Whether a URL names a server, and a path there at most."""
    try:
        parts = urlsplit(url)
        scheme, host, _ = address(url)
    except ValueError:  # a port that is none, half a bracket
        return False
    return scheme in {"http", "https"} and bool(host) and host.isascii() and not (parts.query or parts.fragment)


def address(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of a URL."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"https": 443}.get(parts.scheme, 80)


def secret(path: Path, where: str) -> str:
    """Return what a secret's file holds now.

    Args:
        path: a file of one line of text; white space around it does not count.
        where: the setting that names the file, for the message.

    Raises:
        SourceDown: there is no such file or no such text; the message never holds the content.
    """
    try:
        text = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{where}: cannot read {path}: {getattr(error, 'strerror', None) or 'not UTF-8 text'}"
        raise SourceDown(msg) from error
    if not text or not _VALUE.fullmatch(text):
        msg = f"{where}: {path} must hold one line of text; found {'nothing' if not text else 'control characters'}"
        raise SourceDown(msg)
    return text
