"""The Prometheus source and who may speak with whom: TLS, certificates, passwords, tokens."""

import datetime
import socket
import ssl
import time
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from faultproxy import FaultProxy
from realprometheus import running
from urllib3.exceptions import InsecureRequestWarning

from offkey.adapters.http import TLS, Authorization, BasicAuth, Endpoint
from offkey.adapters.sources.prometheus import Source
from offkey.core.errors import SourceDown

pytestmark = pytest.mark.e2e

CANARY = "canary-91d2"
NOW = datetime.datetime.now(datetime.UTC)


@pytest.fixture(scope="module")
def url(program, tmp_path_factory):
    """Return a server without any past."""
    with running(program, tmp_path_factory.mktemp("prometheus"), "") as url:
        yield url


@pytest.fixture(scope="module")
def authority():
    """Return the authority that both sides trust."""
    return trustme.CA()


@pytest.fixture
def trusted(authority, tmp_path):
    """Return the file of that authority's certificate."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return tmp_path / "ca.pem"


@pytest.fixture
def token(tmp_path):
    """Return a token that must not reach anybody unproven."""
    (tmp_path / "token").write_text(CANARY)
    return Authorization(tmp_path / "token")


def policy(certificate, authority=None):
    """Return a server's TLS policy; with an authority, clients must show a certificate of its making."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    if authority:
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def files(certificate, folder):
    """Write a client's certificate and key; return their paths."""
    paths = {"cert_file": folder / "client.pem", "key_file": folder / "client.key"}
    paths["cert_file"].write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    paths["key_file"].write_bytes(certificate.private_key_pem.bytes())
    return paths


def ask(endpoint, timeout=10.0):
    """Return 1 when a whole call succeeds."""
    source = Source(endpoint)
    try:
        return sum(source.instant("vector(1)", 0, timeout).values())
    finally:
        source.close()


def test_a_proven_server_gets_the_token(url, authority, trusted, token):
    """The configured authority counts, and no other certificate is needed."""
    with FaultProxy(url, policy(authority.issue_cert("localhost"))) as proxy:
        assert ask(Endpoint(proxy.url, authorization=token, tls_config=TLS(ca_file=trusted, min_version="TLS13"))) == 1
    assert proxy.requests[0][2]["Authorization"] == f"Bearer {CANARY}"


UNPROVEN = {
    "another authority": ({}, lambda ca: trustme.CA().issue_cert("localhost"), "certificate verify failed"),
    "another name": ({}, lambda ca: ca.issue_cert("other.example"), "Hostname mismatch"),
    "expired": ({}, lambda ca: ca.issue_cert("localhost", not_after=NOW - datetime.timedelta(days=1)), "expired"),
    "the system's authorities": ({"ca_file": None}, lambda ca: ca.issue_cert("localhost"), "certificate verify failed"),
    "the wrong server_name": ({"server_name": "a.example"}, lambda ca: ca.issue_cert("localhost"), "Hostname mismatch"),
}


@pytest.mark.parametrize("name", UNPROVEN)
def test_an_unproven_server_gets_nothing(url, authority, trusted, token, name):
    """No byte of a request is sent, and plain text is never tried instead."""
    options, certificate, said = UNPROVEN[name]
    with FaultProxy(url, policy(certificate(authority))) as proxy:
        with pytest.raises(SourceDown, match=f"TLS failed: .*{said}"):
            ask(Endpoint(proxy.url, authorization=token, tls_config=TLS(**{"ca_file": trusted, **options})))
        assert proxy.requests == []


def test_a_server_may_prove_another_name_on_request(url, authority, trusted):
    """`server_name` is what the certificate must carry."""
    with FaultProxy(url, policy(authority.issue_cert("other.example"))) as proxy:
        assert ask(Endpoint(proxy.url, tls_config=TLS(ca_file=trusted, server_name="other.example"))) == 1


def test_an_old_protocol_is_refused(url, authority, trusted):
    """A server that stops at TLS 1.2 is not spoken to when 1.3 is asked for, and is by default."""
    context = policy(authority.issue_cert("localhost"))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with FaultProxy(url, context) as proxy:
        with pytest.raises(SourceDown, match="TLS failed"):
            ask(Endpoint(proxy.url, tls_config=TLS(ca_file=trusted, min_version="TLS13")))
        assert ask(Endpoint(proxy.url, tls_config=TLS(ca_file=trusted))) == 1


def test_a_server_without_tls_is_not_spoken_to_in_plain_text(url, token):
    """The scheme is a promise."""
    with FaultProxy(url) as proxy:
        with pytest.raises(SourceDown, match="TLS failed"):
            ask(Endpoint(proxy.url.replace("http:", "https:"), authorization=token))
        assert CANARY not in str(proxy.requests)


def test_proof_can_be_waived_and_is_warned_of(url, authority):
    """Whoever says so takes any certificate."""
    with FaultProxy(url, policy(authority.issue_cert("other.example"))) as proxy, pytest.warns(InsecureRequestWarning):
        assert ask(Endpoint(proxy.url, tls_config=TLS(insecure_skip_verify=True))) == 1


def test_a_silent_handshake_ends_with_the_deadline(trusted):
    """A server that accepts and says nothing does not hold the call."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        start = time.monotonic()
        with pytest.raises(SourceDown, match="no whole answer within the deadline"):
            ask(Endpoint(f"https://localhost:{silent.getsockname()[1]}", tls_config=TLS(ca_file=trusted)), 1.0)
        assert time.monotonic() - start < 2.0


def test_a_certificate_of_ours_opens_the_door_and_may_be_replaced(url, authority, trusted, tmp_path):
    """Without one, or with a stranger's, there is no answer; new files count without a restart."""
    with FaultProxy(url, policy(authority.issue_cert("localhost"), authority)) as proxy:
        with pytest.raises(SourceDown):
            ask(Endpoint(proxy.url, tls_config=TLS(ca_file=trusted)))
        paths = files(trustme.CA().issue_cert("me"), tmp_path)
        source = Source(Endpoint(proxy.url, tls_config=TLS(ca_file=trusted, **paths)))
        with pytest.raises(SourceDown):
            source.instant("vector(1)", 0, 10.0)
        assert proxy.requests == []
        files(authority.issue_cert("me"), tmp_path)
        assert source.instant("vector(1)", 0, 10.0)
        source.close()


def test_a_certificate_that_cannot_be_used_is_named(url, trusted, tmp_path):
    """A missing file, something else, and an encrypted key, which must not ask the terminal."""
    paths = files(trustme.CA().issue_cert("me"), tmp_path)
    key = serialization.load_pem_private_key(paths["key_file"].read_bytes(), None)
    sealed = tmp_path / "sealed.key"
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    sealed.write_bytes(key.private_bytes(*form, serialization.BestAvailableEncryption(b"x")))
    for change in ({"key_file": sealed}, {"key_file": Path("/absent")}, {"ca_file": paths["key_file"]}):
        tls = TLS(**{"ca_file": trusted, **paths, **change})
        with pytest.raises(SourceDown, match=f"tls_config: cannot load .*{next(iter(change.values()))}"):
            ask(Endpoint(url.replace("http:", "https:"), tls_config=tls))


def test_passwords_and_headers_are_read_for_each_call(url, tmp_path):
    """A rotated secret is used at once; non-ASCII passwords are UTF-8."""
    password, tenant = tmp_path / "password", tmp_path / "tenant"
    with FaultProxy(url) as proxy:
        source = Source(Endpoint(proxy.url, BasicAuth("me", password), header_files={"X-Scope-OrgID": tenant}))
        for word, name in (("first", "a"), ("zw\u00e9\u00e9", "b")):
            password.write_text(word + "\n", "utf-8")
            tenant.write_text(name)
            source.instant("vector(1)", 0, 10.0)
        source.close()
    sent = [headers for _, _, headers in proxy.requests]
    assert [headers["Authorization"] for headers in sent] == ["Basic bWU6Zmlyc3Q=", "Basic bWU6enfDqcOp"]
    assert [headers["X-Scope-OrgID"] for headers in sent] == ["a", "b"]
