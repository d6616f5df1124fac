import http.client
import socket
import ssl
import subprocess
import threading
import time
from contextlib import ExitStack, closing

import bcrypt
import pytest
import trustme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from offkey.adapters.sinks.exposition import Sink
from offkey.app.server import Server
from offkey.app.web import Handles, application
from offkey.app.webconfig.file import Watched, load
from offkey.core.errors import ConfigError

pytestmark = pytest.mark.e2e

PATIENCE = 20.0
SILENT_CLIENTS = 100
HASH = bcrypt.hashpw(b"countess", bcrypt.gensalt(4)).decode()


@pytest.fixture(scope="module")
def authority():
    """Return an authority of our own."""
    return trustme.CA()


@pytest.fixture(scope="module")
def folder(tmp_path_factory, authority):
    """Return a folder with a certificate, its key and the authority's certificate."""
    place = tmp_path_factory.mktemp("web")
    certify(place, authority)
    authority.cert_pem.write_to_path(place / "ca.pem")
    return place


def certify(place, authority):
    """Write a new certificate and its key."""
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(place / "key.pem")
    (place / "cert.pem").write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))


@pytest.fixture
def serve(folder):
    """Return a function that serves under a web configuration and returns the port."""
    running = []

    def start(text):
        path = folder / "web.yml"
        path.write_text(text)
        access = Watched(path).current
        sink = Sink()
        handles = Handles(sink.render, lambda: True, lambda: None, lambda: None)
        server = Server(application(handles, access=access), ["127.0.0.1:0"], access)
        (address,) = server.open()
        thread = threading.Thread(target=server.run)
        thread.start()
        running.append((server, thread))
        return int(address.rpartition(":")[2])

    yield start
    for server, thread in running:
        server.stop()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def client(authority, certificate=None):
    """Return the TLS of a client that trusts the authority and may carry a certificate."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    if certificate is not None:
        certificate.configure_cert(context)
    return context


def status(port, context, **headers):
    """Return the status of one answer over TLS."""
    with closing(http.client.HTTPSConnection("127.0.0.1", port, timeout=PATIENCE, context=context)) as connection:
        connection.request("GET", "/-/healthy", headers=headers)
        return connection.getresponse().status


TLS = "tls_server_config: {cert_file: cert.pem, key_file: key.pem"


def test_a_scrape_is_answered_while_a_hundred_clients_say_nothing(serve, authority):
    """Connections that never begin their handshake keep nobody waiting: one second is enough for a scrape."""
    port = serve(f"{TLS}}}")
    with ExitStack() as silent:
        for _ in range(SILENT_CLIENTS):
            silent.enter_context(socket.create_connection(("127.0.0.1", port)))
        began = time.monotonic()
        assert status(port, client(authority)) == 200
        assert time.monotonic() - began < 1.0


def test_many_requests_follow_each_other_on_one_connection(serve, authority):
    """Keep-alive holds over TLS, and nothing is lost between handshake and first request."""
    port = serve(f"{TLS}}}")
    with closing(http.client.HTTPSConnection("127.0.0.1", port, timeout=PATIENCE, context=client(authority))) as kept:
        for _ in range(20):
            kept.request("GET", "/-/healthy")
            assert kept.getresponse().read() == b"offkey is healthy\n"


def test_only_clients_with_an_allowed_name_get_through(serve, authority):
    """No certificate, a stranger's, and one with another name are refused; the right one is answered."""
    who = "client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem"
    port = serve(f"{TLS}, {who}, client_allowed_sans: [prometheus.example]}}")
    assert status(port, client(authority, authority.issue_cert("prometheus.example"))) == 200
    for wrong in (None, trustme.CA().issue_cert("prometheus.example"), authority.issue_cert("other.example")):
        with pytest.raises((ssl.SSLError, OSError, http.client.HTTPException)):
            status(port, client(authority, wrong))


def test_passwords_and_headers_hold_over_tls(serve, authority):
    """Without the password 401, with it 200, and the chosen header is sent."""
    port = serve(f"{TLS}}}\nbasic_auth_users: {{ada: {HASH}}}\n")
    assert status(port, client(authority)) == 401
    assert status(port, client(authority), Authorization="Basic YWRhOmNvdW50ZXNz") == 200


def test_a_renewed_certificate_is_shown_to_the_next_client(serve, folder, authority):
    """No restart: the next handshake shows the new serial number."""

    def serial():
        context = client(authority)
        with context.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="127.0.0.1") as secured:
            return secured.getpeercert()["serialNumber"]

    port = serve(f"{TLS}}}")
    before = serial()
    certify(folder, authority)
    assert serial() != before


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_versions_of_tls_are_refused(serve, authority, version):
    """TLS below 1.2 is never spoken."""
    port = serve(f"{TLS}}}")
    context = client(authority)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        context.minimum_version = context.maximum_version = version
    with pytest.raises(ssl.SSLError):
        status(port, context)


def fragments(*choices):
    """Return a strategy that picks one line of a section, or none."""
    return st.sampled_from(["", *choices])


SERVER = st.lists(
    st.sampled_from(
        [
            "cert_file: cert.pem",
            "key_file: key.pem",
            "key_file: no.pem",
            "client_auth_type: RequireAndVerifyClientCert",
            "client_auth_type: NoClientCert",
            "client_auth_type: nonsense",
            "client_ca_file: ca.pem",
            "min_version: TLS12",
            "min_version: TLS09",
            "cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]",
            "cipher_suites: [TLS_NOTHING]",
            "curve_preferences: [X25519]",
            "prefer_server_cipher_suites: false",
            "unknown: 1",
        ]
    ),
    max_size=4,
    unique_by=lambda line: line.partition(":")[0],
)
HEADERS = fragments("X-Frame-Options: deny", "X-Frame-Options: DENY", "X-Foo: a", "X-XSS-Protection: '1'")
USERS = fragments(f"ada: {HASH}", "ada: countess", "ada: ''", f"ada: {HASH[:-2]}", f"1: {HASH}")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SERVER, HEADERS, USERS, st.sampled_from(["", "http2: false", "http2: 'no'"]))
def test_promtool_and_offkey_accept_the_same_files(program, folder, server, header, user, http2):
    """What Prometheus' own checker accepts is accepted, what it refuses is refused."""
    tls = "".join(f"  {line}\n" for line in (["cert_file: cert.pem", *server] if server else []) if line)
    tls = "\n".join(dict.fromkeys(tls.splitlines()))
    lines = [
        *(["tls_server_config:", tls] if tls else []),
        "http_server_config:",
        *([f"  {http2}"] if http2 else []),
        *(["  headers:", f"    {header}"] if header else []),
        *(["basic_auth_users:", f"  {user}"] if user else []),
    ]
    path = folder / "differential.yml"
    path.write_text("\n".join(lines) + "\n")
    theirs = subprocess.run(
        [program("promtool"), "check", "web-config", path], capture_output=True, check=False, cwd=folder, text=True
    )
    try:
        load(path)
        ours = True
    except ConfigError:
        ours = False
    assert ours == (theirs.returncode == 0), (path.read_text(), theirs.stdout, theirs.stderr)
