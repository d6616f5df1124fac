"""The web configuration file as types; what each key means, its default and what is allowed."""

from typing import Annotated, Literal

import bcrypt
from pydantic import AfterValidator, Field

from offkey.app.fields import Duration, Line, Strict, refuse, shown

Version = Literal["TLS12", "TLS13"]
Curve = Literal["CurveP256", "CurveP384", "CurveP521", "X25519"]

# Names of Go's crypto/tls for what OpenSSL calls otherwise; TLS 1.3 chooses among its own suites by itself.
# Source: RFC 8422, RFC 7905, RFC 8446 and openssl-ciphers(1).
SUITES = {
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
    "TLS_AES_128_GCM_SHA256": "",
    "TLS_AES_256_GCM_SHA384": "",
    "TLS_CHACHA20_POLY1305_SHA256": "",
}

UNVERIFIED = ("RequestClientCert", "RequireAnyClientCert", "RequireClientCert")
BCRYPT_COSTS = range(4, 32)


def _suite(value: str) -> str:
    if value not in SUITES:
        refuse(f"{shown(value)} is not offered (allowed: {', '.join(SUITES)})")
    return value


def _client_auth(value: str) -> str:
    allowed = ("", "NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert")
    if value in UNVERIFIED:
        refuse(f"{shown(value)} would take any certificate unverified; write RequireAndVerifyClientCert")
    if value not in allowed:
        refuse(f"{shown(value)} is not allowed (allowed: {', '.join(allowed[1:])})")
    return value


def _hashed(value: str) -> str:
    cost = value[4:6]
    good = len(value) == len(bcrypt.hashpw(b"", bcrypt.gensalt(4))) and value[:2] == "$2" and value[3:4] == "$"
    if not good or not cost.isdigit() or int(cost) not in BCRYPT_COSTS:
        refuse("not a bcrypt hash; make one with: htpasswd -nBC 10 '' | tr -d ':\\n'")
    return value


Hash = Annotated[str, AfterValidator(_hashed)]


class TLSServer(Strict):
    """How offkey proves who it is, and whether its clients must."""

    cert_file: Line = ""
    """Certificate chain, PEM; read anew when it changes."""
    key_file: Line = ""
    """Private key of the certificate, PEM."""
    cert: str = ""
    """Certificate chain written into this file, instead of `cert_file`."""
    key: str = ""
    """Private key written into this file, instead of `key_file`."""
    client_auth_type: Annotated[str, AfterValidator(_client_auth)] = ""
    """`NoClientCert` (the default), `VerifyClientCertIfGiven` or `RequireAndVerifyClientCert`."""
    client_ca_file: Line = ""
    """Authority that signs the clients' certificates, PEM; the system's when not given."""
    client_ca: str = ""
    """The same, written into this file."""
    client_allowed_sans: list[Line] = Field(default_factory=list)
    """Names (DNS, IP address, e-mail or URI) of which a client's certificate must carry one; all when empty."""
    min_version: Version = "TLS12"
    """Oldest version of TLS that is spoken."""
    max_version: Version = "TLS13"
    """Newest version of TLS that is spoken."""
    cipher_suites: list[Annotated[str, AfterValidator(_suite)]] = Field(default_factory=list)
    """Suites of TLS 1.2, by their IANA names; the system's choice when empty."""
    prefer_server_cipher_suites: bool = True
    """Take the first suite of ours that the client knows, not of theirs that we know."""
    curve_preferences: list[Curve] = Field(default_factory=list, max_length=1)
    """The one curve of the key exchange; the system's choice when empty."""


class Headers(Strict):
    """Headers of every answer; those that are not named keep offkey's own safe values."""

    strict_transport_security: Line | None = Field(default=None, alias="Strict-Transport-Security")
    """How long browsers must insist on TLS."""
    x_content_type_options: Literal["nosniff"] | None = Field(default=None, alias="X-Content-Type-Options")
    """Keeps browsers from guessing types."""
    x_frame_options: Literal["deny", "sameorigin"] | None = Field(default=None, alias="X-Frame-Options")
    """Keeps other sites from framing a page."""
    x_xss_protection: Line | None = Field(default=None, alias="X-XSS-Protection")
    """For browsers of before 2020."""
    content_security_policy: Line | None = Field(default=None, alias="Content-Security-Policy")
    """What a page may load."""


class HTTPServer(Strict):
    """What is said in every answer."""

    http2: bool = True
    """Read for compatibility: HTTP/1.1 is spoken either way."""
    headers: Headers | None = None
    """Headers of every answer."""


class RateLimit(Strict):
    """How many requests are answered; more get 429."""

    interval: Duration
    """One more request is allowed each interval."""
    burst: Annotated[int, Field(ge=1)]
    """Requests that may come at once."""


class WebFile(Strict):
    """The whole file; an empty one asks for nothing."""

    tls_server_config: TLSServer | None = None
    """TLS; without it HTTP is spoken."""
    http_server_config: HTTPServer | None = None
    """Headers."""
    basic_auth_users: dict[str, Hash] | None = None
    """Names and bcrypt hashes of those who may read; everyone when empty."""
    rate_limit: RateLimit | None = None
    """How many requests are answered."""
