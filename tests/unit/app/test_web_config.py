import os
import ssl

import bcrypt
import pytest
import trustme

from offkey.app.webconfig.file import Watched, load
from offkey.core.errors import ConfigError

HASH = bcrypt.hashpw(b"countess", bcrypt.gensalt(4)).decode()


@pytest.fixture(scope="module")
def authority():
    """Return an authority of our own."""
    return trustme.CA()


@pytest.fixture
def folder(tmp_path, authority):
    """Return a folder with a certificate, its key and the authority's certificate."""
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    (tmp_path / "cert.pem").write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return tmp_path


def written(folder, text):
    """Return the path of a web configuration with a text."""
    path = folder / "web.yml"
    path.write_text(text)
    return path


TLS = "tls_server_config: {cert_file: cert.pem, key_file: key.pem"


@pytest.mark.parametrize("text", ["", "tls_server_config:", "tls_server_config: {}", "basic_auth_users: {}"])
def test_an_empty_file_asks_for_nothing(folder, text):
    """Everybody may read, over HTTP."""
    config = load(written(folder, text))
    assert config.tls is None
    assert not config.users
    assert not config.interval


def test_everything_that_is_set_is_obeyed(folder):
    """TLS, users, headers and the rate limit come out as they were written."""
    config = load(
        written(
            folder,
            f"""
{TLS}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem, min_version: TLS13,
  client_allowed_sans: [prometheus.example], cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256],
  curve_preferences: [CurveP256], prefer_server_cipher_suites: false}}
http_server_config: {{headers: {{X-Frame-Options: deny, Strict-Transport-Security: max-age=63072000}}}}
basic_auth_users: {{ada: {HASH}}}
rate_limit: {{interval: 1s, burst: 20}}
""",
        )
    )
    assert config.tls.verify_mode is ssl.CERT_REQUIRED
    assert config.tls.minimum_version is ssl.TLSVersion.TLSv1_3
    assert "ECDHE-RSA-AES128-GCM-SHA256" in {cipher["name"] for cipher in config.tls.get_ciphers()}
    assert "ECDHE-RSA-AES256-GCM-SHA384" not in {cipher["name"] for cipher in config.tls.get_ciphers()}
    assert config.allowed_sans == {"prometheus.example"}
    assert config.users == {"ada": HASH.encode()}
    assert config.headers == {"x-frame-options": "deny", "strict-transport-security": "max-age=63072000"}
    assert (config.interval, config.burst) == (1.0, 20)


def test_certificates_may_stand_in_the_file_itself(folder):
    """Certificate and key as text, and nothing of them stays in a temporary folder."""
    pem = {name: (folder / f"{name}.pem").read_text().replace("\n", "\n    ") for name in ("cert", "key")}
    text = "tls_server_config:\n" + "".join(f"  {name}: |\n    {content}\n" for name, content in pem.items())
    config = load(written(folder, text))
    assert config.tls is not None
    assert config.files == (folder / "web.yml",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "web.yml:1:1: is not a mapping of keys"),
        ("tsl_server_config: {}", 'unknown key "tsl_server_config"; did you mean "tls_server_config"'),
        ("tls_server_config: {cert_file: cert.pem}", "key_file is missing"),
        (f"{TLS}, cert: x}}", "given twice"),
        ("tls_server_config: {cert_file: no.pem, key_file: key.pem}", "no such file"),
        ("tls_server_config: {cert_file: ca.pem, key_file: key.pem}", "no private key of the certificate"),
        ("tls_server_config: {cert_file: cert.pem, key_file: cert.pem}", "no private key of the certificate"),
        (f"{TLS}, min_version: TLS10}}", '"TLS10" is not allowed'),
        (f"{TLS}, min_version: TLS13, max_version: TLS12}}", "TLS12 is older than min_version"),
        (f"{TLS}, client_ca_file: ca.pem}}", "RequireAndVerifyClientCert"),
        (f"{TLS}, client_auth_type: RequestClientCert}}", "unverified"),
        (f"{TLS}, client_auth_type: nonsense}}", "is not allowed"),
        (f"{TLS}, client_allowed_sans: [a]}}", "nobody has to prove"),
        (f"{TLS}, client_auth_type: VerifyClientCertIfGiven, client_ca_file: key.pem}}", "holds no certificate"),
        (f"{TLS}, cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]}}", "is not offered"),
        (f"{TLS}, curve_preferences: [P256]}}", "is not allowed"),
        ("http_server_config: {headers: {X-Foo: a}}", 'unknown key "X-Foo"'),
        ("http_server_config: {headers: {X-Frame-Options: DENY}}", '"DENY" is not allowed'),
        ('http_server_config: {headers: {Content-Security-Policy: "a\\nb"}}', "is not one line"),
        ("basic_auth_users: {ada: countess}", "not a bcrypt hash"),
        ("basic_auth_users: {ada: $2y$40$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi}", "not a bcrypt hash"),
        ("rate_limit: {interval: 1s, burst: 0}", "out of range"),
    ],
)
def test_a_mistake_is_named_with_its_place(folder, text, said):
    """File, line and column, what was found and what is allowed."""
    with pytest.raises(ConfigError) as refused:
        load(written(folder, text))
    assert "web.yml:1:" in str(refused.value)
    assert said in str(refused.value)


def test_a_hash_is_never_repeated_in_a_message(folder):
    """What is wrong with a hash is said without the hash."""
    with pytest.raises(ConfigError) as refused:
        load(written(folder, "basic_auth_users: {ada: sesame}"))
    assert "sesame" not in str(refused.value)


def test_a_change_is_obeyed_at_once(folder):
    """A user who is added may read from the next request on."""
    watched = Watched(written(folder, ""))
    assert not watched.current().users
    written(folder, f"basic_auth_users: {{ada: {HASH}}}")
    assert "ada" in watched.current().users


def test_a_renewed_certificate_is_used(folder, authority):
    """New handshakes use the new certificate, although the web configuration itself is the same."""
    watched = Watched(written(folder, f"{TLS}}}"))
    before = watched.current().tls
    assert watched.current().tls is before
    renewed = authority.issue_cert("127.0.0.1")
    renewed.private_key_pem.write_to_path(folder / "key.pem")
    (folder / "cert.pem").write_bytes(b"".join(blob.bytes() for blob in renewed.cert_chain_pems))
    assert watched.current().tls is not before


def test_a_mistake_keeps_what_was_in_force_and_is_told_once(folder):
    """A typing error opens nothing and closes nothing; it is told once, not for each request."""
    told = []
    watched = Watched(written(folder, f"basic_auth_users: {{ada: {HASH}}}"), told.append)
    written(folder, "basic_auth_users: {ada: nonsense}")
    assert "ada" in watched.current().users
    assert "ada" in watched.current().users
    assert len(told) == 1
    os.remove(folder / "web.yml")
    assert "ada" in watched.current().users
    assert len(told) == 2
    written(folder, "")
    assert not watched.current().users
