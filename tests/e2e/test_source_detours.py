"""The Prometheus source where something stands between: a server that gives tokens, a proxy, a tunnel."""

import http.server
import json
import socket
import socketserver
import ssl
import threading

import pytest
import trustme
from faultproxy import FaultProxy, answers, honest
from realprometheus import running

from offkey.adapters.http import TLS, Endpoint, OAuth2
from offkey.adapters.sources.prometheus import Source
from offkey.core.errors import SourceDown

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def url(program, tmp_path_factory):
    """Return a server without any past."""
    with running(program, tmp_path_factory.mktemp("prometheus"), "") as url:
        yield url


@pytest.fixture
def listening():
    """Return a function that runs a handler on a free port of the loopback and gives the port."""
    started = []

    def listen(server, handler):
        made = server(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        started.append((made, thread))
        return made.server_address[1]

    yield listen
    for made, thread in started:
        made.shutdown()
        thread.join()
        made.server_close()


class Tokens(http.server.BaseHTTPRequestHandler):
    """Gives another token each time."""

    given = 0

    def do_POST(self):
        """Answer as RFC 6749 says."""
        self.rfile.read(int(self.headers["Content-Length"]))
        type(self).given += 1
        body = json.dumps({"access_token": f"token{self.given}", "token_type": "bearer", "expires_in": 3600}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words):
        """Say nothing."""


class Tunnel(socketserver.StreamRequestHandler):
    """Does what a proxy does with CONNECT, and counts it."""

    asked = ()

    def handle(self):
        """Pass bytes on both ways until one side ends."""
        line = self.rfile.readline().decode().split()
        while self.rfile.readline().strip():
            pass
        type(self).asked += (tuple(line[:2]),)
        host, _, port = line[1].rpartition(":")
        with socket.create_connection((host, int(port))) as there:
            self.connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pump, args=(there, self.connection))
            back.start()
            pump(self.connection, there)
            back.join()


def pump(source, target):
    """Pass bytes on until there are no more."""
    try:
        while data := source.recv(65_536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:  # the other side went first
        pass


def ask(source):
    """Return 1 when a whole call succeeds."""
    return sum(source.instant("vector(1)", 0, 10.0).values())


def test_a_token_is_fetched_once_and_anew_after_it_was_refused(url, listening, tmp_path):
    """Calls carry it; one that is answered 401 is the last one of its token."""
    (tmp_path / "secret").write_text("word")
    handler = type("Fresh", (Tokens,), {})
    tokens = f"http://127.0.0.1:{listening(http.server.ThreadingHTTPServer, handler)}/token"
    with FaultProxy(url) as proxy:
        source = Source(Endpoint(proxy.url, oauth2=OAuth2("me", tmp_path / "secret", tokens)))
        assert [ask(source), ask(source)] == [1.0, 1.0]
        proxy.fault = answers(401)
        with pytest.raises(SourceDown, match="oauth2"):
            ask(source)
        proxy.fault = honest
        assert ask(source) == 1.0
        source.close()
    sent = [headers["Authorization"] for _, _, headers in proxy.requests]
    assert sent == ["Bearer token1"] * 3 + ["Bearer token2"]


def test_a_server_that_only_a_proxy_can_reach_is_read(url):
    """The name means nothing here; the proxy gets the whole address."""
    with FaultProxy(url) as proxy:
        source = Source(Endpoint("http://prometheus.invalid:9090", proxy_url=proxy.url))
        assert ask(source) == 1.0
        source.close()
    assert proxy.requests[0][1].startswith("http://prometheus.invalid:9090/api/v1/query")


def test_tls_goes_through_a_tunnel_and_proves_the_server_as_ever(url, listening, tmp_path):
    """The proxy sees an address and bytes; a certificate of the wrong authority is refused behind it too."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    handler = type("Fresh", (Tunnel,), {})
    way = f"http://127.0.0.1:{listening(socketserver.ThreadingTCPServer, handler)}"
    with FaultProxy(url, authority_policy(authority)) as server:
        source = Source(Endpoint(server.url, tls_config=TLS(ca_file=tmp_path / "ca.pem"), proxy_url=way))
        assert ask(source) == 1.0
        source.close()
        strange = Source(Endpoint(server.url, tls_config=TLS(ca_file=tmp_path / "other.pem"), proxy_url=way))
        with pytest.raises(SourceDown, match="TLS failed"):
            ask(strange)
        strange.close()
    assert set(handler.asked) == {("CONNECT", server.url.removeprefix("https://"))}


def authority_policy(authority):
    """Return the TLS policy of a server with a certificate of an authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context
