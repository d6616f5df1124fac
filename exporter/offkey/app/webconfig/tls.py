"""The TLS that a web configuration asks for."""

import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from offkey.app.webconfig.schema import SUITES, TLSServer
from offkey.app.yamlfile import Finding

_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_CURVES = {"CurveP256": "prime256v1", "CurveP384": "secp384r1", "CurveP521": "secp521r1", "X25519": "X25519"}
_SAN_KINDS = ("DNS", "IP Address", "email", "URI")


class Unusable(Exception):
    """A setting cannot be used; `finding` names it."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding.words)


def _unusable(key: str, words: str) -> Unusable:
    return Unusable(Finding(("tls_server_config", key), words))


def findings(tls: TLSServer) -> Iterator[Finding]:
    """Yield what does not fit together."""
    for key in ("cert", "key"):
        file, text = getattr(tls, f"{key}_file"), getattr(tls, key)
        if file and text:
            yield Finding(("tls_server_config", key), f"given twice; remove {key}_file or {key}")
        if not (file or text):
            yield Finding(("tls_server_config",), f"{key}_file is missing; TLS takes a certificate and its key")
    if (tls.client_ca_file or tls.client_ca) and tls.client_auth_type in ("", "NoClientCert"):
        words = "missing, so the authority for clients would not be asked; write RequireAndVerifyClientCert"
        yield Finding(("tls_server_config", "client_auth_type"), words)
    if tls.client_ca_file and tls.client_ca:
        yield Finding(("tls_server_config", "client_ca"), "given twice; remove client_ca_file or client_ca")
    if tls.client_allowed_sans and tls.client_auth_type != "RequireAndVerifyClientCert":
        words = "names nobody has to prove; write client_auth_type: RequireAndVerifyClientCert"
        yield Finding(("tls_server_config", "client_allowed_sans"), words)
    if _VERSIONS[tls.max_version] < _VERSIONS[tls.min_version]:
        yield Finding(("tls_server_config", "max_version"), f"{tls.max_version} is older than min_version")


def files(tls: TLSServer, folder: Path) -> list[Path]:
    """Return the files that the settings name."""
    return [folder / name for name in (tls.cert_file, tls.key_file, tls.client_ca_file) if name]


def context(tls: TLSServer, folder: Path) -> ssl.SSLContext:
    """Return the context that handshakes use; files are relative to `folder`.

    Raises:
        Unusable: a file cannot be read, or holds no certificate or key that fits.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version, made.maximum_version = _VERSIONS[tls.min_version], _VERSIONS[tls.max_version]
    made.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    if not tls.prefer_server_cipher_suites:
        made.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    if suites := [SUITES[name] for name in tls.cipher_suites if SUITES[name]]:
        made.set_ciphers(":".join(suites))
    for curve in tls.curve_preferences:
        made.set_ecdh_curve(_CURVES[curve])
    _load_chain(made, tls, folder)
    if tls.client_auth_type not in ("", "NoClientCert"):
        must = tls.client_auth_type == "RequireAndVerifyClientCert"
        made.verify_mode = ssl.CERT_REQUIRED if must else ssl.CERT_OPTIONAL
        _load_authority(made, tls, folder)
    return made


def names(certificate: dict[str, Any] | None) -> set[str]:
    """Return the alternative names of a peer's certificate, as `SSLObject.getpeercert` returns it."""
    found = (certificate or {}).get("subjectAltName", ())
    return {name for kind, name in found if kind in _SAN_KINDS}


def _load_chain(made: ssl.SSLContext, tls: TLSServer, folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="offkey-") as private:  # only its owner may enter
        chain, key = (_pem(Path(private) / name, tls, name, folder) for name in ("cert", "key"))
        try:
            made.load_cert_chain(chain, key, password=_no_password)
        except ssl.SSLError as error:
            reason = (error.reason or str(error)).lower().replace("_", " ")
            raise _unusable(
                key="key_file", words=f"no private key of the certificate in cert_file: {reason}"
            ) from error


def _load_authority(made: ssl.SSLContext, tls: TLSServer, folder: Path) -> None:
    if not (tls.client_ca or tls.client_ca_file):
        made.load_default_certs(ssl.Purpose.CLIENT_AUTH)
        return
    key = "client_ca" if tls.client_ca else "client_ca_file"
    text = tls.client_ca or _read(folder / tls.client_ca_file, key)
    try:
        made.load_verify_locations(cadata=text)
    except ssl.SSLError as error:
        raise _unusable(key, "holds no certificate in PEM form") from error


def _pem(place: Path, tls: TLSServer, key: str, folder: Path) -> Path:
    """Write what a key holds, directly or in a file of its own, to a place that OpenSSL can read."""
    text = getattr(tls, key) or _read(folder / getattr(tls, f"{key}_file"), f"{key}_file")
    place.touch(0o600)
    place.write_text(text)
    return place


def _read(path: Path, key: str) -> str:
    try:
        return path.read_text("ascii")
    except OSError as error:
        raise _unusable(key, f"{path}: {(error.strerror or str(error)).lower()}") from error
    except UnicodeError as error:
        raise _unusable(key, f"{path}: not in PEM form") from error


def _no_password() -> str:
    raise _unusable(key="key_file", words="the key is encrypted; write it without a password, readable by offkey alone")
