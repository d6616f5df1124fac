"""The `sources` of the configuration file as types."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag

from offkey.adapters import endpoint
from offkey.app.fields import Duration, Line, Size, Strict, duration, size_text

_ENDPOINT = endpoint.Endpoint(url="http://localhost:9090")
_TLS = endpoint.TLS()


class BasicAuth(Strict):
    """A user name, and the file that holds the password."""

    username: Line
    """User name."""
    password_file: Line
    """File that holds the password, read anew for each request."""


class Authorization(Strict):
    """An Authorization header whose token is in a file."""

    credentials_file: Line
    """File that holds the token, read anew for each request."""
    type: Line = endpoint.Authorization(Path()).type
    """Scheme before the token."""


class TLS(Strict):
    """How the server must prove who it is, and how we do."""

    ca_file: Line = ""
    """Certificate authority; the system's when not given."""
    cert_file: Line = ""
    """Our certificate, for servers that ask for one."""
    key_file: Line = ""
    """Key of our certificate."""
    server_name: Line = _TLS.server_name
    """Name the server's certificate must carry, when it is not the host of `url`."""
    insecure_skip_verify: bool = _TLS.insecure_skip_verify
    """Accept any certificate: anybody on the way can read the credentials."""
    min_version: Literal["TLS12", "TLS13"] = _TLS.min_version
    """Oldest version of TLS that is accepted."""

    def policy(self, folder: Path) -> endpoint.TLS:
        """Return the same with whole paths."""

        def file(name: str) -> Path | None:
            return folder / name if name else None

        return endpoint.TLS(
            ca_file=file(self.ca_file),
            cert_file=file(self.cert_file),
            key_file=file(self.key_file),
            server_name=self.server_name,
            insecure_skip_verify=self.insecure_skip_verify,
            min_version=self.min_version,
        )


class OAuth2(Strict):
    """Access tokens by client credentials, fetched when needed and kept until shortly before they expire."""

    client_id: Line
    """Name of this client."""
    client_secret_file: Line
    """File that holds its secret, read anew for each token."""
    token_url: Line
    """Address that gives tokens."""
    scopes: list[Line] = Field(default_factory=list)
    """What the token is to be good for."""
    endpoint_params: dict[str, Line] = Field(default_factory=dict)
    """Further parameters of the request for a token, for example an `audience`."""
    tls_config: TLS = TLS()
    """Certificates of the server of tokens."""

    def settings(self, folder: Path) -> endpoint.OAuth2:
        """Return the same with whole paths."""
        return endpoint.OAuth2(
            client_id=self.client_id,
            client_secret_file=folder / self.client_secret_file,
            token_url=self.token_url,
            scopes=tuple(self.scopes),
            endpoint_params=self.endpoint_params,
            tls_config=self.tls_config.policy(folder),
        )


class Reachable(Strict):
    """How to reach a server; names as in Prometheus' own `http_config`, files relative to this one."""

    url: Line
    """Address of the server, with a path if there is one."""
    basic_auth: BasicAuth | None = None
    """User name and password."""
    authorization: Authorization | None = None
    """Token, usually a bearer token; not together with `basic_auth`."""
    oauth2: OAuth2 | None = None
    """Tokens that another server gives; not together with `basic_auth` or `authorization`."""
    tls_config: TLS = TLS()
    """Certificates."""
    headers: dict[str, Line] = Field(default_factory=dict)
    """Further headers, for example a tenant's `X-Scope-OrgID`."""
    header_files: dict[str, Line] = Field(default_factory=dict)
    """Further headers whose value is secret, each with the file that holds it."""
    timeout: Duration = duration(int(_ENDPOINT.timeout))
    """Longest time for one whole call."""
    max_body: Size = Field(default=_ENDPOINT.max_body, json_schema_extra={"default": size_text(_ENDPOINT.max_body)})
    """Largest answer, after decompression."""
    compression: bool = _ENDPOINT.compression
    """Ask for gzip; costs both sides more time than it saves on a fast network."""
    connections: Annotated[int, Field(ge=1, le=1_000)] = _ENDPOINT.connections
    """Most calls at once."""
    proxy_url: Line = _ENDPOINT.proxy_url
    """Address of a proxy on the way; `HTTP_PROXY` and the like in the environment are not obeyed."""

    def endpoint(self, folder: Path) -> endpoint.Endpoint:
        """Return how to reach the server.

        Raises:
            ConfigError: settings that exclude each other, or a URL that is none.
        """
        basic, token, client = self.basic_auth, self.authorization, self.oauth2
        return endpoint.Endpoint(
            url=self.url,
            basic_auth=None if basic is None else endpoint.BasicAuth(basic.username, folder / basic.password_file),
            authorization=None
            if token is None
            else endpoint.Authorization(folder / token.credentials_file, token.type),
            oauth2=None if client is None else client.settings(folder),
            tls_config=self.tls_config.policy(folder),
            headers=self.headers,
            header_files={name: folder / path for name, path in self.header_files.items()},
            timeout=float(self.timeout),
            max_body=self.max_body,
            compression=self.compression,
            connections=self.connections,
            proxy_url=self.proxy_url,
        )


class PrometheusSource(Reachable):
    """Any server with the Prometheus query API; names as in its own `http_config`, files relative to this one."""

    kind: Literal["prometheus"] = "prometheus"
    """The kind of source."""
    read: Literal["auto", "remote_read", "query_range"] = "auto"
    """How the history of a query that is one plain selector is read: `auto` by remote read, which is many times cheaper
    for both sides, where the server offers it and says which labels it adds (`external_labels`), else by range
    queries; `remote_read` also where the server does not say that; `query_range` never by remote read."""


class RemoteWrite(Reachable):
    """A server that takes remote write; `url` is the whole address, `http://localhost:9090/api/v1/write`."""


class OtherSource(Strict):
    """A source of another kind (`recorded` answers from a `path`), with the options of that kind."""

    model_config = ConfigDict(extra="allow")

    kind: str
    """The kind of source; `offkey models list` names them."""


def _tag(value: Any) -> str:  # noqa: ANN401 (whatever the file holds)
    kind = value.get("kind", "prometheus") if isinstance(value, dict) else getattr(value, "kind", "prometheus")
    return "<prometheus>" if kind == "prometheus" else "<other>"


Source = Annotated[
    Annotated[PrometheusSource, Tag("<prometheus>")] | Annotated[OtherSource, Tag("<other>")],
    Discriminator(_tag),
]
